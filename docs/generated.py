"""Writing generated source pages: only what changed, and nothing left behind from an earlier build."""

from collections.abc import Mapping
from pathlib import Path


def write_pages(folder: Path, pages: Mapping[str, bytes]) -> None:
    """Make `folder` hold exactly these files; unchanged ones keep their time, so that they are not built again."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.name not in pages:
            old.unlink()
    for name, content in pages.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
