"""Run-time checks of every annotated type of the package, and of the shapes of arrays where axes have names."""

import re
from pathlib import Path

from beartype import BeartypeConf, BeartypeDecorPlace, beartype
from beartype.claw import beartype_package
from jaxtyping import install_import_hook

_PACKAGE = Path(__file__).parents[1] / "w2s_theory"
_NAMES_AXES = re.compile(r"^from w2s_theory\._types import (?!Array$)", re.MULTILINE)
_UNKNOWN_WHEN_IT_RUNS = re.compile(r"^if TYPE_CHECKING:|^import optax", re.MULTILINE)
_CONFIGURATION = BeartypeConf(is_random=False, claw_decor_place_func=BeartypeDecorPlace.FIRST)

checked = beartype(conf=_CONFIGURATION)


def check_types() -> None:
    """Check what is imported from now on.

    jaxtyping remembers what axes are called, which costs more than many a function does: beartype alone where none is,
    and where it can look up every type.
    """
    sources = {module: module.read_text(encoding="utf-8") for module in _PACKAGE.rglob("*.py")}
    by_jaxtyping = [
        ".".join(module.relative_to(_PACKAGE.parent).with_suffix("").parts)
        for module, source in sources.items()
        if _NAMES_AXES.search(source) or _UNKNOWN_WHEN_IT_RUNS.search(source)
    ]
    install_import_hook(by_jaxtyping, f"{__name__}.checked")
    beartype_package("w2s_theory", conf=_CONFIGURATION)
