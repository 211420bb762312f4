"""Every claim, one file a family; a new claim is exported by one line here."""

import difflib
from types import MappingProxyType

from w2s_theory.catalogue import calibration, gain, generalization, lemmas, robustness
from w2s_theory.claim import Claim
from w2s_theory.errors import InputError

CLAIMS: tuple[Claim, ...] = (
    lemmas.pinsker,
    lemmas.bretagnolle_huber,
    lemmas.sharp_pinsker,
    lemmas.donsker_varadhan,
    lemmas.hoeffding_lemma,
    lemmas.data_processing,
    lemmas.three_point,
    lemmas.hellinger_tv_lower,
    lemmas.hellinger_tv_upper,
    lemmas.floored_log_ratio,
    lemmas.smooth_below_marginal,
    generalization.generalization_forward,
    generalization.generalization_reverse,
    generalization.generalization_naive,
    generalization.generalization_uniform_envelope,
    generalization.generalization_instance_envelope,
    generalization.generalization_label_free,
    generalization.generalization_squared,
    generalization.risk_decomposition,
    calibration.calibration_score_sufficient,
    calibration.calibration_common_conditioning,
    calibration.calibration_smooth,
    calibration.calibration_sharp,
    calibration.calibration_sharp_common,
    calibration.calibration_sharp_smooth,
    calibration.calibration_score_conditional,
    calibration.calibration_binned,
    calibration.risk_controls_calibration,
    calibration.calibration_refinement,
    *gain.TABLE,
    gain.gain_squared,
    gain.gain_bregman,
    gain.gain_bregman_dual,
    robustness.gain_misspecified,
    robustness.gain_suboptimal,
    robustness.gain_finite_sample,
    robustness.gain_mixture_of_r,
    robustness.gain_squared_misspecified,
    robustness.gain_posterior_mean,
)

CATALOGUE = MappingProxyType({claim.id: claim for claim in CLAIMS})


def find_claim(given: str | Claim) -> Claim:
    """The claim with that id, or a claim of your own as it is.

    `InputError` naming the nearest ids if there is none; or if your own claim has the id of one in the catalogue,
    since what is known of that one would be said of yours.
    """
    if isinstance(given, Claim):
        if CATALOGUE.get(given.id, given) is not given:
            raise InputError(f"claim id {given.id!r} is taken by the catalogue: give your own claim another name")
        return given
    if given in CATALOGUE:
        return CATALOGUE[given]
    near = difflib.get_close_matches(given, CATALOGUE, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; `w2s-theory list` shows the known ids"
    raise InputError(f"unknown claim id {given!r}{hint}")
