import pytest

SMALL = """
instances = 32
seeds = 30
[[claims]]
ids = ["pinsker"]
world = "FlooredTables"
inputs = [1, 2]
classes = 2
[[claims]]
ids = ["hellinger-tv-lower"]
"""


@pytest.fixture
def specification(tmp_path):
    """Write a sweep file and return its path."""

    def write(text=SMALL):
        path = tmp_path / "sweep.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
