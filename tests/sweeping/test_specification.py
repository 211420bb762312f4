"""A sweep file names exactly the cells one would write down by hand; what is not a sweep is refused by one sentence."""

import dataclasses
import itertools
import typing

import pytest

from w2s_theory.catalogue import CLAIMS
from w2s_theory.errors import InputError
from w2s_theory.sweeping.cells import WORLDS, Cell
from w2s_theory.sweeping.specification import cells_of, read_cells
from w2s_theory.worlds.world import World


def test_the_grid_is_the_product(specification):
    cells = read_cells(specification())
    tables = [
        Cell("claim", "pinsker", seed, 32, "FlooredTables", (("classes", 2), ("inputs", inputs)))
        for inputs, seed in itertools.product((1, 2), range(30))
    ]
    assert cells == [*tables, *(Cell("claim", "hellinger-tv-lower", seed, 32) for seed in range(30))]
    assert len({cell.key for cell in cells}) == len(cells)


def test_words_for_claims_and_lists_of_seeds():
    for word in ("all", "proved", "refuted"):
        cells = cells_of({"claims": [{"ids": word}], "seeds": [7, 3]})
        wanted = [claim.id for claim in CLAIMS if word in ("all", claim.status.value)]
        assert [(cell.name, cell.seed) for cell in cells] == [(name, seed) for name in wanted for seed in (7, 3)]


def test_experiments_have_their_settings():
    cells = cells_of({"experiments": [{"names": ["misfit-gain"], "quick": True, "student_inputs": ["same", "fresh"]}]})
    assert [dict(cell.parameters) for cell in cells] == [
        {"quick": True, "student_inputs": "same"},
        {"quick": True, "student_inputs": "fresh"},
    ]


RANDOM = """
seeds = 1000
[random]
cells = 500
seed = 3
[[claims]]
ids = ["pinsker", "bretagnolle-huber"]
world = "FlooredTables"
inputs = { low = 1, high = 4 }
classes = [2, 5]
"""


def test_random_cells_are_drawn_from_the_axes_and_from_the_seed_alone(specification):
    cells = read_cells(specification(RANDOM))
    assert cells == read_cells(specification(RANDOM))
    assert set(cells) != set(read_cells(specification(RANDOM.replace("seed = 3", "seed = 4"))))
    assert 450 < len(cells) <= 500
    assert {dict(cell.parameters)["inputs"] for cell in cells} == {1, 2, 3, 4}
    assert {dict(cell.parameters)["classes"] for cell in cells} == {2, 5}
    assert {cell.name for cell in cells} == {"pinsker", "bretagnolle-huber"}
    programs = [cell.program for cell in cells]
    assert len(list(itertools.groupby(programs))) == len(set(programs))


def test_logarithmic_ranges_of_whole_numbers_are_whole_and_reach_both_ends(specification):
    text = RANDOM.replace("{ low = 1, high = 4 }", "{ low = 1, high = 9, log = true }")
    drawn = [dict(cell.parameters)["inputs"] for cell in read_cells(specification(text))]
    assert set(drawn) == set(range(1, 10))
    assert drawn.count(1) > 2 * drawn.count(5) > 0


def test_every_world_that_can_be_made_of_plain_values_is_known():
    made = {"GaussianMixture"}  # one fixed instance, not a family of them

    def below(kind):
        return {kind, *itertools.chain.from_iterable(map(below, kind.__subclasses__()))}

    def plain(kind):
        hints = [typing.get_type_hints(kind)[field.name] for field in dataclasses.fields(kind)]
        return all(hint in (int, bool, str) or typing.get_origin(hint) is typing.Literal for hint in hints)

    own = {w for w in below(World) - {World} if w.__module__.startswith("w2s_theory.") and not w.__abstractmethods__}
    assert {world.__name__ for world in own if plain(world)} - made == set(WORLDS)


