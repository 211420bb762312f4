"""What a sweep is to run, from a TOML file: a grid of claims, worlds, experiments and seeds, or random draws from it.

Such a file, with everything it may hold::

    instances = 1_000            # a claim's, in every cell
    seeds = 20                   # 0 to 19, or a list of them

    [[claims]]
    ids = ["pinsker", "generalization-forward"]    # or "all", "proved", "refuted"
    world = "FlooredTables"      # left out: the claim's own worlds
    inputs = [1, 4]              # a parameter of that world: a value, or a list of them
    classes = [2, 3, 5]

    [[experiments]]
    names = ["balance"]
    quick = true                 # a setting of the experiment, likewise

    [random]                     # left out: every cell of the grid
    cells = 1_000                # draws, in which a parameter may also be { low = 1, high = 9 } (log = true)
    seed = 0
"""

import itertools
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2s_theory.catalogue import CLAIMS
from w2s_theory.claim import Status
from w2s_theory.errors import InputError
from w2s_theory.experiments.simulation import EXPERIMENTS
from w2s_theory.sweeping.cells import Cell, Value, check

MOST_CELLS = 10_000_000
_MOST = 2**62
_TOP = ("instances", "seeds", "claims", "experiments", "random")


@dataclass(frozen=True)
class Range:
    """Values between two ends, log-uniform if `log`; whole ones if both ends are."""

    low: int | float
    high: int | float
    log: bool = False

    def draw(self, rng: np.random.Generator) -> Value:
        """One value."""
        whole = isinstance(self.low, int) and isinstance(self.high, int)
        end = self.high + 1 if whole else self.high
        drawn = math.exp(rng.uniform(math.log(self.low), math.log(end))) if self.log else rng.uniform(self.low, end)
        drawn = min(max(drawn, self.low), self.high)
        return math.floor(drawn) if whole else float(drawn)


Axis = Sequence[Value] | Range


@dataclass(frozen=True)
class _Family:
    """Cells that differ in the values of their axes only."""

    kind: Any
    name: str
    instances: int
    world: str | None
    axes: Mapping[str, Axis]

    def cell(self, values: Mapping[str, Value]) -> Cell:
        parameters = tuple(sorted((name, value) for name, value in values.items() if name != "seed"))
        seed = values["seed"]
        assert isinstance(seed, int)
        return Cell(self.kind, self.name, seed, self.instances, self.world, parameters)

    def grid(self) -> Iterator[Cell]:
        lists = [axis for axis in self.axes.values() if not isinstance(axis, Range)]
        for values in itertools.product(*lists):
            yield self.cell(dict(zip(self.axes, values, strict=True)))

    def draw(self, rng: np.random.Generator) -> Cell:
        return self.cell({name: _drawn(axis, rng) for name, axis in self.axes.items()})


def _drawn(axis: Axis, rng: np.random.Generator) -> Value:
    return axis.draw(rng) if isinstance(axis, Range) else axis[int(rng.integers(len(axis)))]


def read_cells(path: str | Path) -> list[Cell]:
    """The cells of a sweep file, each once; those that share compiled code are neighbours.

    `InputError`, naming file and key, for anything that is not a sweep: unknown keys, ids, worlds or parameters, an
    empty grid.
    """
    try:
        given = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as problem:
        raise InputError(f"{path}: is not TOML: {problem}") from None
    try:
        return cells_of(given)
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from None


def cells_of(given: Mapping[str, Any]) -> list[Cell]:
    """`read_cells` of what a sweep file holds."""
    _known(given, _TOP, "the file")
    instances = _whole(given.get("instances", 1_000), "instances", 1)
    seeds = _seeds(given.get("seeds", 1))
    families = [*_claims(given, instances, seeds), *_experiments(given, seeds)]
    if not families:
        raise InputError("the grid is empty: there is neither a claim nor an experiment")
    for family in families:
        empty = next(
            (name for name, axis in family.axes.items() if not isinstance(axis, Range) and not len(axis)), None
        )
        if empty is not None:
            raise InputError(f"the grid is empty: {family.name} has no values for {empty}")
    made = _drawn_cells(families, given["random"]) if "random" in given else _grid(families)
    cells = list({cell.key: cell for cell in made}.values())
    programs = {cell.program.key: cell.program for cell in cells}
    for program in programs.values():
        check(program)
    order = {key: number for number, key in enumerate(programs)}
    return sorted(cells, key=lambda cell: order[cell.program.key])


