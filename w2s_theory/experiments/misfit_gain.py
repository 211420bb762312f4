"""`misfit-gain`: does the student gain at least its misfit? The papers' synthetic experiment, in every direction."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from w2s_theory.errors import InputError
from w2s_theory.experiments import misfit_design as design_of
from w2s_theory.experiments.misfit_design import PANELS, VARIANTS, MisfitDesign, Panel, misfit_design
from w2s_theory.experiments.misfit_panels import measured, merged, thinned
from w2s_theory.experiments.misfit_representations import (
    DEPTHS,
    Representations,
    perturbed_representations,
    pretrained_network,
    pretraining_tasks,
    realizable_representations,
    true_network,
)
from w2s_theory.experiments.misfit_tasks import (
    Fitted,
    NewTasks,
    draw_tasks,
    fit_by_adam,
    fit_least_squares,
    fit_mixtures,
    fit_softmax_heads,
)
from w2s_theory.experiments.records import check_seeds, rounded
from w2s_theory.experiments.replicates import Tell, of_seeds, told
from w2s_theory.predictors.relu_network import ReluNetwork
from w2s_theory.processes import Spread
from w2s_theory.training.minibatches import batches_per_epoch
from w2s_theory.training.pretraining import Schedule

_TRUTH, _TASKS, _NOISE, _PRETRAINING = range(4)  # streams of random numbers, one a purpose


def misfit_gain(
    seed: int = 0,
    seeds: int = 1,
    quick: bool = False,
    progress: Callable[[str, float], None] | None = None,
    student_inputs: str = "same",
    spread: Spread | None = None,
) -> dict[str, Any]:
    r"""Gain against misfit of students on frozen representations, 100 tasks a seed (quick: 20), six panels a variant.

    Representations are rectified networks of 16 units a layer on inputs from N(0, 500² I₈): h* has 5 layers, the
    student's 8 (or those of h*), the teacher's 2 (or those of h*).  Variants: `realizable`, `perturbed` and
    `pretrained`, the last trained by 630,000 steps of AdamW on ten tasks with frozen heads.  On each new task a
    teacher is fitted to the truth and a student to the teacher, by squared loss, by reverse and by forward KL.
    Gain and misfit are those of the theory's section 5: exact on the 2,000 training inputs, with the optimality
    residual and rounding as error; and on 2,000 fresh inputs with 95 % intervals by the central limit theorem.
    `student_inputs`: the student learns on the teacher's inputs (`same`), or on `fresh` ones.

    Returns a dictionary that JSON can hold: `settings`, `pretraining`, `variants` and `overview`.  `InputError` for a
    negative seed, `seeds` below one or another word for `student_inputs`.
    """
    check_seeds("misfit-gain", seed, seeds)
    if student_inputs not in ("same", "fresh"):
        raise InputError(f"student inputs are same or fresh, not {student_inputs!r}")
    one = partial(_replicate, seed=seed, quick=quick, student_inputs=student_inputs)
    runs = list(of_seeds(one, seeds, spread, told(progress, "misfit and gain")))
    variants = {
        variant: {panel.id: _of_panel(panel, [run["variants"][variant][panel.id] for run in runs]) for panel in PANELS}
        for variant in VARIANTS
    }
    settings = _settings(misfit_design(quick), student_inputs) | {"seed": seed, "seeds": seeds, "quick": quick}
    return rounded(
        {
            "experiment": "misfit-gain",
            "settings": settings,
            "pretraining": [run["pretraining"] for run in runs],
            "variants": variants,
            "overview": _overview(variants, settings),
        }
    )


def misfit_panel(
    identifier: str, variants: Sequence[str] = ("realizable", "perturbed"), *, seed: int = 0, quick: bool = False
) -> dict[str, Any]:
    """One panel of `misfit-gain` on representations that need no pretraining, from the same draws of that seed.

    Returns `panel`, the identifier, and `variants` with a record each.  `InputError` for an unknown panel, another
    variant than realizable or perturbed, or a negative seed.
    """
    check_seeds("misfit-gain", seed, 1)
    known = {panel.id: panel for panel in PANELS}
    if identifier not in known:
        raise InputError(f"unknown panel {identifier!r}; known: {', '.join(known)}")
    design, tasks, networks = _untrained([seed, 0], quick, "same")
    for variant in variants:
        if variant not in networks:
            raise InputError(f"variant {variant!r} is not one of {', '.join(networks)}")
    panel = known[identifier]
    made = {
        variant: _of_panel(panel, [measured(panel, _fitted(panel, networks[variant], tasks, design))])
        for variant in variants
    }
    return rounded({"panel": identifier, "variants": made})


def _of_panel(panel: Panel, records: list[dict[str, Any]]) -> dict[str, Any]:
    """What a panel is, and what its seeds found."""
    what = {"title": panel.title, "trained": panel.trained, "class": panel.family, "judged": panel.judged}
    return {**what, "cell": panel.cell, "proved": panel.proved, **merged(records)}


def _untrained(
    seed: list[int], quick: bool, student_inputs: str
) -> tuple[MisfitDesign, NewTasks, dict[str, Representations]]:
    """Sizes, tasks, and the representations of the variants without pretraining."""
    design, truth = misfit_design(quick), _truth(seed)
    noise = np.random.default_rng([*seed, _NOISE])
    networks = {
        "realizable": realizable_representations(noise, truth),
        "perturbed": perturbed_representations(noise, truth),
    }
    return design, draw_tasks(np.random.default_rng([*seed, _TASKS]), design, student_inputs), networks


def _truth(seed: list[int]) -> ReluNetwork:
    return true_network(np.random.default_rng([*seed, _TRUTH]))


def _replicate(replicate: int, *, tell: Tell, seed: int, quick: bool, student_inputs: str) -> dict[str, Any]:
    seeds = [seed, replicate]
    design, tasks, networks = _untrained(seeds, quick, student_inputs)
    variants = {}
    for number, (variant, given) in enumerate(networks.items()):
        variants[variant] = _panels(given, tasks, design)
        tell(0.1 * (number + 1))
    pretrained, losses = _pretrained(seeds, _truth(seeds), design, lambda fraction: tell(0.2 + 0.7 * fraction))
    variants["pretrained"] = _panels(pretrained, tasks, design)
    tell(1.0)
    return {"variants": variants, "pretraining": losses}


def _pretrained(
    seed: list[int], truth: ReluNetwork, design: MisfitDesign, tell: Tell
) -> tuple[Representations, dict[str, Any]]:
    """Both representations, trained on the same tasks, side by side."""
    given = pretraining_tasks(np.random.default_rng([*seed, _PRETRAINING]), truth, design)
    with ThreadPoolExecutor(max_workers=2) as pool:
        running = {
            role: pool.submit(
                pretrained_network,
                np.random.default_rng([*seed, _PRETRAINING, depth]),
                depth,
                given,
                design,
                tell if role == "strong" else lambda fraction: None,
            )
            for role, depth in DEPTHS
        }
        made = {role: future.result() for role, future in running.items()}
    curves = {role: thinned(trained.losses) for role, trained in made.items()}
    return Representations(truth, made["strong"].network, made["weak"].network), curves


def _fitted(panel: Panel, networks: Representations, tasks: NewTasks, design: MisfitDesign) -> Fitted:
    match panel.id:
        case "squared-least-squares":
            return fit_least_squares(networks, tasks)
        case "squared-adam":
            return fit_by_adam(networks, tasks, design)
        case "reverse-mixture":
            return fit_mixtures(networks, tasks, "reverse-hull")
        case "forward-mixture":
            return fit_mixtures(networks, tasks, "forward-hull")
        case _:
            return fit_softmax_heads(networks, tasks)


def _panels(networks: Representations, tasks: NewTasks, design: MisfitDesign) -> dict[str, Any]:
    """Every panel's record; those of softmax heads, which differ in how they are judged, from the same fit."""
    fits: dict[str, Fitted] = {}
    made = {}
    for panel in PANELS:
        family = panel.family if panel.family.startswith("softmax") else panel.id
        if family not in fits:
            fits[family] = _fitted(panel, networks, tasks, design)
        made[panel.id] = measured(panel, fits[family])
    return made


