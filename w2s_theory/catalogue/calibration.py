"""How far can the strong model's calibration error be from the weak model's? (theory section 4)

The same inequality holds or fails with what calibration is conditioned on, so each reading is a claim of its own.
"""

import jax.numpy as jnp
import numpy as np

from w2s_theory._types import Array
from w2s_theory.catalogue.domains import binary
from w2s_theory.claim import Cite, Eq, Leq, Status, claim
from w2s_theory.functionals.calibration import (
    equal_width_calibration_error,
    marginal_calibration_error,
    truth_given_row,
)
from w2s_theory.functionals.joint_range import bretagnolle_huber_bound, sharp_pinsker_tv
from w2s_theory.functionals.risks import disagreement
from w2s_theory.functionals.smooth_calibration import smooth_calibration_error
from w2s_theory.instance import Instance, Role, common_partition, score_sufficient
from w2s_theory.worlds.extremal import ExtremalPairs, extremal_instance
from w2s_theory.worlds.gaussian_mixture import GaussianMixture
from w2s_theory.worlds.separating import SeparatingTables
from w2s_theory.worlds.tables import FlooredTables
from w2s_theory.worlds.tied import PartitionedTables, TiedTables

_YAO = Cite("yao2025understanding", "calibration bound")
_HERE = Cite("w2stheory", "section 4")
_SMOOTH = Cite("blasiok2023unifying", "smooth calibration")
_SEPARATING = (SeparatingTables(4, 3), ExtremalPairs())
_PARTITIONED = (PartitionedTables(4, 3), TiedTables(4, 2), GaussianMixture())
_BINARY = (FlooredTables(4, 2), TiedTables(4, 2), GaussianMixture(17 * 17))
_MERGING = (TiedTables(4, 2), TiedTables(3, 3))


def _forward(i: Instance) -> Array:
    return disagreement(i.weights, *i.pair("weak", "strong"))


def _paper_bound(i: Instance) -> Array:
    return 2.0 * bretagnolle_huber_bound(_forward(i))


def _sharp_bound(i: Instance) -> Array:
    return 2.0 * sharp_pinsker_tv(_forward(i))


def _score_conditional(i: Instance, role: Role) -> Array:
    supplied = i.score_conditional_truth(role)
    return marginal_calibration_error(i.weights, i.truth, i.table(role), conditional_truth=supplied)


def _common(i: Instance, role: Role) -> Array:
    return marginal_calibration_error(i.weights, i.truth, i.table(role), groups=i.partition(role))


def _smooth(i: Instance, role: Role) -> Array:
    return smooth_calibration_error(i.weights, i.truth, i.table(role))


def _binned(i: Instance, role: Role) -> Array:
    i.require_finite_table(f"the binned calibration error of the {role} model")
    return equal_width_calibration_error(i.weights, i.truth, i.table(role), bins=15)


def _difference(weak: Array, strong: Array, bound: Array) -> Leq:
    return Leq(jnp.abs(strong - weak), bound, scale=2.0)


def _far_student(h: float) -> Instance:
    """A perfect teacher and a student at the opposite vertex, both almost one-hot."""
    weak, strong = np.array([[1 - h, h]]), np.array([[h, 1 - h]])
    return Instance(np.ones(1), weak, weak, strong, floor=np.asarray(h))


@claim(
    cite=_YAO,
    status=Status.proved,
    worlds=_SEPARATING,
    assumes=(score_sufficient,),
    witness=_far_student,
    either_direction=True,
)
def calibration_score_sufficient(i: Instance) -> Leq:
    r"""$|\mathrm{MCE}(F_{sw})-\mathrm{MCE}(F_w)|\le2\sqrt{1-e^{-d}}$ where every score determines the truth."""
    return _difference(_score_conditional(i, "weak"), _score_conditional(i, "strong"), _paper_bound(i))


@claim(
    cite=_YAO,
    status=Status.proved,
    worlds=_PARTITIONED,
    assumes=(common_partition,),
    witness=_far_student,
    either_direction=True,
)
def calibration_common_conditioning(i: Instance) -> Leq:
    r"""$|\mathrm{MCE}_G(F_{sw})-\mathrm{MCE}_G(F_w)|\le2\sqrt{1-e^{-d}}$ for one partition G of the inputs."""
    return _difference(_common(i, "weak"), _common(i, "strong"), _paper_bound(i))


