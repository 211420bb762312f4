"""Verify certificates in a fresh process: `python -m w2s_theory.exact FILE...`.

One line a file.  Exit code 0 if all were accepted, 1 if one was rejected, 2 if one could not be read.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from w2s_theory.exact import box_certificate
from w2s_theory.exact.certificate import RULES, check, parsed
from w2s_theory.exact.rationals import CertificateError, UnreadableError

_USAGE = "usage: python -m w2s_theory.exact FILE..."


def verdict(text: str) -> str:
    """What a certificate that holds states, in one line; `CertificateError` if it does not hold."""
    data = parsed(text)
    if data.get("format") == box_certificate.FORMAT:
        return str(box_certificate.check(data))
    checked = check(data)
    under = f" without {checked.dropped}" if checked.dropped else ""
    sharper = f", bound times {checked.factor}," if checked.factor != 1 else ""
    difference = "|lhs - rhs|" if RULES[checked.claim].identity else "lhs - rhs"
    return f"{checked.claim}{under}{sharper} {difference} >= {checked.at_least}"


def main(files: Sequence[str]) -> int:
    """Verify each file, print one line for each, and return the exit code."""
    if not files:
        print(_USAGE, file=sys.stderr)  # noqa: T201
        return 2
    code = 0
    for name in files:
        try:
            print(f"{name}: certified: {verdict(Path(name).read_text(encoding='utf-8'))}")  # noqa: T201
        except (OSError, UnicodeDecodeError, UnreadableError) as problem:
            print(f"{name}: cannot be read as a certificate: {problem}", file=sys.stderr)  # noqa: T201
            code = max(code, 2)
        except CertificateError as problem:
            print(f"{name}: rejected: {problem}")  # noqa: T201
            code = max(code, 1)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
