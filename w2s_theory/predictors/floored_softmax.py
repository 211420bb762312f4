"""A softmax head that keeps a floor: the floor is part of the model, in training and in evaluation alike."""

import jax
import jax.numpy as jnp

from w2s_theory._types import Rows, Scalar


def floored_softmax(logits: Rows, floor: Scalar | float) -> jax.Array:
    r"""$F=\gamma+(1-k\gamma)\,\mathrm{softmax}(\ell)$ over the last axis of `logits (…, k)`.

    Rows (…, k) on the simplex whose entries lie in $[\gamma,1-(k-1)\gamma]$; $0\le\gamma\le1/k$.
    """
    logits = jnp.asarray(logits)
    return jnp.asarray(floor) + (1.0 - logits.shape[-1] * floor) * jax.nn.softmax(logits, axis=-1)
