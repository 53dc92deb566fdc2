"""Small files that describe the running kernel: they need to survive a crash, but no power cut."""

from pathlib import Path


def replace(path: Path, text: str) -> None:
    """Write `text` so that a reader sees the old or the new whole; for one writer at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    new.chmod(0o644)  # dnsmasq gives up root
    new.replace(path)


def read(path: Path) -> str:
    """The file's text; empty when there is no such file."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
