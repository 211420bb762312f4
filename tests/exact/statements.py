"""True statements about small rational instances: counterexamples, dropped hypotheses, and sharpened sharp claims."""

from typing import Any, NamedTuple


class Statement(NamedTuple):
    """What a certificate says; its strain is at least `strain`."""

    claim: str
    strain: float
    instance: dict[str, Any]
    dropped: str | None = None
    factor: str = "1"
    witnesses: dict[str, Any] | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        return {
            "claim": self.claim,
            "dropped": self.dropped,
            "factor": self.factor,
            "instance": self.instance,
            "witnesses": self.witnesses or {},
        }


def pairs(*scores: str) -> list[list[str]]:
    """Binary rows with these scores, written p/q, of class 0."""
    return [[score, f"{int(q) - int(p)}/{q}"] for score in scores for p, q in [score.split("/")]]


HALVES = ["1/2", "1/2"]
MERGED = {
    "weights": HALVES,
    "truth": pairs("9/10", "1/10"),
    "weak": pairs("1/2", "1/2"),
    "strong": pairs("501/1000", "499/1000"),
}
AT_A_BIN_EDGE = {
    "weights": HALVES,
    "truth": pairs("14/15", "2/15"),
    "weak": pairs("8/15", "8/15"),
    "strong": pairs("1601/3000", "8/15"),
}
FORWARD_HEAD = {
    "weights": ["7/10", "3/10"],
    "weak": pairs("4/5", "19/20"),
    "features": [["-1/2"], ["-7/2"]],
    "radius": "2",
    "truth": {"head": [["11/10", "-11/10"]]},
    "strong": {"head": [["-425184746041967/598193504268493", "425184746041967/598193504268493"]]},
}
REVERSE_HEAD = {
    "weights": ["2/5", "3/5"],
    "weak": pairs("9/10", "17/20"),
    "features": [["1/2"], ["4"]],
    "radius": "2",
    "truth": {"head": [["-7/10", "7/10"]]},
    "strong": {"head": [["1/4", "-1/4"]]},
}
FORWARD_HULL = {
    "weights": ["9/10", "1/10"],
    "weak": pairs("3/4", "2/5"),
    "models": [pairs("1/20", "1/2"), pairs("1/20", "1/10")],
    "truth": {"mixture": ["9/10", "1/10"]},
    "strong": {"mixture": ["749999999999998/999999999999997", "249999999999999/999999999999997"]},
}
BEYOND_A_VERTEX = {
    "weights": ["1"],
    "weak": pairs("9/10"),
    "models": [pairs("2/5"), pairs("3/5")],
    "truth": pairs("19/20"),
    "strong": {"mixture": ["0", "1"]},
    "floor": "1/20",
}
A_LIST = {
    "weights": ["1"],
    "weak": pairs("1/2"),
    "models": [pairs("1/10"), pairs("4/5")],
    "class": "list",
    "truth": {"model": 0},
    "strong": {"model": 1},
    "floor": "1/20",
}
FAR_FROM_OPTIMAL = {
    "weights": ["1"],
    "weak": pairs("1/4"),
    "models": [pairs("1/5"), pairs("9/10")],
    "truth": {"model": 0},
    "strong": {"model": 1},
    "floor": "1/20",
    "r": 1,
}
BELOW_THE_FLOOR = {
    "weights": ["1"],
    "truth": pairs("1/1"),
    "weak": pairs("1/100"),
    "strong": pairs("1/1000"),
    "floor": "1/4",
}
THREE_ROWS = [["3/5", "3/10", "1/10"]], [["1/5", "2/5", "2/5"]]
ONE_DRAW = {
    "weights": HALVES,
    "models": [pairs("1/20", "1/20"), pairs("1/2", "19/20")],
    "truth": {"model": 0},
    "weak": pairs("2/5", "1/10"),
    "strong": {"model": 0},
    "floor": "1/2",
    "n": 1,
    "delta": "1/4",
}

STATEMENTS = {
    "scores hide": Statement("calibration-score-conditional", 0.79, MERGED),
    "bins hide": Statement("calibration-binned", 0.39, AT_A_BIN_EDGE),
    "forward head, gain": Statement("gain-forward-exponential-risk", 0.3, FORWARD_HEAD),
    "forward head, worse": Statement("never-worse-forward-exponential-risk", 0.3, FORWARD_HEAD),
    "reverse head": Statement("never-worse-reverse-exponential-risk", 5.0, REVERSE_HEAD),
    "forward hull": Statement("gain-forward-mixture-risk", 0.5, FORWARD_HULL),
    "no score sufficiency": Statement("calibration-sharp", 0.79, MERGED, "score_sufficient"),
    "two partitions": Statement(
        "calibration-common-conditioning",
        0.79,
        MERGED | {"groups": [0, 0], "strong_groups": ["a", "b"]},
        "common_partition",
    ),
    "no floor": Statement("generalization-forward", 1.5, BELOW_THE_FLOOR, "floor"),
    "truth outside": Statement("gain-reverse-mixture-risk", 0.3, BEYOND_A_VERTEX, "realizable"),
    "truth outside, worse": Statement("never-worse-forward-mixture-risk", 0.1, BEYOND_A_VERTEX, "realizable"),
    "a list": Statement("gain-reverse-mixture-risk", 0.5, A_LIST, "mixture_convex"),
    "a list, forward": Statement(
        "gain-forward-exponential-reverse-risk", 0.1, A_LIST | {"weak": pairs("3/5")}, "exponentially_convex"
    ),
    "not optimal": Statement("gain-reverse-mixture-risk", 1.0, FAR_FROM_OPTIMAL, "optimal"),
    "not optimal, of few": Statement(
        "gain-mixture-of-r",
        1.0,
        FAR_FROM_OPTIMAL | {"floor": "1/5", "r": 64, "models": [pairs("1/5"), pairs("4/5")]},
        "optimal",
    ),
    "suboptimal, truth outside": Statement(
        "gain-suboptimal",
        0.05,
        BEYOND_A_VERTEX | {"truth": pairs("1/1"), "weak": pairs("17/20")},
        "realizable",
        witnesses={"best": {"mixture": ["0", "1"]}},
    ),
    "neither mean": Statement(
        "gain-posterior-mean",
        0.01,
        {
            "weights": ["1"],
            "models": [pairs("1/10"), pairs("1/2")],
            "truth": pairs("1/3"),
            "weak": pairs("1/3"),
            "strong": pairs("2/3"),
        },
        "dual_mean",
    ),
    "one draw": Statement(
        "gain-finite-sample",
        0.01,
        ONE_DRAW,
        "floor",
        witnesses={"samples": {"1,0": {"mixture": ["2/9", "7/9"]}}},
    ),
    "sharp Pinsker": Statement(
        "pinsker",
        2e-4,
        {"weights": ["1"], "truth": pairs("1/2"), "weak": pairs("1/2"), "strong": pairs("51/100")},
        None,
        "19/20",
    ),
    "equal gain and disagreement": Statement(
        "gain-reverse-mixture-risk",
        1e-4,
        {
            "weights": ["1"],
            "models": [*THREE_ROWS],
            "truth": {"mixture": ["4/5", "1/5"]},
            "weak": [["1/3", "1/3", "1/3"]],
            "strong": {"mixture": ["306117102617572/1000000000000000", "693882897382428/1000000000000000"]},
        },
        None,
        "19/20",
    ),
}