def _grid(families: list[_Family]) -> Iterator[Cell]:
    for family in families:
        ranged = next((name for name, axis in family.axes.items() if isinstance(axis, Range)), None)
        if ranged is not None:
            raise InputError(f"{ranged} is a range, which needs [random]; in a grid give a list of values")
    total = sum(math.prod(len(axis) for axis in family.axes.values()) for family in families)  # pyright: ignore[reportArgumentType]
    if total > MOST_CELLS:
        raise InputError(f"the grid has {total:,} cells, more than {MOST_CELLS:,}")
    return itertools.chain.from_iterable(family.grid() for family in families)


def _drawn_cells(families: list[_Family], given: Any) -> Iterator[Cell]:
    if not isinstance(given, Mapping):
        raise InputError("random is not a table")
    _known(given, ("cells", "seed"), "[random]")
    number = _whole(given.get("cells"), "random.cells", 1)
    if number > MOST_CELLS:
        raise InputError(f"random.cells {number:,} is more than {MOST_CELLS:,}")
    rng = np.random.default_rng(_whole(given.get("seed", 0), "random.seed", 0))
    return (families[int(rng.integers(len(families)))].draw(rng) for _ in range(number))


def _claims(given: Mapping[str, Any], instances: int, seeds: Axis) -> Iterator[_Family]:
    for number, table in enumerate(_tables(given, "claims")):
        place = f"claims {number}"
        ids = table.get("ids")
        if isinstance(ids, str) and ids in ("all", "proved", "refuted"):
            ids = [claim.id for claim in CLAIMS if ids == "all" or claim.status is Status(ids)]
        world = table.get("world")
        if world is not None and not isinstance(world, str):
            raise InputError(f"{place}: world {world!r} is not a name")
        axes = _axes(place, table, ("ids", "world"))
        if axes and world is None:
            raise InputError(f"{place}: {next(iter(axes))} is a parameter of a world, and no world is named")
        for name in _names(ids, f"{place}: ids"):
            yield _Family("claim", name, instances, world, axes | {"seed": seeds})


def _experiments(given: Mapping[str, Any], seeds: Axis) -> Iterator[_Family]:
    for number, table in enumerate(_tables(given, "experiments")):
        place = f"experiments {number}"
        axes = _axes(place, table, ("names",))
        for name in _names(table.get("names"), f"{place}: names"):
            if name not in EXPERIMENTS:
                raise InputError(f"{place}: unknown experiment {name!r}; known: {', '.join(EXPERIMENTS)}")
            yield _Family("experiment", name, 0, None, axes | {"seed": seeds})


def _tables(given: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    tables = given.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise InputError(f"{name} is not a list of tables: write [[{name}]]")
    return tables


def _names(given: Any, place: str) -> list[str]:
    if not isinstance(given, list) or not given or not all(isinstance(name, str) for name in given):
        raise InputError(f"{place} is not a list of names")
    return given


def _seeds(given: Any) -> Sequence[Value]:
    if isinstance(given, list):
        return tuple(_whole(seed, "seeds", 0) for seed in given)
    return range(_whole(given, "seeds", 0))


def _axes(place: str, table: Mapping[str, Any], other: tuple[str, ...]) -> dict[str, Axis]:
    if "seed" in table or "seeds" in table:
        raise InputError(f"{place}: seeds are given once for all, at the top of the file")
    return {name: _axis(f"{place}: {name}", value) for name, value in table.items() if name not in other}


def _axis(place: str, given: Any) -> Axis:
    if isinstance(given, Mapping):
        return _range(place, given)
    values = given if isinstance(given, list) else [given]
    for value in values:
        if not isinstance(value, Value):
            raise InputError(f"{place}: {value!r} is not a number, a word or true or false")
        if isinstance(value, int) and abs(value) > _MOST:
            raise InputError(f"{place}: {value} is beyond {_MOST}")
    return tuple(values)


def _range(place: str, given: Mapping[str, Any]) -> Range:
    _known(given, ("low", "high", "log"), place)
    low, high, log = given.get("low"), given.get("high"), given.get("log", False)
    for end in (low, high):
        if isinstance(end, bool) or not isinstance(end, int | float) or not abs(end) <= _MOST:
            raise InputError(f"{place}: a range has two finite ends, low and high")
    assert isinstance(low, int | float) and isinstance(high, int | float)
    if not isinstance(log, bool) or not low <= high or (log and low <= 0):
        raise InputError(f"{place}: low {low!r} is above high {high!r}, or a logarithmic range reaches zero")
    return Range(low, high, log)


def _whole(given: Any, place: str, least: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= _MOST:
        raise InputError(f"{place} {given!r} is not a whole number of at least {least} (and at most 2^62)")
    return given


def _known(given: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None:
        raise InputError(f"unknown key {unknown!r} in {place}; known: {', '.join(known)}")
