"""One cell of a sweep: what is run, with which parameters and seed; and its row of results."""

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import jax
import numpy as np

from w2s_theory.catalogue import find_claim
from w2s_theory.claim import Claim
from w2s_theory.errors import InputError
from w2s_theory.experiments.simulation import experiment_function, simulate
from w2s_theory.functionals.bregman import GENERATOR_NAMES
from w2s_theory.verification.evaluation import finite_or_none
from w2s_theory.verification.sweep import tallied
from w2s_theory.worlds.extremal import ExtremalPairs
from w2s_theory.worlds.separating import SeparatingTables
from w2s_theory.worlds.tables import FlooredTables, RealTables
from w2s_theory.worlds.teachers import Teachers
from w2s_theory.worlds.tied import PartitionedTables, TiedTables
from w2s_theory.worlds.world import World, decode_batch

Value = bool | int | float | str

WORLDS: MappingProxyType[str, type[World]] = MappingProxyType(
    {
        world.__name__: world
        for world in (
            ExtremalPairs,
            FlooredTables,
            PartitionedTables,
            RealTables,
            SeparatingTables,
            Teachers,
            TiedTables,
        )
    }
)
"""Worlds that are made of plain numbers and words alone, by name: those a sweep can set the parameters of."""


@dataclass(frozen=True)
class Cell:
    """A claim on instances of its own worlds or of `world`, or an experiment; `parameters` are those of either."""

    kind: Literal["claim", "experiment"]
    name: str
    seed: int
    instances: int = 0
    world: str | None = None
    parameters: tuple[tuple[str, Value], ...] = ()

    @property
    def key(self) -> str:
        """The cell's name in the results: 16 hexadecimal digits of a hash of all that it is."""
        described = [self.kind, self.name, self.seed, self.instances, self.world, sorted(self.parameters)]
        return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:16]

    @property
    def program(self) -> "Cell":
        """The cell without its seed: cells that share it share compiled code."""
        return replace(self, seed=0)


def check(program: Cell) -> None:
    """`InputError` for a cell that cannot be run.

    That is: an unknown claim or world; a parameter that the world or experiment lacks, cannot have or does not heed;
    a claim that cannot be asked of such instances.
    """
    if program.kind == "experiment":
        run = experiment_function(program.name)
        known = {name: hint for name, hint in get_type_hints(run).items() if name not in _OWN}
        _check_parameters(program, f"experiment {program.name}", known)
        return
    claim = find_claim(program.name)
    if program.world is None:
        return
    if program.world not in WORLDS:
        raise InputError(f"unknown world {program.world!r}; known: {', '.join(WORLDS)}")
    hints = get_type_hints(WORLDS[program.world])
    known = {field.name: hints[field.name] for field in fields(WORLDS[program.world])}
    _check_parameters(program, f"world {program.world}", known)
    shown = ", ".join(f"{name} = {value!r}" for name, value in program.parameters)
    try:
        world = _world(program)
        if world.inputs < 1 or world.classes < 1:
            raise ValueError("inputs and classes must be positive")
        with jax.enable_x64(True):
            first = jax.tree.map(lambda leaf: np.asarray(leaf)[0], decode_batch(world, np.zeros((1, world.dim))))
            if first.truth.shape != (world.inputs, world.classes):
                raise ValueError(f"its tables are {first.truth.shape[0]} × {first.truth.shape[1]}")
            problem = claim.outside_domain(first)
    except (TypeError, ValueError, ArithmeticError, LookupError) as reason:
        raise InputError(f"world {program.world} cannot be made with {shown or 'no parameters'}: {reason}") from None
    if problem:
        raise InputError(f"{claim.id} cannot be asked of {program.world} with {shown}: {problem}")


_OWN = ("return", "seed", "seeds", "progress", "spread")


def _check_parameters(program: Cell, owner: str, known: Mapping[str, Any]) -> None:
    for name, value in program.parameters:
        if name not in known:
            raise InputError(f"{owner} has no parameter {name!r}; it has {', '.join(known)}")
        hint = known[name]
        if get_origin(hint) is Literal or name == "generator":
            allowed = get_args(hint) or GENERATOR_NAMES
            wrong = None if value in allowed else f"one of {', '.join(map(str, allowed))}"
        else:
            wrong = (
                None if type(value) is hint or (hint is float and type(value) is int) else f"of type {hint.__name__}"
            )
        if wrong:
            raise InputError(f"{owner}: parameter {name} is {value!r}, not {wrong}")


def _world(program: Cell) -> World:
    assert program.world is not None
    return WORLDS[program.world](**dict(program.parameters))  # pyright: ignore[reportArgumentType]


@functools.lru_cache(maxsize=1024)
def claim_of(program: Cell) -> Claim:
    """The claim of a cell that passed `check`, on the world of the cell if it names one."""
    claim = find_claim(program.name)
    return claim if program.world is None else replace(claim, worlds=(_world(program),))


def run_cells(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Rows of results, one a cell, in order: what `rows` yields."""
    return list(rows(cells))


def rows(cells: Sequence[Cell]) -> Iterator[dict[str, Any]]:
    """The row of every cell as soon as it is known; a row depends on its cell alone.

    Claims are asked at random draws, which depend on world and seed; `asked` counts instances on which the assumptions
    are met and both sides finite.  `record` is the JSON of an experiment.
    """
    for cell in cells:
        row: dict[str, Any] = {"cell": cell.key, "kind": cell.kind, "name": cell.name, "world": cell.world}
        row |= {"seed": cell.seed, "instances": cell.instances or None, **dict(cell.parameters)}
        if cell.kind == "claim":
            tally = tallied((claim_of(cell.program),), cell.instances, cell.seed, corners=False)[0]
            row |= {"asked": tally.asked, "violations": tally.violations}
            row |= {"min_slack": finite_or_none(tally.slack), "max_tightness": finite_or_none(tally.tightness)}
        else:
            settings: dict[str, Any] = dict(cell.parameters)
            try:
                record = simulate(cell.name, seed=cell.seed, **settings)
            except InputError as problem:
                raise InputError(f"cell {cell.name}, seed {cell.seed}, {settings}: {problem}") from None
            row["record"] = json.dumps(record, allow_nan=False)
        yield row