def _settings(design: MisfitDesign, student_inputs: str) -> dict[str, Any]:
    batches, adamw = batches_per_epoch(design.points, design_of.BATCH), Schedule()
    return {
        "inputs": f"N(0, {design_of.INPUT_SCALE:g}^2 I), {design_of.INPUTS} coordinates, shared by the tasks of a seed",
        "representations": f"rectified after every layer, {design_of.WIDTH} units a layer",
        "depth": {
            "truth": design_of.TRUTH_DEPTH,
            "strong": design_of.STRONG_DEPTH,
            "weak": design_of.WEAK_DEPTH,
        },
        "noise": {"strong (perturbed)": design_of.STRONG_NOISE, "weak": design_of.WEAK_NOISE},
        "tasks": design.tasks,
        "points": design.points,
        "fresh_points": design.fresh_points,
        "student_inputs": student_inputs,
        "pretraining": {
            "tasks": design.pretraining_tasks,
            "epochs": design.pretraining_epochs,
            "steps": design.pretraining_epochs * batches * design.pretraining_tasks,
            "optimiser": f"AdamW, learning rate {adamw.learning_rate:g}, weight decay {adamw.weight_decay:g}",
            "batch": design_of.BATCH,
        },
        "heads": {
            "least squares": "singular values below 1e-6 of the largest are dropped",
            "Adam": f"{design.head_epochs} epochs, batch {design_of.BATCH}, "
            f"learning rate {design_of.HEAD_LEARNING_RATE:g}, one order for all",
            "features": "divided by their root mean square on the inputs of training, and a constant",
        },
        "mixtures": {
            "features": f"(1 - {design_of.MIXTURE_FLOOR:g}) h / E h + {design_of.MIXTURE_FLOOR:g}, dead units 1",
            "truth": f"Dirichlet({design_of.MIXTURE_CONCENTRATION:g}) over the features of h*",
        },
        "softmax heads": {
            "classes": design_of.CLASSES,
            "radius": design_of.RADIUS,
            "truth": f"N(0, {design_of.HEAD_SCALE:g}^2) entries",
        },
        "precision": {"networks and Adam": "float32", "projections and evaluation": "float64"},
        "intervals": "95 %, central limit theorem on paired differences at the fresh inputs",
    }


def _overview(variants: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    rows = []
    for variant, panels in variants.items():
        for panel in panels.values():
            training, fresh = panel["training"], panel["fresh"]
            total = len(training["gain"])
            rows.append(
                [
                    variant,
                    panel["title"],
                    "yes" if panel["proved"] else "no",
                    f"{training['on_or_above']} of {total}",
                    f"{training['worse_than_teacher']} of {total}",
                    float(np.median(training["gain"])),
                    float(np.median(training["misfit"])),
                    f"{fresh['surely_below']} of {total}",
                ]
            )
    short = " (quick: short pretraining, few tasks)" if settings["quick"] else ""
    return {
        "title": f"misfit-gain{short}: gain against misfit on the training inputs, and on fresh ones",
        "columns": [
            "variant",
            "training and class",
            "theory: gain ≥ misfit if realizable",
            "on or above y = x",
            "worse than teacher",
            "median gain",
            "median misfit",
            "surely below, fresh",
        ],
        "rows": rows,
    }
