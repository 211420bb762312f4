"""Compute, check and try to break the bounds of weak-to-strong generalization.

Everything public is here, imported on first use: `import w2s_theory` alone loads neither JAX nor Matplotlib.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_EXPORTS = {
    "api": (
        "audit",
        "audit_example",
        "audit_files",
        "certify",
        "cite",
        "envelope",
        "evaluate",
        "falsify",
        "list_claims",
        "simulate",
        "sweep",
        "verify",
        "verify_by_rule",
        "verify_mutants",
    ),
    "report.reproduction": ("reproduce",),
    "report.figures.sheet": ("Sheet",),
    "report.figures.stored": ("stored_figure",),
    "bibliography": ("reference",),
    "auditing.audit_record": ("Audit",),
    "catalogue": ("CATALOGUE", "CLAIMS"),
    "claim": ("Cite", "Claim", "Eq", "HighProbability", "Leq", "Status"),
    "errors": ("InputError", "UnresolvedError"),
    "instance": ("Conditioning", "Hypothesis", "Instance"),
    "instance_file": ("instance_from", "instance_to_json", "read_instance"),
    "measures": ("DiscreteMeasure", "Exact", "GaussHermite", "MonteCarlo", "Trapezoid", "expectation"),
    "verdict": ("Verdict",),
    "verification.evaluation": ("Evaluation", "evaluate_claim"),
    "worlds.world": ("World",),
    "worlds.tables": ("FlooredTables", "RealTables"),
    "worlds.tied": ("PartitionedTables", "TiedTables"),
    "worlds.separating": ("SeparatingTables",),
    "worlds.extremal": ("ExtremalPairs",),
    "worlds.gaussian_mixture": ("GaussianMixture",),
    "worlds.population": ("Models", "Population"),
    "worlds.populations": ("POPULATIONS",),
    "worlds.beta_scores": ("BetaScores",),
    "worlds.dirichlet_predictions": ("DirichletPredictions",),
    "worlds.gaussian_classes": ("GaussianClasses",),
    "worlds.gaussian_regression": ("GaussianRegression",),
    "worlds.gaussian_scores": ("GaussianScores",),
    "worlds.predictive_laws": ("PredictiveLaws",),
    "worlds.students": ("Students",),
    "worlds.strained_students": ("StrainedStudents",),
    "worlds.teachers": ("Teachers",),
    "student_class": ("Training",),
    "training.projection": (
        "Projection",
        "cone_projection",
        "dual_hull_projection",
        "hull_projection",
        "linear_head_projection",
        "softmax_head_projection",
    ),
    "training.few_models": ("best_of_few",),
    "training.dual_mean": ("dual_mean",),
    "functionals.divergences": (
        "chi_squared",
        "cross_entropy",
        "jensen_shannon",
        "kl_divergence",
        "squared_hellinger",
        "total_variation",
    ),
    "functionals.bregman": ("Generator", "bregman_divergence", "generator"),
    "functionals.joint_range": (
        "bretagnolle_huber_bound",
        "extremal_pair",
        "pinsker_bound",
        "sharp_pinsker_kl",
        "sharp_pinsker_tv",
    ),
    "functionals.uniform_envelope": (
        "log_ratio_bound",
        "log_ratio_constant",
        "naive_risk_bound",
        "uniform_envelope_lower",
        "uniform_envelope_upper",
    ),
    "functionals.instance_envelope": ("floored_instance_envelope", "instance_envelope"),
    "functionals.label_free": ("label_free_range",),
    "functionals.risks": (
        "disagreement",
        "log_loss",
        "performance_gap_recovered",
        "reverse_risk",
        "risk",
        "risk_difference",
    ),
    "functionals.calibration": (
        "equal_width_calibration_error",
        "expected_calibration_error",
        "full_row_calibration_error",
        "marginal_calibration_error",
    ),
    "functionals.smooth_calibration": ("smooth_calibration", "smooth_calibration_error"),
    "functionals.quantile_interval": ("quantile_interval",),
    "functionals.binned_calibration": (
        "binned_calibration_error",
        "binned_calibration_interval",
        "debiased_squared_calibration_error",
    ),
}
_HOME = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = sorted(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'w2s_theory' has no attribute {name!r}")
    return getattr(import_module(f"w2s_theory.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
