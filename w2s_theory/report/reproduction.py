"""The main job: verify the catalogue, run the experiments, draw every figure, write the page."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax

from w2s_theory.catalogue import CLAIMS
from w2s_theory.errors import InputError
from w2s_theory.experiments.bound_scatter import bound_scatter
from w2s_theory.report.figures import FIGURES, FigureContext, render
from w2s_theory.report.page import write_page
from w2s_theory.report.rows import sweep_json
from w2s_theory.verification.sweep import SweepRow, sweep


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
    """Verify, simulate and draw into the folder `out`; the page is `out/index.html`.

    `only` draws one figure and leaves the page alone; a figure that needs neither the sweep nor the trained models
    is drawn without them.  `quick` takes 1,000 instances a claim instead of 10,000 and a smaller experiment, and the
    page says so.  `progress(stage, fraction)` is told how far each stage is.  `InputError` for an unknown figure, a
    negative seed or a folder that cannot be written.
    """
    known = [figure.name for figure in FIGURES]
    if only is not None and only not in known:
        raise InputError(f"unknown figure {only!r}; known: {', '.join(known)}")
    if seed < 0:
        raise InputError(f"--seed {seed} is negative")
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InputError(f"{folder}: the folder cannot be made: {problem.strerror}") from None
    tell = progress or (lambda stage, fraction: None)

    wanted = [figure for figure in FIGURES if only in (None, figure.name)]
    instances = 1_000 if quick else 10_000
    rows: Sequence[SweepRow] = ()
    scatter: Mapping[str, Any] = {}
    if only is None or wanted[0].uses_runs:
        rows = _verified(instances, seed, tell)
        jax.clear_caches()  # compiled claims are not needed again: a fifth less peak memory
        scatter = bound_scatter(seed=seed, quick=quick, progress=tell)
    context = FigureContext(seed=seed, quick=quick, bound_scatter=scatter, rows=rows)
    written: list[Path] = []
    for number, figure in enumerate(wanted):
        tell("drawing", number / len(wanted))
        written += render(figure, figure.prepare(context), folder)
    if only is None:
        settings = {"instances": instances, "seed": seed, "quick": quick}
        table = folder / "verification.json"
        table.write_text(json.dumps(settings | sweep_json(rows), indent=1, allow_nan=False) + "\n", encoding="utf-8")
        written += [table, write_page(folder, rows, FIGURES, settings)]
    tell("drawing", 1.0)
    return Reproduction(rows, written)


def _verified(instances: int, seed: int, tell: Callable[[str, float], Any]) -> list[SweepRow]:
    done: list[str] = []

    def on_row(row: SweepRow) -> None:
        done.append(row.id)
        tell("verifying", len(done) / len(CLAIMS))

    return sweep(CLAIMS, instances, seed, on_row)
