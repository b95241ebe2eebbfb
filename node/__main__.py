"""`comity`, or `python -m node`: argv → settings → run."""

from node.cli import cli


def main() -> None:
    """The entry point of the command `comity`."""
    cli.main(prog_name="comity")


if __name__ == "__main__":
    main()
