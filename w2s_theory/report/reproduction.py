"""The main job: verify the catalogue, run the experiments, draw every figure, write the pages."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s_theory.catalogue import CLAIMS, find_claim
from w2s_theory.claim import Claim
from w2s_theory.errors import InputError
from w2s_theory.experiments.simulation import EXPERIMENTS, simulate
from w2s_theory.report.explorer.assembly import write_explorer
from w2s_theory.report.figures import FIGURES, FigureContext, render
from w2s_theory.report.page import write_page
from w2s_theory.report.rows import sweep_json
from w2s_theory.verification.compiled_code import forget_compiled_code
from w2s_theory.verification.sweep import SweepRow, sweep

EXPLORER = "explorer"
"""What `only` calls the page on which a truth, a teacher and a student are dragged."""


@dataclass(frozen=True)
class Reproduction:
    """What was checked, and the files that were written."""

    rows: Sequence[SweepRow]
    written: Sequence[Path]

    @property
    def passed(self) -> bool:
        """Whether every claim came out as its status promises."""
        return all(row.passed for row in self.rows)


def reproduce(
    out: str | Path = "figures",
    *,
    only: str | None = None,
    quick: bool = False,
    seed: int = 0,
    progress: Callable[[str, float], Any] | None = None,
) -> Reproduction:
    """Verify, simulate and draw into the folder `out`; the pages are `out/index.html` and `out/explorer.html`.

    `only` draws one figure from the claims and experiments it needs, or writes the explorer, and leaves the rest
    alone.  `quick` takes 1,000 instances a claim instead of 10,000 and smaller experiments, and the page says so.
    `progress(stage, fraction)` is told how far each stage is.  `InputError` for an unknown figure, a negative seed or a
    folder that cannot be written.
    """
    known = [*(figure.name for figure in FIGURES), EXPLORER]
    if only is not None and only not in known:
        raise InputError(f"unknown figure {only!r}; known: {', '.join(known)}")
    if seed < 0:
        raise InputError(f"--seed {seed} is negative")
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InputError(f"{folder}: the folder cannot be made: {problem.strerror}") from None
    if only == EXPLORER:
        return Reproduction((), [_explorer(folder)])
    tell = progress or (lambda stage, fraction: None)

    wanted = [figure for figure in FIGURES if only in (None, figure.name)]
    instances = 1_000 if quick else 10_000
    claims = CLAIMS if only is None else tuple(map(find_claim, wanted[0].sweep))
    rows = _verified(claims, instances, seed, tell)
    forget_compiled_code()  # compiled claims are not needed again: a fifth less peak memory
    needed = [name for name in EXPERIMENTS if any(name in figure.uses for figure in wanted)]
    runs = {name: simulate(name, seed=seed, quick=quick, progress=tell) for name in needed}
    context = FigureContext(seed=seed, quick=quick, runs=runs, rows=rows)
    written: list[Path] = []
    for number, figure in enumerate(wanted):
        tell("drawing", number / len(wanted))
        written += render(figure, figure.prepare(context), folder)
    if only is None:
        settings = {"instances": instances, "seed": seed, "quick": quick}
        table = folder / "verification.json"
        table.write_text(json.dumps(settings | sweep_json(rows), indent=1, allow_nan=False) + "\n", encoding="utf-8")
        written += [table, write_page(folder, rows, FIGURES, settings), _explorer(folder)]
    tell("drawing", 1.0)
    return Reproduction(rows, written)


def _explorer(folder: Path) -> Path:
    try:
        return write_explorer(folder)
    except OSError as problem:
        raise InputError(f"{folder}: the explorer cannot be written: {problem.strerror}") from None


def _verified(claims: Sequence[Claim], instances: int, seed: int, tell: Callable[[str, float], Any]) -> list[SweepRow]:
    done: list[str] = []

    def on_row(row: SweepRow) -> None:
        done.append(row.id)
        tell("verifying", len(done) / len(claims))

    return sweep(claims, instances, seed, on_row)
