"""One cell of a sweep: what is run, with which parameters and seed; and its row of results."""

import functools
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Literal

from w2s_theory.catalogue import find_claim
from w2s_theory.claim import Claim
from w2s_theory.errors import InputError
from w2s_theory.experiments.simulation import simulate
from w2s_theory.verification.evaluation import finite_or_none
from w2s_theory.verification.sweep import tallied
from w2s_theory.worlds.extremal import ExtremalPairs
from w2s_theory.worlds.separating import SeparatingTables
from w2s_theory.worlds.strained_students import StrainedStudents
from w2s_theory.worlds.students import Students
from w2s_theory.worlds.tables import FlooredTables, RealTables
from w2s_theory.worlds.teachers import Teachers
from w2s_theory.worlds.tied import PartitionedTables, TiedTables
from w2s_theory.worlds.world import World

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
            StrainedStudents,
            Students,
            Teachers,
            TiedTables,
        )
    }
)
"""Worlds that a sweep can set the parameters of, by name."""


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


@functools.lru_cache(maxsize=1024)
def claim_of(program: Cell) -> Claim:
    """The claim of a cell, on the world of the cell if it names one.

    `InputError` for an unknown claim or world, a parameter the world lacks or cannot have, or a claim that cannot be
    asked of such instances.
    """
    claim = find_claim(program.name)
    if program.world is None:
        return claim
    if program.world not in WORLDS:
        raise InputError(f"unknown world {program.world!r}; known: {', '.join(WORLDS)}")
    known = {field.name: field for field in fields(WORLDS[program.world])}
    unknown = next((name for name, _ in program.parameters if name not in known), None)
    if unknown is not None:
        raise InputError(f"world {program.world} has no parameter {unknown!r}; it has {', '.join(known)}")
    shown = ", ".join(f"{name} = {value!r}" for name, value in program.parameters)
    try:
        world = WORLDS[program.world](**dict(program.parameters))  # pyright: ignore[reportArgumentType]
        first = next(iter(world.corners()), None)
        problem = None if first is None else claim.outside_domain(first)
    except (TypeError, ValueError, ArithmeticError) as reason:
        raise InputError(f"world {program.world} cannot be made with {shown or 'no parameters'}: {reason}") from None
    if problem:
        raise InputError(f"{claim.id} cannot be asked of {program.world} with {shown}: {problem}")
    return replace(claim, worlds=(world,))


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
            row["record"] = json.dumps(simulate(cell.name, seed=cell.seed, **settings), allow_nan=False)
        yield row
