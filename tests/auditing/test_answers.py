"""The answers of an audit: the catalogue's and the functionals' own numbers, invariances, and honest nulls."""

import numpy as np
import pytest

from w2s_theory.auditing.array_predictions import array_predictions
from w2s_theory.auditing.auditor import audit
from w2s_theory.auditing.bounds import AUDITED, _smooth
from w2s_theory.auditing.gathering import gather
from w2s_theory.auditing.point_statistics import point_values
from w2s_theory.auditing.predictions import Block, laid_out
from w2s_theory.auditing.quality import calibration
from w2s_theory.auditing.sampling import RowSample, sample_size
from w2s_theory.catalogue import find_claim
from w2s_theory.errors import InputError
from w2s_theory.functionals.calibration import marginal_calibration_error
from w2s_theory.functionals.divergences import kl_divergence
from w2s_theory.functionals.joint_range import bretagnolle_huber_bound, sharp_pinsker_tv
from w2s_theory.functionals.label_free import label_free_range
from w2s_theory.functionals.risks import disagreement
from w2s_theory.functionals.smooth_calibration import smooth_calibration_error
from w2s_theory.instance import Instance
from w2s_theory.verification.evaluation import evaluate_claim
from w2s_theory.verification.sampled_sides import statistics


@pytest.fixture(scope="module")
def found(points):
    return audit(**points)


@pytest.fixture(scope="module")
def binary():
    rng = np.random.default_rng(7)
    truth = rng.random(250)
    labels = (rng.random(250) < truth).astype(int)
    return {"weak": 0.2 + 0.6 * rng.random(250), "strong": 0.1 + 0.8 * truth, "labels": labels}


