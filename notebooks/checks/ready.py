"""The first thing a notebook asks: is everything installed that it needs?  Imports nothing but Python itself."""

from importlib.util import find_spec

MODULES = {"notebooks": "ipywidgets", "data": "sklearn", "audit": "pyarrow"}
"""For each extra of the package a module that comes with it."""


class MissingExtraError(ImportError):
    """Something is not installed; notebooks show the sentence alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def ready(*extras: str) -> None:
    """`MissingExtraError`, with the command to install it all, unless the package and these extras are installed."""
    wanted = {"the package": "w2s_theory"} | {
        f"the extra {extra!r}": MODULES[extra] for extra in extras
    }
    missing = [name for name, module in wanted.items() if find_spec(module) is None]
    if missing:
        command = (
            f"pip install 'w2s-theory[{','.join(extras)}]'" if extras else "pip install w2s-theory"
        )
        raise MissingExtraError(
            f"This notebook needs {' and '.join(missing)}: {command}, then restart the kernel."
        )
