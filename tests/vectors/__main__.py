"""Write all of `protocol/vectors` anew: `python -m tests.vectors`.

Vectors are a promise to other implementations. A difference after this is a change of the
protocol, and is to be argued for as one.
"""

from tests.vectors.files import FOLDER, MAKERS, text_of


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    for name in MAKERS:
        (FOLDER / name).write_text(text_of(name), "ascii")


if __name__ == "__main__":
    main()
