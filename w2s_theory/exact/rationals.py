"""Rationals as strings, and decimals that enclose a ball: what a certificate is written in."""

import re
from decimal import Decimal

from flint import arb, fmpq


class CertificateError(ValueError):
    """A certificate that does not hold, or cannot be checked; the message is one sentence."""


class UnreadableError(CertificateError):
    """Not a certificate of this format and version at all: truncated, not JSON, or written by another version."""


_RATIONAL = re.compile(r"-?\d{1,1000}(/\d{1,1000})?", re.ASCII)
_DECIMAL = re.compile(r"(-?\d{1,400})(?:\.(\d{1,400}))?(?:[eE]([+-]?\d{1,4}))?", re.ASCII)
_DIGITS = 18


def rational(value: object, field: str) -> fmpq:
    """The rational written "p/q" or "p"; `CertificateError` naming the field for anything else."""
    if not isinstance(value, str) or not _RATIONAL.fullmatch(value):
        raise CertificateError(f"field {field}: {shown(value)} is not a rational written as a string p/q")
    numerator, _, denominator = value.partition("/")
    if denominator and not int(denominator):
        raise CertificateError(f"field {field}: {shown(value)} has denominator zero")
    return fmpq(int(numerator), int(denominator or 1))


def decimal(value: object, field: str) -> fmpq:
    """The exact value of a decimal string; `CertificateError` naming the field for anything else."""
    found = _DECIMAL.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise CertificateError(f"field {field}: {shown(value)} is not a decimal number written as a string")
    whole, fraction, exponent = found[1], found[2] or "", int(found[3] or 0)
    return fmpq(int(whole + fraction)) * _power_of_ten(exponent - len(fraction))


def shown(value: object) -> str:
    """A short repr of anything that a JSON file can hold."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def enclosing_decimals(ball: arb) -> tuple[str, str]:
    """Decimals of 18 digits below and above every number of a finite ball."""
    low, high = ball.lower().fmpq(), ball.upper().fmpq()
    return _rounded(low, _DIGITS, up=False), _rounded(high, _DIGITS, up=True)


def rounded_down(value: fmpq, digits: int) -> fmpq:
    """The largest decimal number of so many significant digits that is not above a positive value."""
    return decimal(_rounded(value, digits, up=False), "at_least")


def _power_of_ten(exponent: int) -> fmpq:
    return fmpq(10**exponent) if exponent >= 0 else fmpq(1, 10**-exponent)


def _rounded(value: fmpq, digits: int, *, up: bool) -> str:
    if value == 0:
        return "0"
    places = digits - len(str(abs(int(value.p)))) + len(str(int(value.q)))
    if abs(value) * _power_of_ten(places) >= 10**digits:
        places -= 1
    scaled = value * _power_of_ten(places)
    return str(Decimal(int(scaled.ceil() if up else scaled.floor())).scaleb(-places))
