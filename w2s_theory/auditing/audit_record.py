"""The result of an audit: its answers as a record, and the one sentence that comes first."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Audit:
    """What an audit found.  `record` has the keys of `w2s-theory audit --json`, `source` what was read."""

    source: str
    record: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The record, as plain dictionaries and lists; numbers that JSON cannot hold are None."""
        return _plain(self.record)

    @property
    def sentence(self) -> str:
        """Whether the student really beat its teacher, in one sentence or two."""
        return self.record["verdict"]["sentence"]


def verdict(record: Mapping[str, Any]) -> dict[str, Any]:
    """`outcome` (better, worse, not decided, no labels) by the log-loss, and the sentence that says it."""
    level = f"{100 * record['level']:g} %"
    gain, change = record["gain"], record["accuracy_change"]
    n = record["labelled"]
    if not n:
        return {"outcome": "no labels", "sentence": _without_labels(record)}
    by_accuracy = _accuracy_clause(change)
    if gain["value"] is None:
        who = " and ".join(role for role in ("weak", "strong") if record["infinite"].get(role, {}).get("count"))
        said = (
            f"Not decided by the log-loss, which is infinite: the {who} model gives probability 0 to what happened at "
            f"some of the {_points(n)}. {by_accuracy}"
        )
        return {"outcome": "not decided", "sentence": said}
    ends = [_signed(gain["low"]) if gain["low"] is not None else "−∞", _signed(gain["high"])]
    shown = f"{level} interval {ends[0]} to {ends[1]}, {_points(n, 'labelled ')}"
    if gain["low"] is not None and gain["low"] > 0:
        outcome = "better"
        said = f"Yes: the student beat its teacher; its log-loss is lower by {gain['value']:.3g} nats ({shown})."
    elif gain["high"] is not None and gain["high"] < 0:
        outcome = "worse"
        said = (
            f"No: the student is worse than its teacher; its log-loss is higher by {-gain['value']:.3g} nats ({shown})."
        )
    else:
        outcome = "not decided"
        word = "lower" if gain["value"] > 0 else "higher"
        needed = record["sample_size"]["gain"]
        more = f" About {needed:,} points would resolve a difference of this size." if needed and needed > n else ""
        apart = f"{word} than its teacher's by {abs(gain['value']):.3g} nats, but the interval contains 0"
        apart = apart if gain["value"] else "that of its teacher"
        said = f"Not decided by {_points(n)}: the student's log-loss is {apart} ({shown}).{more}"
    return {"outcome": outcome, "sentence": f"{said} {by_accuracy}"}


def _accuracy_clause(change: Mapping[str, Any]) -> str:
    """What the accuracies say, which need not be what the log-losses say."""
    points = f"{abs(100 * change['value']):.3g} percentage points"
    ends = f"[{_percent(change['low'])}, {_percent(change['high'])}]"
    if change["low"] > 0:
        return f"In accuracy it is better, by {points} {ends}."
    if change["high"] < 0:
        return f"In accuracy it is worse, by {points} {ends}."
    return f"In accuracy the difference, {_percent(change['value'])} percentage points {ends}, is not decided."


def _without_labels(record: Mapping[str, Any]) -> str:
    risk = record["label_free_risk"]
    if risk["low"] is None or risk["high"] is None:
        return "Not decided: without labels, or the weak model's log-loss, nothing says which model is better."
    weak = record["log_loss"]["weak"]["value"]
    if risk["high"] < weak:
        said = "Better on any labels that give the weak model its log-loss"
    elif risk["low"] > weak:
        said = "Worse on any labels that give the weak model its log-loss"
    else:
        said = "Not decided without labels"
    return (
        f"{said}: the student's log-loss is between {risk['low']:.4g} and {risk['high']:.4g} nats where the weak "
        f"model's is {weak:.4g}."
    )


def _points(number: int, kind: str = "") -> str:
    return f"{number:,} {kind}point" + ("" if number == 1 else "s")


def _signed(value: float | None) -> str:
    return "+∞" if value is None else f"{value + 0.0:+.3g}".replace("-", "−")


def _percent(value: float) -> str:
    return f"{100 * value:+.3g}".replace("-", "−")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
