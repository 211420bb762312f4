"""How fast a student approaches the ideal gain as its sample or its mixture grows, beside what is proved."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from w2s_theory.catalogue.robustness import log_span
from w2s_theory.experiments.records import rounded
from w2s_theory.report.figures import style
from w2s_theory.report.figures.figure import FigureContext
from w2s_theory.report.figures.wording import in_words

SAMPLE_CLAIMS = ("gain-finite-sample", "gain-suboptimal")
MIXTURE_CLAIMS = ("gain-mixture-of-r", "gain-suboptimal")


def prepare_sample_size(context: FigureContext) -> dict[str, Any]:
    """Excess and shortfall of students trained on n inputs, and the bounds on both."""
    run = context.runs["sample-size"]
    curves, settings = run["curves"], run["settings"]
    samples = settings["problems"] * settings["seeds"] * settings["replications"]
    facts = [
        f"At n = {curves['n'][-1]:,} the excess is {in_words(curves['excess'][-1])} nats where the bound allows "
        f"{in_words(curves['bound'][-1])}.",
        f"Samples whose excess is above the bound: {sum(curves['above_bound'])} of "
        f"{samples * len(curves['n']):,} (the claim allows {settings['delta']:.0%} of each size).",
        *_slope_facts(run["slopes"], "excess", "shortfall"),
        _vacuous(curves["n"], curves["bound"], settings),
    ]
    series = [
        _series("excess", "observed excess, 95 % quantile over samples", run, "excess", "excess_low", "excess_high"),
        _series("bound", "bound on it", run, "bound"),
        _series("shortfall", "observed mean shortfall $\\tau$ of the objective", run, "shortfall"),
        _series("proved", "bound on $\\tau$", run, "shortfall_bound"),
    ]
    return _data("sample-size", context.seed, facts, run, ("n", "inputs trained on, $n$"), series)


def prepare_mixture_of_r(context: FigureContext) -> dict[str, Any]:
    """Largest excess and shortfall of the best mixtures of r models, and the bounds on both."""
    run = context.runs["mixture-of-r"]
    curves = run["curves"]
    facts = [
        f"At r = {curves['r'][-1]} the best of {curves['mixtures'][-1]:,} mixtures has an excess of at most "
        f"{in_words(curves['excess_high'][-1])} nats, where the bound allows {in_words(curves['bound'][-1])}.",
        *_slope_facts(run["slopes"], "excess_high", "shortfall_high"),
    ]
    series = [
        _series("excess", "largest observed excess", run, "excess_high"),
        _series("bound", "bound on it", run, "bound"),
        _series("shortfall", "largest observed shortfall $\\tau$ of the objective", run, "shortfall_high"),
        _series("proved", "bound on $\\tau$", run, "shortfall_bound"),
    ]
    return _data("mixture-of-r", context.seed, facts, run, ("r", "models in the mixture, $r$"), series)


def _vacuous(sizes: list[int], bound: list[float], settings: Mapping[str, Any]) -> str:
    """How large n must be for the bound to say anything: below the largest log-ratio of two models."""
    span = float(log_span(settings["floor"], settings["classes"]))
    telling = [size for size, limit in zip(sizes, bound, strict=True) if limit < span]
    beyond = f"from n = {telling[0]:,} on" if telling else "at no n drawn here"
    return f"The bound is below {span:.2f} nats, which no risk difference exceeds at this floor, {beyond}."


def _slope_facts(slopes: Mapping[str, Any], excess: str, shortfall: str) -> list[str]:
    def at(name: str) -> str:
        return f"{slopes[name]:.2f}".replace("-", "−")

    return [
        f"Fitted slopes: excess {at(excess)} against {at('bound')} of its bound; shortfall {at(shortfall)} against "
        f"{at('shortfall_bound')}."
    ]


def _series(role: str, label: str, run: Mapping[str, Any], name: str, *edges: str) -> dict[str, Any]:
    band = {"low": run["curves"][edges[0]], "high": run["curves"][edges[1]]} if edges else {}
    return {"role": role, "label": label, "values": run["curves"][name], "slope": run["slopes"][name]} | band


def _data(
    figure: str,
    seed: int,
    facts: list[str],
    run: Mapping[str, Any],
    axis: tuple[str, str],
    series: list[dict[str, Any]],
) -> dict[str, Any]:
    return rounded(
        {
            "figure": figure,
            "seed": seed,
            "facts": facts,
            "settings": run["settings"],
            "curves": run["curves"],
            "axis": {"values": run["curves"][axis[0]], "label": axis[1]},
            "series": series,
        }
    )


_LOOKS = {
    "excess": {"color": style.BLUE, "marker": "o"},
    "bound": {"color": style.BLUE, "linestyle": (0, (5, 2))},
    "shortfall": {"color": style.GREEN, "marker": "^"},
    "proved": {"color": style.GREEN, "linestyle": (0, (1, 1.2))},
}


def draw_rates(canvas: Canvas, data: Mapping[str, Any]) -> None:
    """Excess, shortfall and their bounds, both axes logarithmic, each with its fitted slope."""
    axes = canvas.add_subplot(xscale="log", yscale="log")
    axis = np.asarray(data["axis"]["values"], float)
    lowest = min(value for one in data["series"] for value in one["values"] if value and value > 0)
    for one in data["series"]:
        values = np.array([np.nan if v is None or v <= 0 else v for v in one["values"]])
        slope = "" if one["slope"] is None else f"  (slope {one['slope']:.2f})".replace("-", "−")
        axes.plot(axis, values, label=one["label"] + slope, markersize=4.5, **_LOOKS[one["role"]])
        if "low" in one:
            low, high = (np.maximum(np.asarray(one[edge], float), 0.5 * lowest) for edge in ("low", "high"))
            axes.fill_between(axis, low, high, color=_LOOKS[one["role"]]["color"], alpha=0.13, linewidth=0)
    axes.set_ylim(0.5 * lowest, None)
    powers = 2.0 ** np.arange(0, 15, 1 if axis[-1] < 100 else 2)
    shown = powers[(powers >= axis[0]) & (powers <= axis[-1])]
    axes.set_xticks(shown, [f"{value:,.0f}" for value in shown])
    axes.minorticks_off()
    axes.set_xlabel(data["axis"]["label"])
    axes.set_ylabel("nats")
    canvas.legend(loc="outside upper center", ncols=1)