def close(one, other, skip=(), path=""):
    """The paths at which two records differ by more than rounding."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        return [p for key in one if key not in skip for p in close(one[key], other[key], skip, f"{path}/{key}")]
    if isinstance(one, list):
        assert len(one) == len(other)
        return [p for n, pair in enumerate(zip(one, other, strict=True)) for p in close(*pair, skip, f"{path}/{n}")]
    if isinstance(one, float) and isinstance(other, float):
        return [] if other == pytest.approx(one, rel=1e-9, abs=1e-12) else [path]
    return [] if one == other else [path]


def instance(points):
    """The points as an instance whose truth is the labels, with a few inputs of weight zero: 256 in all."""
    rows = np.minimum(np.arange(256), len(points["labels"]) - 1)
    weights = np.where(np.arange(256) < len(points["labels"]), 1 / len(points["labels"]), 0.0)
    weak, strong = points["weak"][rows], points["strong"][rows]
    truth = np.eye(weak.shape[1])[points["labels"][rows]]
    cells = np.searchsorted(np.arange(1, 15) / 15, weak.max(axis=1), side="left")
    return Instance(weights, truth, weak, strong, np.asarray(min(weak.min(), strong.min())), groups=cells)


def test_the_contract_of_keys(found):
    record = found.to_json()
    assert {"n", "classes", "floor", "accuracy", "log_loss", "marginal_calibration", "top_label_calibration"} <= set(
        record
    )
    assert {"gain", "performance_gap_recovered", "disagreement", "bounds", "label_free_risk"} <= set(record)
    for name in ("accuracy", "log_loss", "marginal_calibration", "top_label_calibration"):
        assert set(record[name]) == {"weak", "strong", "ceiling"}
        assert all({"value", "low", "high"} <= set(entry) for entry in record[name].values())
    assert all(e["low"] <= e["value"] <= e["high"] for e in record["marginal_calibration"].values())
    assert {"plug_in", "debiased"} <= set(record["marginal_calibration"]["weak"])
    assert set(record["performance_gap_recovered"]) >= {"metric", "value", "low", "high", "why"}
    assert [bound["id"] for bound in record["bounds"]] == [claim.id for claim in AUDITED]
    assert all({"lhs", "rhs", "tightness", "applies", "why"} <= set(bound) for bound in record["bounds"])
    assert all(bound["why"] for bound in record["bounds"])


def test_means_are_plain_means(points, found):
    record, rows = found.to_json(), np.arange(250)
    losses = {role: -np.log(points[role][rows, points["labels"]]).mean() for role in ("weak", "strong", "ceiling")}
    for role, loss in losses.items():
        assert record["log_loss"][role]["value"] == pytest.approx(loss, rel=1e-12)
        right = (points[role].argmax(1) == points["labels"]).mean()
        assert record["accuracy"][role]["value"] == pytest.approx(right)
    assert record["gain"]["value"] == pytest.approx(losses["weak"] - losses["strong"], rel=1e-10)
    recovered = (losses["weak"] - losses["strong"]) / (losses["weak"] - losses["ceiling"])
    assert record["performance_gap_recovered_log_loss"]["value"] == pytest.approx(recovered)


def test_statistics_by_labels_are_those_of_a_one_hot_truth(points, x64):
    i = instance(points)
    made = point_values(Block(0, {role: points[role] for role in ("weak", "strong")}, points["labels"]))
    expected = statistics(i, None)
    for name in ("gap", "forward", "reverse", "weak squared", "strong squared", "apart squared"):
        np.testing.assert_allclose(made[name], expected[name][:250], rtol=1e-9, atol=1e-12)


def extreme_rows(rng, classes, kind):
    """Two tables of drawn rows, changed as `kind` says from the tenth row on."""
    weak, strong = (rng.dirichlet(np.full(classes, 0.7), 40) + 1e-6 for _ in range(2))
    if kind == "close":
        strong[10:20] = weak[10:20]
        strong[20:] = weak[20:] * (1.0 + 1e-6 * rng.normal(size=(20, classes)))
    if kind == "zeros":
        strong[10:] = weak[10:] * (1.0 + 1e-4 * rng.normal(size=(30, classes)))
        weak[10:20, 0], strong[20:25, 1] = 0.0, 0.0
        weak[25:30, 2] = strong[25:30, 2] = 0.0
    if kind == "tiny":
        weak[10:20, 0], strong[20:30, 1] = (np.finfo(np.float32).smallest_subnormal for _ in range(2))
        weak[30:, 0] = strong[30:, 0] = 1e-30
    return (table / table.sum(axis=1, keepdims=True) for table in (weak, strong))


@pytest.mark.parametrize("classes", [3, 100])
@pytest.mark.parametrize("precisions", [(np.float32, np.float32), (np.float64, np.float64), (np.float32, np.float64)])
@pytest.mark.parametrize("kind", ["close", "zeros", "tiny"])
def test_disagreements_of_extreme_rows_are_the_functionals(classes, precisions, kind):
    tables = zip(extreme_rows(np.random.default_rng(4), classes, kind), precisions, strict=True)
    weak, strong = (laid_out(table.astype(precision)) for table, precision in tables)
    made = point_values(Block(0, {"weak": weak, "strong": strong}))
    roundoff = float(np.finfo(np.result_type(weak, strong)).eps)
    for name, pair in (("forward", (weak, strong)), ("reverse", (strong, weak))):
        expected = np.asarray(kl_divergence(*(table.astype(float) for table in pair)))
        np.testing.assert_allclose(made[name], expected, rtol=1e-3, atol=1e-30)
        np.testing.assert_allclose(made[name], expected, atol=100 * roundoff, rtol=100 * roundoff)
        alone = [
            point_values(Block(0, {"weak": w[None], "strong": s[None]}))[name][0]
            for w, s in zip(weak, strong, strict=True)
        ]
        np.testing.assert_allclose(alone, made[name], rtol=1e-3, atol=100 * roundoff)
    if kind == "zeros":
        assert np.isinf(made["forward"][20:25]).all() and np.isinf(made["reverse"][10:20]).all()


def test_a_label_that_both_models_call_impossible_is_no_gain(points):
    weak, strong, labels = points["weak"].copy(), points["strong"].copy(), points["labels"]
    for table in (weak, strong):
        table[40] = np.eye(3)[(labels[40] + 1) % 3]
    hard, soft = (audit(weak, strong, labels=labels), audit(weak, strong, truth=np.eye(3)[labels]))
    assert hard.to_json()["gain"]["value"] == pytest.approx(soft.to_json()["gain"]["value"], rel=1e-12)


def test_rows_of_infinite_losses_are_counted_over_all_rows(points):
    strong, labels = points["strong"].copy(), points["labels"].copy()
    strong[40] = np.eye(3)[(labels[40] + 1) % 3]
    labels[:30:2] = -1
    found = gather(array_predictions(points["weak"], strong, labels=labels))
    assert (found.infinite["strong"].count, found.infinite["strong"].rows) == (1, [40])


@pytest.mark.parametrize(
    "name",
    [
        "generalization-forward",
        "generalization-reverse",
        "generalization-naive",
        "generalization-uniform-envelope",
        "generalization-instance-envelope",
        "generalization-label-free",
        "generalization-squared",
        "risk-decomposition",
        "calibration-sharp-common",
    ],
)
def test_bounds_are_the_catalogues_on_the_same_points(points, found, name):
    result = evaluate_claim(find_claim(name), instance(points))
    bound = next(bound for bound in found.to_json()["bounds"] if bound["id"] == name)
    assert bound["applies"]
    assert (bound["lhs"], bound["rhs"]) == pytest.approx((result.lhs, result.rhs), rel=1e-8)


def test_binary_bounds_on_calibration_are_the_functionals(binary):
    tables = {role: np.stack([1 - binary[role], binary[role]], 1) for role in ("weak", "strong")}
    i = instance(tables | {"labels": binary["labels"]})
    gathered = gather(array_predictions(**binary))
    bounds = {bound.id: bound for bound in _smooth(gathered, 0.05, "soft")}
    smooth = {role: float(smooth_calibration_error(i.weights, i.truth, i.table(role))) for role in tables}
    for role, error in smooth.items():
        entry = calibration(gathered.class_wise[role], 0.05, gathered.fine[role])
        assert entry["smooth"] == pytest.approx(error, abs=1e-3)
    d = float(disagreement(i.weights, i.weak, i.strong))
    for name, rhs in (
        ("calibration-smooth", bretagnolle_huber_bound(d)),
        ("calibration-sharp-smooth", sharp_pinsker_tv(d)),
    ):
        assert bounds[name].applies
        assert bounds[name].rhs == pytest.approx(2 * float(rhs), rel=1e-9)
        assert bounds[name].lhs == pytest.approx(abs(smooth["strong"] - smooth["weak"]), abs=1e-3)
        assert bounds[name].slack.low <= bounds[name].rhs - bounds[name].lhs <= bounds[name].slack.high


def test_calibration_given_a_common_partition(points, found):
    i = instance(points)
    given = [float(marginal_calibration_error(i.weights, i.truth, t, groups=i.groups)) for t in (i.weak, i.strong)]
    bound = next(b for b in found.to_json()["bounds"] if b["id"] == "calibration-common-conditioning")
    assert bound["applies"]
    assert bound["lhs"] == pytest.approx(abs(given[1] - given[0]), abs=1e-12)


def test_truth_that_is_one_hot_says_what_labels_say(points):
    plain = audit(**points).to_json()
    truth = np.eye(3)[points["labels"]]
    soft = audit(points["weak"], points["strong"], ceiling=points["ceiling"], truth=truth).to_json()
    assert close(plain, soft, skip=("bounds", "low", "high", "assumptions", "sentence")) == []
    for a, b in zip(plain["bounds"], soft["bounds"], strict=True):
        assert (a["lhs"] is None) == (b["lhs"] is None)
        assert a["lhs"] is None or b["lhs"] == pytest.approx(a["lhs"], rel=1e-7, abs=1e-10)


def test_shuffling_relabelling_and_splitting_change_nothing(points, found, monkeypatch):
    rng = np.random.default_rng(1)
    order, classes = rng.permutation(250), np.array([2, 0, 1])
    shuffled = {name: values[order] for name, values in points.items()}
    assert close(found.to_json(), audit(**shuffled).to_json(), skip=("lambda",)) == []
    relabelled = {role: points[role][:, np.argsort(classes)] for role in ("weak", "strong", "ceiling")}
    relabelled["labels"] = classes[points["labels"]]
    assert close(found.to_json(), audit(**relabelled).to_json()) == []
    monkeypatch.setattr("w2s_theory.auditing.array_predictions.rows_a_block", lambda classes: 64)
    assert close(found.to_json(), audit(**points).to_json()) == []


def test_logits_and_float32(points, found):
    rng = np.random.default_rng(2)
    logits = {role: np.log(points[role]) + rng.normal(size=(250, 1)) for role in ("weak", "strong", "ceiling")}
    made = audit(**logits, labels=points["labels"], logits=True).to_json()
    assert made["gain"]["value"] == pytest.approx(found.to_json()["gain"]["value"], rel=1e-9)
    single = {role: logits[role].astype(np.float32) for role in logits}
    made = audit(**single, labels=points["labels"], logits=True).to_json()
    assert made["gain"]["value"] == pytest.approx(found.to_json()["gain"]["value"], rel=1e-4)
    assert made["disagreement"]["forward"] == pytest.approx(found.to_json()["disagreement"]["forward"], rel=1e-4)


def test_a_score_alone_is_the_probability_of_class_one(binary):
    rows = {role: np.stack([1 - binary[role], binary[role]], 1) for role in ("weak", "strong")}
    one, other = (gather(array_predictions(**given)) for given in (binary, binary | rows))
    assert one.judged.joint(0.1) == other.judged.joint(0.1)
    assert one.outcomes == other.outcomes


def test_the_sentence_says_who_is_better(points, found):
    assert found.sentence.startswith("Yes: the student beat its teacher")
    swapped = points | {"weak": points["strong"], "strong": points["weak"]}
    assert audit(**swapped).sentence.startswith("No: the student is worse")
    same = audit(**points | {"strong": points["weak"]}).to_json()
    assert same["verdict"]["outcome"] == "not decided"
    assert same["gain"]["value"] == 0
    assert "the student's log-loss is that of its teacher" in same["verdict"]["sentence"]
    few = {name: values[:12] for name, values in points.items()}
    assert "Not decided by 12 points" in audit(**few, delta=1e-6).sentence


def test_no_gap_to_recover(points):
    worse = audit(**points | {"ceiling": np.roll(points["weak"], 1, axis=1)}).to_json()
    for name in ("performance_gap_recovered", "performance_gap_recovered_log_loss"):
        assert worse[name]["value"] is None
        assert "no gap to recover" in worse[name]["why"]
    near = audit(**points | {"ceiling": 0.999 * points["weak"] + 0.001 * points["ceiling"]}).to_json()
    assert near["performance_gap_recovered"]["value"] is None
    slight = points["weak"].copy()
    wrong = np.flatnonzero(slight.argmax(1) != points["labels"])[:2]
    slight[wrong] = points["ceiling"][wrong]
    entry = audit(**points | {"ceiling": slight}).to_json()["performance_gap_recovered"]
    assert entry["value"] is None
    assert "points" in entry["why"] or "no gap" in entry["why"]
    none = audit(points["weak"], points["strong"], labels=points["labels"]).to_json()
    assert none["performance_gap_recovered"]["why"] == "no ceiling model was given"


def test_a_zero_at_what_happened_is_reported_with_its_rows(points):
    strong = points["strong"].copy()
    for row in (3, 17):
        strong[row] = np.eye(3)[(points["labels"][row] + 1) % 3]
    record = audit(**points | {"strong": strong}).to_json()
    assert record["infinite"] == {"strong": {"count": 2, "rows": [3, 17]}}
    assert record["log_loss"]["strong"]["value"] is None
    assert record["gain"]["value"] is None
    assert record["disagreement"]["forward"] is None
    assert record["floor"] == 0
    bounds = {bound["id"]: bound for bound in record["bounds"]}
    assert not bounds["generalization-forward"]["applies"]
    assert "floor" in bounds["generalization-forward"]["why"]
    assert record["verdict"]["outcome"] == "not decided"
    assert "probability 0" in record["verdict"]["sentence"]


def test_points_without_a_label(points):
    labels = points["labels"].astype(float)
    labels[::5] = np.nan
    record = audit(**points | {"labels": labels}).to_json()
    assert (record["n"], record["labelled"]) == (250, 200)
    kept = {name: values[np.isfinite(labels)] for name, values in points.items()}
    other = audit(**kept).to_json()
    assert record["gain"] == pytest.approx(other["gain"])
    assert record["disagreement"]["forward_interval"]["n"] == 250
    loss = other["log_loss"]["weak"]["value"]
    expected = label_free_range(np.full(250, 1 / 250), points["weak"], points["strong"], loss)
    got = record["label_free_risk"]
    assert (got["low"], got["high"]) == pytest.approx((float(expected.lower), float(expected.upper)), rel=1e-9)


def test_without_labels_only_the_range_is_said(points):
    bare = audit(points["weak"], points["strong"]).to_json()
    assert bare["verdict"]["outcome"] == "no labels"
    assert bare["label_free_risk"]["low"] is None
    assert "--weak-log-loss" in bare["label_free_risk"]["why"]
    assert not any(bound["applies"] for bound in bare["bounds"])
    known = audit(points["weak"], points["strong"], weak_log_loss=1.0).to_json()["label_free_risk"]
    assert known["low"] < known["high"]
    impossible = audit(points["weak"], points["strong"], weak_log_loss=50.0).to_json()["label_free_risk"]
    assert impossible["low"] is None
    assert "no labels give" in impossible["why"]


def test_a_range_that_zeros_make_infinite(points):
    one_hot = np.eye(3)[points["labels"]]
    record = audit(points["weak"], one_hot, labels=np.roll(points["labels"], 1)).to_json()
    assert record["label_free_risk"]["low"] is None
    assert record["label_free_risk"]["high"] is None
    assert record["label_free_risk"]["low_limit"] is None


@pytest.mark.parametrize("n", [1, 2])
def test_a_point_or_two(points, n):
    few = audit(**{name: values[:n] for name, values in points.items()})
    assert few.sentence.startswith(f"Not decided by {n} point{'s' if n > 1 else ''}:")


def test_training_on_hard_labels_is_outside(points):
    hard = audit(**points, labels_were="hard").to_json()
    bound = next(bound for bound in hard["bounds"] if bound["id"] == "gain-reverse-mixture-risk")
    assert not bound["applies"]
    assert "hard" in bound["why"]
    entry = next(entry for entry in hard["assumptions"] if entry["name"] == "soft labels")
    assert entry["finding"] == "fails"


def test_slices_add_up(points):
    by = np.array(["b", "a", "c"])[np.arange(250) % 3]
    rows = audit(**points, by=by).to_json()["slices"]
    assert [row["slice"] for row in rows] == ["a", "b", "c"]
    for row in rows:
        own = {name: values[by == row["slice"]] for name, values in points.items()}
        record = audit(**own).to_json()
        assert row["gain"] == pytest.approx(record["gain"])
        assert row["accuracy_change"] == pytest.approx(record["accuracy_change"])
    with pytest.raises(InputError, match="more than 1,000 different values"):
        audit(np.full(1100, 0.4), np.full(1100, 0.5), labels=np.zeros(1100, int), by=np.arange(1100))


def test_nothing_is_said_to_be_proved(found):
    def words(value):
        if isinstance(value, dict):
            return [w for entry in value.values() for w in words(entry)]
        if isinstance(value, list):
            return [w for entry in value for w in words(entry)]
        return [value] if isinstance(value, str) else []

    assert not any("prove" in word.lower() for word in words(found.to_json()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.array([0, 1, 3])}, r"column labels, row 2: 3 is not a class index from 0 to 2"),
        ({"labels": np.array([0, 1])}, "different lengths: weak 3, strong 3, labels 2"),
        ({"weak": np.full((3, 3), 0.4)}, r"column weak, row 0: 3 rows do not sum to 1 \(of 3; the first sums to 1.2"),
        (
            {"weak": np.array([[0.5, 0.5, 0], [0.2, 0.8, 0], [0.9, np.nan, 0]])},
            "column weak, row 2: an entry is not a num",
        ),
        ({"weak": np.array([[0.5, 0.5, 0], [1.5, -0.5, 0], [1, 0, 0]])}, r"row 1: entry 1 is -0.5, which is negative"),
        ({"weak": np.full((3, 2), 0.5)}, "column strong: has 3 classes where weak has 2"),
        ({"weak": [[0.5, 0.5], [1.0]]}, "rows of different lengths"),
        ({"weak": np.array(["a", "b", "c"])}, "column weak: holds text, not numbers"),
        ({"weak": np.zeros((0, 3)), "strong": np.zeros((0, 3)), "labels": np.zeros(0)}, "no rows to audit"),
        ({"weak": None}, "predictions of the weak model are needed"),
        ({"delta": 1.0}, "--delta 1 is not strictly between"),
        ({"labels_were": "warm"}, "--labels-were 'warm' is not one of soft, hard, unknown"),
        ({"weak_log_loss": -1.0}, "--weak-log-loss -1.0 is not a finite number"),
    ],
    ids=str,
)
def test_unusable_arrays_are_refused_by_one_sentence(change, message):
    good = {"weak": np.full((3, 3), 1 / 3), "strong": np.full((3, 3), 1 / 3), "labels": np.array([0, 1, 2])}
    with pytest.raises(InputError, match=message) as problem:
        audit(**good | change)
    assert "\n" not in str(problem.value)


def test_the_sample_of_rows_is_uniform():
    assert sample_size(2**14) == 64
    assert (sample_size(2), sample_size(50_000)) == (2**14, 20)
    counts = np.zeros(4)
    for seed in range(100):
        sample = RowSample(seed)
        for quarter in range(4):
            number = np.full((300, 1), quarter, np.float32)
            sample.add(Block(0, {"weak": np.broadcast_to(number, (300, 2**14)), "strong": number}))
        kept = sample.block().models["strong"][:, 0].astype(int)
        assert len(kept) == 64
        counts += np.bincount(kept, minlength=4)
    assert np.all(np.abs(counts - 1600) < 5 * (6400 * 0.25 * 0.75) ** 0.5)


def test_gathering_twice_gives_the_same(points):
    source = array_predictions(**points)
    one, other = gather(source), gather(source)
    assert one.judged.mean("gap") == other.judged.mean("gap")
    np.testing.assert_array_equal(one.sample.block().models["weak"], other.sample.block().models["weak"])
