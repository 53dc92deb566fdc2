"""`just regenerate`: rewrite the generated pages; read the diff."""

import os

from tests import references

if __name__ == "__main__":
    os.environ["COLUMNS"] = "100"  # argparse wraps its help to the terminal
    references.FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in references.PAGES.items():
        (references.FOLDER / name).write_text(make())
        print(f"docs/reference/{name}")