@claim(cite=_SMOOTH, status=Status.proved, worlds=_BINARY, domain=(binary,), either_direction=True)
def calibration_smooth(i: Instance) -> Leq:
    r"""$|\mathrm{smCE}(F_{sw})-\mathrm{smCE}(F_w)|\le2\sqrt{1-e^{-d}}$ for two classes."""
    return _difference(_smooth(i, "weak"), _smooth(i, "strong"), _paper_bound(i))


@claim(
    cite=_HERE,
    status=Status.proved,
    worlds=_SEPARATING,
    assumes=(score_sufficient,),
    witness=lambda h: extremal_instance(1.0),
    either_direction=True,
)
def calibration_sharp(i: Instance) -> Leq:
    r"""$|\mathrm{MCE}(F_{sw})-\mathrm{MCE}(F_w)|\le2V^*(d)$ where every score determines the truth."""
    return _difference(_score_conditional(i, "weak"), _score_conditional(i, "strong"), _sharp_bound(i))


@claim(
    cite=_HERE,
    status=Status.proved,
    worlds=_PARTITIONED,
    assumes=(common_partition,),
    witness=lambda h: extremal_instance(1.0),
    either_direction=True,
)
def calibration_sharp_common(i: Instance) -> Leq:
    r"""$|\mathrm{MCE}_G(F_{sw})-\mathrm{MCE}_G(F_w)|\le2V^*(d)$ for one partition G of the inputs."""
    return _difference(_common(i, "weak"), _common(i, "strong"), _sharp_bound(i))


@claim(cite=_HERE, status=Status.proved, worlds=_BINARY, domain=(binary,), either_direction=True)
def calibration_sharp_smooth(i: Instance) -> Leq:
    r"""$|\mathrm{smCE}(F_{sw})-\mathrm{smCE}(F_w)|\le2V^*(d)$ for two classes."""
    return _difference(_smooth(i, "weak"), _smooth(i, "strong"), _sharp_bound(i))


@claim(cite=_YAO, status=Status.refuted, worlds=_MERGING)
def calibration_score_conditional(i: Instance) -> Leq:
    r"""$|\mathrm{MCE}(F_{sw})-\mathrm{MCE}(F_w)|\le2\sqrt{1-e^{-d}}$ for MCE conditioned on the score, always."""
    return _difference(_score_conditional(i, "weak"), _score_conditional(i, "strong"), _paper_bound(i))


@claim(cite=_YAO, status=Status.refuted, worlds=_MERGING)
def calibration_binned(i: Instance) -> Leq:
    r"""$|\mathrm{MCE}_{15}(F_{sw})-\mathrm{MCE}_{15}(F_w)|\le2\sqrt{1-e^{-d}}$ for 15 bins (lo, hi] of equal width."""
    return _difference(_binned(i, "weak"), _binned(i, "strong"), _paper_bound(i))


@claim(
    cite=_HERE,
    status=Status.proved,
    worlds=(TiedTables(4, 3), ExtremalPairs(), GaussianMixture()),
    witness=lambda h: extremal_instance(1.0),
    sweep="risk",
    either_direction=True,
)
def risk_controls_calibration(i: Instance) -> Leq:
    r"""$\mathrm{MCE}(F_{sw})\le2V^*(L(F_{sw}))$."""
    bound = 2.0 * sharp_pinsker_tv(disagreement(i.weights, *i.pair("truth", "strong")))
    return Leq(_score_conditional(i, "strong"), bound, scale=2.0)


@claim(
    cite=Cite("brocker2009reliability", "decomposition into reliability and refinement"),
    status=Status.proved,
    worlds=(TiedTables(4, 3), FlooredTables(4, 3), GaussianMixture()),
    sweep="risk",
)
def calibration_refinement(i: Instance) -> Eq:
    r"""$L(F_{sw})=\mathbb E\,\mathrm{KL}(C\|F_{sw})+\mathbb E\,\mathrm{KL}(F^*\|C)$, $C=\mathbb E[F^*\mid F_{sw}]$."""
    supplied = i.conditioning and i.conditioning.strong_row
    if supplied is None:
        i.require_finite_table("the truth given the strong model's row")
    given_row = truth_given_row(i.weights, i.truth, i.strong) if supplied is None else supplied
    reliability = disagreement(i.weights, given_row, i.strong)
    return Eq(
        disagreement(i.weights, *i.pair("truth", "strong")), reliability + disagreement(i.weights, i.truth, given_row)
    )
