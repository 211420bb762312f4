"""The independent verifier of certificates: the standard library and ball arithmetic, nothing of the search.

`check` accepts a certificate or says in one sentence why not; `sealed` writes one; `enclose` is what both rest on.
"""

from w2s_theory.exact.certificate import Checked, Sides, check, enclose, sealed
from w2s_theory.exact.rationals import CertificateError, UnreadableError

__all__ = ["CertificateError", "Checked", "Sides", "UnreadableError", "check", "enclose", "sealed"]
