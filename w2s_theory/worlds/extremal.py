"""One input, two classes, on the sharp curve between KL divergence and total variation."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from w2s_theory._types import Array
from w2s_theory.functionals.joint_range import extremal_pair
from w2s_theory.instance import Instance
from w2s_theory.worlds.world import Block, World


@dataclass(frozen=True)
class ExtremalPairs(World):
    """Weak model = truth = p and student = q for the extremal pair (p, q) at $t=e^z$, plus a push off the curve.

    The push moves the student's log-odds; at z = 0 it is absent and t = 1.
    """

    inputs: int = 1
    classes: int = 2

    @property
    def blocks(self) -> tuple[Block, ...]:
        """log t, and the push."""
        return (Block("log_t", 1, 0.1, 3.0), Block("push", 1, 1e-9, 1.0))

    def decode(self, z: Array) -> Instance:
        """The pair, its student pushed."""
        part = self.split(z)
        p, q = extremal_pair(jnp.exp(part["log_t"]))
        log_odds = jnp.log(q) + jnp.concatenate([part["push"], jnp.zeros(1)])
        student = jax.nn.softmax(log_odds, axis=-1)
        return Instance(jnp.ones(1), p, p, student, jnp.minimum(jnp.min(p), jnp.min(student)))

    def corners(self) -> tuple[Instance, ...]:
        """On the curve, near equality and far from it."""
        return tuple(extremal_instance(t) for t in (1e-6, 1e-2, 1.0, 10.0))


def extremal_instance(t: float) -> Instance:
    """Weak model = truth = p, student = q for the extremal pair at parameter t."""
    p, q = (np.asarray(row) for row in extremal_pair(np.array([t])))
    return Instance(np.ones(1), p, p, q, np.asarray(min(p.min(), q.min())))
