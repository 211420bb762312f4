# pyright: reportMissingImports=false
"""Linear heads by mini-batch Adam, 100 tasks with a weak and a strong head each: `fit_linear_heads` beside PyTorch.

Weak heads learn the tasks, strong heads learn the weak ones' labels.  Everyone starts at the same heads and goes
through the same batches; mean final losses are compared.  PyTorch gets one thread: these products are too small for
two, which wait for each other when a core is busy.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from benchmarks.apart import Work
from benchmarks.contest import OURS, Case, Contestant
from benchmarks.targets import Target, lead, seconds
from benchmarks.task import Task
from w2s_theory import simulate
from w2s_theory.experiments.misfit_design import BATCH, HEAD_LEARNING_RATE, INPUT_SCALE, INPUTS, WIDTH
from w2s_theory.predictors.relu_network import ReluNetwork, random_relu_network
from w2s_theory.training.linear_heads import fit_linear_heads
from w2s_theory.training.minibatches import batches_per_epoch, shuffled_batches

MEASURED_TASKS = 4
"""Tasks that loops over tasks are measured on; their time is scaled to all tasks."""

TRUTH, WEAK, STRONG = 5, 2, 8
"""Layers of the networks that give the features."""

ALLOWED = 1e-3
"""Largest relative difference allowed between mean final losses."""

HEADS, WHOLE = "heads", "the whole experiment"
FROZEN, ONCE, BATCHED = "loop, frozen network in it", "loop, features once", "batched"

Fit = Callable[[int, np.ndarray], np.ndarray]
"""Heads (17, T) of role 0 (weak) or 1 (strong) from labels (n, T)."""


class Role(NamedTuple):
    """Inputs (n, 8) and a frozen network on them, its features and a constant (n, 17), and where heads start."""

    inputs: np.ndarray
    network: ReluNetwork
    features: np.ndarray
    start: np.ndarray
    key: jax.Array
    epochs: int

    @property
    def orders(self) -> np.ndarray:
        """The order (epochs, n) of examples in every epoch of `fit_linear_heads`."""
        points = len(self.inputs)
        keys = jax.random.split(self.key, self.epochs)
        return np.stack([shuffled_batches(key, points, BATCH).reshape(-1)[:points] for key in keys]).astype(np.int64)


class Experiment(NamedTuple):
    """Labels of all tasks (n, T) and both roles, in float32."""

    labels: np.ndarray
    roles: tuple[Role, Role]

    def losses(self, fit: Fit, tasks: int) -> np.ndarray:
        """Mean final losses (2,) of weak and strong heads on what they learnt."""
        labels, losses = self.labels[:, :tasks], []
        for number, role in enumerate(self.roles):
            made = role.features @ fit(number, labels)
            losses.append(np.mean((made - labels) ** 2))
            labels = made
        return np.stack(losses)


def draw(tasks: int, points: int, epochs: int) -> Experiment:
    """Every feature has root mean square one or is dead."""
    rng = np.random.default_rng(0)
    inputs = (INPUT_SCALE * rng.standard_normal((points, INPUTS))).astype(np.float32)

    def role(depth: int) -> Role:
        network = random_relu_network(rng, [INPUTS, *[WIDTH] * depth])
        size = np.sqrt(np.mean(np.asarray(network.representation(inputs)) ** 2, axis=0))
        size = np.where(size > 0, size, 1.0).astype(np.float32)
        *weights, last = network.weights
        *biases, last_bias = network.biases
        network = ReluNetwork((*weights, last / size), (*biases, last_bias / size))
        features = np.asarray(network.representation(inputs))
        features = np.concatenate([features, np.ones((points, 1), np.float32)], axis=1)
        start = rng.uniform(-0.25, 0.25, (WIDTH + 1, tasks)).astype(np.float32)
        return Role(inputs, network, features, start, jax.random.key(int(rng.integers(2**31))), epochs)

    truth, weak, strong = role(TRUTH), role(WEAK), role(STRONG)
    return Experiment(truth.features @ truth.start, (weak, strong))


def ours(experiment: Experiment) -> Fit:
    """All heads of a role in one compiled loop."""
    roles = experiment.roles
    how = {"epochs": roles[0].epochs, "batch": BATCH, "learning_rate": HEAD_LEARNING_RATE}

    def fit(role: int, labels: np.ndarray) -> np.ndarray:
        start = roles[role].start[:, : labels.shape[1]]
        return fit_linear_heads(start, roles[role].features, labels, roles[role].key, **how).parameters

    return fit


def one_after_the_other(experiment: Experiment, frozen: bool) -> Fit:
    """PyTorch as users write it: a loop over tasks, epochs and batches, with the frozen network in it or without."""
    import torch

    def fit(role: int, labels: np.ndarray) -> np.ndarray:
        inputs, network, features, start, *_ = experiment.roles[role]
        table, goals = torch.from_numpy(inputs if frozen else features[:, :-1]), torch.from_numpy(labels)
        heads = []
        for task in range(labels.shape[1]):
            head = torch.nn.Linear(WIDTH, 1)
            with torch.no_grad():
                head.weight.copy_(torch.from_numpy(start[:-1, task]))
                head.bias.fill_(float(start[-1, task]))
            model = torch.nn.Sequential(*layers(network), head) if frozen else head
            optimiser = torch.optim.Adam(head.parameters(), lr=HEAD_LEARNING_RATE)
            for order in torch.from_numpy(orders[role]):
                for chosen in order.split(BATCH):
                    optimiser.zero_grad()
                    loss = torch.nn.functional.mse_loss(model(table[chosen])[:, 0], goals[chosen, task])
                    loss.backward()
                    optimiser.step()
            heads.append(torch.cat([head.weight.detach()[0], head.bias.detach()]).numpy())
        return np.stack(heads, axis=1)

    orders = [role.orders for role in experiment.roles]
    return fit


def layers(network: ReluNetwork) -> list[Any]:
    """The network as PyTorch modules without gradients."""
    import torch

    made: list[Any] = []
    for weight, bias in zip(network.weights, network.biases, strict=True):
        linear = torch.nn.Linear(*weight.shape).requires_grad_(False)
        linear.weight.copy_(torch.from_numpy(np.array(weight.T)))
        linear.bias.copy_(torch.from_numpy(np.array(bias)))
        made += [linear, torch.nn.ReLU()]
    return made


def batched(experiment: Experiment, fused: bool) -> Fit:
    """All heads of a role in one PyTorch loop, one product of matrices a step."""
    import torch

    def fit(role: int, labels: np.ndarray) -> np.ndarray:
        features, start = experiment.roles[role].features, experiment.roles[role].start
        table, goals = torch.from_numpy(features), torch.from_numpy(labels)
        heads = torch.nn.Parameter(torch.from_numpy(start.copy()))
        optimiser = torch.optim.Adam([heads], lr=HEAD_LEARNING_RATE, fused=fused)
        for order in torch.from_numpy(orders[role]):
            for chosen in order.split(BATCH):
                optimiser.zero_grad()
                loss = ((table[chosen] @ heads - goals[chosen]) ** 2).mean(0).sum()
                loss.backward()
                optimiser.step()
        return heads.detach().numpy()

    orders = [role.orders for role in experiment.roles]
    return fit


def one_thread(work: Work) -> Work:
    """The work with PyTorch kept to one thread."""
    import torch

    def kept() -> Any:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return work()
        finally:
            torch.set_num_threads(before)

    return kept


def heads_case(tasks: int, points: int, epochs: int) -> Case:
    """Final losses of all heads."""
    experiment = draw(tasks, points, epochs)
    few = min(MEASURED_TASKS, tasks)
    mine = experiment.losses(ours(experiment), few)

    def few_losses(value: Any) -> float:
        return float(np.max(np.abs(value / mine - 1.0)))

    def loop(name: str, frozen: bool) -> Contestant:
        def prepare() -> Work:
            return one_thread(partial(experiment.losses, one_after_the_other(experiment, frozen), few))

        scaled = f"PyTorch one by one, {name} (from {few} tasks)"
        return Contestant(scaled, prepare, FROZEN if frozen else ONCE, share=few / tasks, error=few_losses)

    def abreast(name: str, fused: bool) -> Contestant:
        def prepare() -> Work:
            return one_thread(partial(experiment.losses, batched(experiment, fused), tasks))

        return Contestant(f"PyTorch, {name}", prepare, BATCHED)

    contestants = (
        Contestant("fit_linear_heads", lambda: partial(experiment.losses, ours(experiment), tasks), OURS),
        loop("frozen network in the loop", True),
        loop("features once", False),
        abreast("all heads batched", False),
        abreast("all heads batched, fused Adam", True),
    )
    steps = epochs * batches_per_epoch(points, BATCH)
    return Case(
        f"{2 * tasks} heads on ({points:,}, {WIDTH}), {steps} steps each",
        contestants,
        HEADS,
        ALLOWED,
        error_name="losses differ by",
        count=2 * tasks * steps,
        unit="steps of a head",
    )


def whole_case() -> Case:
    """Pretraining and all heads, the papers' 1,000 epochs of Adam."""

    def work() -> int:
        return len(simulate("misfit-gain"))

    return Case(
        "the experiment with both representations pretrained, heads by 1,000 epochs of Adam",
        (Contestant("simulate('misfit-gain')", lambda: work, OURS),),
        WHOLE,
        0.0,
    )


def cases(quick: bool) -> Iterator[Case]:
    """All cases; the whole experiment is not for a quick look."""
    yield heads_case(*((5, 70, 2) if quick else (100, 2000, 10)))
    if not quick:
        yield whole_case()


TASK = Task(
    "linear_heads",
    "Linear heads",
    "Heads on frozen features by Adam, batches of 32, learning rate 1e-3, in float32.  The time of a loop over tasks "
    "is scaled from a few of them.  The whole experiment has no peer: its target is a time.",
    cases,
    (
        Target("heads: ahead of a PyTorch loop over tasks, frozen network in it", HEADS, lead(FROZEN), least=200.0),
        Target(
            "heads: ahead of PyTorch with all heads batched",
            HEADS,
            lead(BATCHED),
            least=5.0,
            why="PyTorch's batched heads do the same few products a step; how far behind they are moves about the "
            "target from run to run.",
        ),
        Target("the whole experiment, pretraining included: seconds", WHOLE, seconds, most=240.0),
    ),
)
