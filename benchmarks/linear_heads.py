"""Linear heads by mini-batch Adam, 100 tasks with a weak and a strong head each: `fit_linear_heads` beside PyTorch.

Weak heads learn the tasks, strong heads learn the weak ones' labels.  Everyone starts at the same heads and goes
through the same batches; final losses are compared before the time of a peer is printed.
PyTorch gets one thread: these products are too small for two, which wait for each other when a core is busy.
"""

import importlib.metadata
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from rich.console import Console
from rich.table import Table

from w2s_theory.experiments.misfit_design import BATCH, HEAD_LEARNING_RATE, INPUT_SCALE, INPUTS, WIDTH
from w2s_theory.predictors.relu_network import ReluNetwork, random_relu_network
from w2s_theory.training.linear_heads import fit_linear_heads
from w2s_theory.training.minibatches import batches_per_epoch, shuffled_batches

try:
    import torch
except ImportError:
    torch = None

TASKS, POINTS, EPOCHS = 100, 2000, 10
MEASURED_TASKS = 4
"""Tasks that loops over tasks are measured on; their time is scaled to all tasks."""

TRUTH, WEAK, STRONG = 5, 2, 8
"""Layers of the networks that give the features."""

ALLOWED = 1e-3
"""Largest relative difference allowed between our mean final losses and a peer's."""

Fit = Callable[[int, np.ndarray], np.ndarray]
"""Heads (17, T) of role 0 (weak) or 1 (strong) from labels (n, T)."""


class Role(NamedTuple):
    """Inputs (n, 8) and a frozen network on them, its features and a constant (n, 17), and where heads start."""

    inputs: np.ndarray
    network: ReluNetwork
    features: np.ndarray
    start: np.ndarray
    key: jax.Array

    @property
    def orders(self) -> np.ndarray:
        """The order (epochs, n) of examples in every epoch of `fit_linear_heads`."""
        keys = jax.random.split(self.key, EPOCHS)
        return np.stack([shuffled_batches(key, POINTS, BATCH).reshape(-1)[:POINTS] for key in keys]).astype(np.int64)


def draw() -> tuple[np.ndarray, tuple[Role, Role]]:
    """Labels of all tasks (n, T) and both roles, in float32; every feature has root mean square one or is dead."""
    rng = np.random.default_rng(0)
    inputs = (INPUT_SCALE * rng.standard_normal((POINTS, INPUTS))).astype(np.float32)

    def role(depth: int) -> Role:
        network = random_relu_network(rng, [INPUTS, *[WIDTH] * depth])
        size = np.sqrt(np.mean(np.asarray(network.representation(inputs)) ** 2, axis=0))
        size = np.where(size > 0, size, 1.0).astype(np.float32)
        *weights, last = network.weights
        *biases, last_bias = network.biases
        network = ReluNetwork((*weights, last / size), (*biases, last_bias / size))
        features = np.asarray(network.representation(inputs))
        features = np.concatenate([features, np.ones((POINTS, 1), np.float32)], axis=1)
        start = rng.uniform(-0.25, 0.25, (WIDTH + 1, TASKS)).astype(np.float32)
        return Role(inputs, network, features, start, jax.random.key(int(rng.integers(2**31))))

    truth, weak, strong = role(TRUTH), role(WEAK), role(STRONG)
    return truth.features @ truth.start, (weak, strong)


def experiment(labels: np.ndarray, roles: tuple[Role, Role], fit: Fit) -> np.ndarray:
    """Final losses (2, T) of weak and strong heads on what they learnt."""
    losses = []
    for number, role in enumerate(roles):
        made = role.features @ fit(number, labels)
        losses.append(np.mean((made - labels) ** 2, axis=0))
        labels = made
    return np.stack(losses)


def ours(roles: tuple[Role, Role]) -> Fit:
    """All heads of a role in one compiled loop."""
    how = {"epochs": EPOCHS, "batch": BATCH, "learning_rate": HEAD_LEARNING_RATE}
    return lambda role, labels: (
        fit_linear_heads(roles[role].start, roles[role].features, labels, roles[role].key, **how).parameters
    )


