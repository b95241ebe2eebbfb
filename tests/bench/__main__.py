"""Print the tables: `python -m tests.bench`, less than a minute."""

from tests.bench import private_check, voprf_steps

if __name__ == "__main__":
    for part in (voprf_steps, private_check):
        print(part.report(), end="\n\n", flush=True)  # noqa: T201 - this is what it is for
