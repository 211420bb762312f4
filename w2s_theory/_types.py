"""Array types: what shapes the package speaks of.

`m` inputs (atoms), `k` classes.  Arrays may be NumPy or JAX arrays; `Rows` of one shape or of
shapes that broadcast.
"""

import jax
import numpy as np
from jaxtyping import Float, Int

Array = jax.Array | np.ndarray

Scalar = Float[Array, ""]
Vector = Float[Array, " m"]
Table = Float[Array, "m k"]
Rows = Float[Array, "*#rows k"]
Reals = Float[Array, "*shape"]
Groups = Int[Array, " m"]