def one_after_the_other(roles: tuple[Role, Role], frozen: bool) -> Fit:
    """PyTorch as users write it: a loop over tasks, epochs and batches, with the frozen network in it or without."""

    def fit(role: int, labels: np.ndarray) -> np.ndarray:
        inputs, network, features, start, _ = roles[role]
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

    orders = [role.orders for role in roles]
    return fit


def layers(network: ReluNetwork) -> list[Any]:
    """The network as PyTorch modules without gradients."""
    made: list[Any] = []
    for weight, bias in zip(network.weights, network.biases, strict=True):
        linear = torch.nn.Linear(*weight.shape).requires_grad_(False)
        linear.weight.copy_(torch.from_numpy(weight.T))
        linear.bias.copy_(torch.from_numpy(bias))
        made += [linear, torch.nn.ReLU()]
    return made


def batched(roles: tuple[Role, Role], fused: bool) -> Fit:
    """All heads of a role in one PyTorch loop, one product of matrices a step."""

    def fit(role: int, labels: np.ndarray) -> np.ndarray:
        table, goals = torch.from_numpy(roles[role].features), torch.from_numpy(labels)
        heads = torch.nn.Parameter(torch.from_numpy(roles[role].start.copy()))
        optimiser = torch.optim.Adam([heads], lr=HEAD_LEARNING_RATE, fused=fused)
        for order in torch.from_numpy(orders[role]):
            for chosen in order.split(BATCH):
                optimiser.zero_grad()
                loss = ((table[chosen] @ heads - goals[chosen]) ** 2).mean(0).sum()
                loss.backward()
                optimiser.step()
        return heads.detach().numpy()

    orders = [role.orders for role in roles]
    return fit


def timed(work: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """Median of the seconds that `work` takes once it is warm, and its last result."""
    result, seconds = work(), []
    for _ in range(runs):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result


def main() -> None:
    """Print the table, or say that there is no PyTorch."""
    console = Console(width=120)
    names = ("w2s-theory", "jax", "numpy", *(["torch"] if torch else []))
    console.print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in names))
    steps = EPOCHS * batches_per_epoch(POINTS, BATCH)
    labels, roles = draw()
    seconds, losses = timed(lambda: experiment(labels, roles, ours(roles)), 9)
    console.print(f"{2 * TASKS} heads, {steps} steps each; mean final losses {losses.mean(axis=1)}")
    console.print(f"fit_linear_heads: {seconds:.3f} s")
    if torch is None:
        console.print("PyTorch is not installed, so there is nothing to compare with.")
        return
    torch.set_num_threads(1)
    peers: list[tuple[str, Fit, int, int]] = [
        ("one by one, frozen network in the loop", one_after_the_other(roles, True), MEASURED_TASKS, 1),
        ("one by one, features once", one_after_the_other(roles, False), MEASURED_TASKS, 3),
        ("all heads batched", batched(roles, False), TASKS, 5),
        ("all heads batched, fused Adam", batched(roles, True), TASKS, 5),
    ]
    table = Table("PyTorch", "tasks", "time", "ours just after it", "ratio", "final losses differ by")
    for name, fit, tasks, runs in peers:
        taken, theirs = timed(lambda fit=fit, tasks=tasks: experiment(labels[:, :tasks], roles, fit), runs)
        mine = losses[:, :tasks].mean(axis=1)
        apart = float(np.max(np.abs(theirs.mean(axis=1) - mine) / mine))
        if apart > ALLOWED:
            sys.exit(f"{name}: final losses differ by {apart:.1e} of ours, more than {ALLOWED:g}")
        taken *= TASKS / tasks
        seconds, _ = timed(lambda: experiment(labels, roles, ours(roles)), 9)
        measured = "all" if tasks == TASKS else f"scaled from {tasks} tasks"
        table.add_row(name, measured, f"{taken:.3f} s", f"{seconds:.3f} s", f"{taken / seconds:.3g}", f"{apart:.0e}")
    console.print(table)


if __name__ == "__main__":
    main()
