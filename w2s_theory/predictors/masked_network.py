"""A network whose capacity is a mask, so that models of different capacity train in one compiled batch."""

import equinox as eqx
import jax
import jax.numpy as jnp

from w2s_theory._types import Array
from w2s_theory.predictors.floored_softmax import floored_softmax


class Capacity(eqx.Module):
    """What a network may use: `seen (p,)`, one for each feature it sees, and `active (h,)`, one for each hidden unit.

    No active unit leaves a linear softmax head.
    """

    seen: Array
    active: Array


class Network(eqx.Module):
    r"""Logits $(x\odot s)A+b+[\tanh((x\odot s)U+c)\odot a]\,V$ for the masks s (features seen), a (active units).

    `skip` A (p, k), `bias` b (k,), `inward` U (p, h), `shift` c (h,), `outward` V (h, k).  Parameters behind a mask
    have no influence and zero gradient: the network *is* the smaller network of the unmasked parameters.
    """

    skip: Array
    bias: Array
    inward: Array
    shift: Array
    outward: Array

    def logits(self, inputs: Array, capacity: Capacity) -> jax.Array:
        """Logits (n, k) of `inputs (n, p)`."""
        inputs = jnp.asarray(inputs)
        seen = jnp.asarray(capacity.seen)[:, None]
        hidden = jnp.tanh(inputs @ (seen * self.inward) + self.shift) * capacity.active
        return inputs @ (seen * self.skip) + self.bias + hidden @ self.outward

    def rows(self, inputs: Array, capacity: Capacity, floor: Array | float) -> jax.Array:
        """Predicted rows (n, k): the floored softmax of the logits."""
        return floored_softmax(self.logits(inputs, capacity), floor)