CLAIM = '[[claims]]\nids = ["pinsker"]\n'
TABLES = CLAIM + 'world = "FlooredTables"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the grid is empty: there is neither a claim nor an experiment"),
        ("seeds = 0\n" + CLAIM, "the grid is empty: pinsker has no values for seed"),
        (
            TABLES + "inputs = []\nclasses = 2",
            "the grid is empty: pinsker has no values for inputs",
        ),
        ("speed = 1\n" + CLAIM, "unknown key 'speed' in the file; known: instances, seeds"),
        ("seeds = -1\n" + CLAIM, "seeds -1 is not a whole number of at least 0"),
        ("instances = 0\n" + CLAIM, "instances 0 is not a whole number of at least 1"),
        ("instances = true\n" + CLAIM, "instances True is not"),
        (CLAIM.replace("pinsker", "pinsky"), "unknown claim id 'pinsky'"),
        (CLAIM.replace('["pinsker"]', '"some"'), "claims 0: ids is not a list of names"),
        (CLAIM + 'world = "Mars"', "unknown world 'Mars'; known: ExtremalPairs"),
        (CLAIM + "inputs = 2", "claims 0: inputs is a parameter of a world, and no world is named"),
        (TABLES + "size = 2", "world FlooredTables has no parameter 'size'; it has inputs"),
        (
            TABLES + "inputs = 2",
            "world FlooredTables cannot be made with inputs = 2: .*classes",
        ),
        (TABLES + "inputs = { low = 1, high = 2 }\nclasses = 2", r"which needs \[random\]"),
        (TABLES + "inputs = { low = 3, high = 2 }", "low 3 is above high 2"),
        (
            TABLES + "inputs = { low = 0.0, high = 2.0, log = true }",
            "logarithmic range reaches zero",
        ),
        (TABLES + "inputs = [[1]]", "is not a number, a word or true or false"),
        (
            CLAIM + 'world = "RealTables"\ninputs = 1\nclasses = 1',
            "pinsker cannot be asked of RealTables .*field kind",
        ),
        ('[[experiments]]\nnames = ["x"]', "unknown experiment 'x'; known: bound-scatter"),
        (TABLES + "inputs = 2.0\nclasses = 2", "world FlooredTables: parameter inputs is 2.0, not of type int"),
        (TABLES + "inputs = true\nclasses = 2", "parameter inputs is True, not of type int"),
        (TABLES + "inputs = 0\nclasses = 2", "with classes = 2, inputs = 0: inputs and classes must be positive"),
        (TABLES + 'inputs = 1\nclasses = 2\ngenerator = "zz"', "parameter generator is 'zz', not one of kl"),
        (TABLES + f"inputs = {2**63}\nclasses = 2", "inputs: 9223372036854775808 is beyond"),
        (TABLES.replace("FlooredTables", "ExtremalPairs") + "inputs = 7", "with inputs = 7: its tables are 1 × 2"),
        (CLAIM + "seed = 3", "claims 0: seeds are given once for all, at the top of the file"),
        (f"seeds = [{2**63}]\n" + CLAIM, "seeds 9223372036854775808 is not a whole number"),
        (
            '[[experiments]]\nnames = ["balance"]\nspeed = 1',
            "experiment balance has no parameter 'speed'; it has",
        ),
        ('[[experiments]]\nnames = ["balance"]\nprogress = 1', "experiment balance has no parameter 'progress'"),
        ('[[experiments]]\nnames = ["balance"]\nquick = 1', "parameter quick is 1, not of type bool"),
        ("[claims]\nids = 1", r"claims is not a list of tables: write \[\[claims\]\]"),
        ("[random]\ncells = 0\n" + CLAIM, "random.cells 0 is not"),
        ("seeds = 1000000000000\n" + CLAIM, "the grid has 1,000,000,000,000 cells, more than 10,000,000"),
        ("seeds = [", "is not TOML"),
    ],
)
def test_what_is_not_a_sweep_is_refused(specification, text, message):
    path = specification(text)
    with pytest.raises(InputError, match=message) as problem:
        read_cells(path)
    assert str(problem.value).startswith(f"{path}: ") and "\n" not in str(problem.value)
