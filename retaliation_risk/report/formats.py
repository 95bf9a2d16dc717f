"""How numbers and dates are written: each on the page is one of the run folder, in one of :data:`FORMATS`.

Functions here write English marks (1,234.5); :func:`show` and :func:`localise` put those of the locale in their place, which
holds within :func:`written_for`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date as Date
from typing import Any, NamedTuple

from retaliation_risk._validate import one_of
from retaliation_risk._words import NBSP

NOTHING = "\u2013"


class Locale(NamedTuple):
    """The mark before decimals, the mark between thousands, and a date as :meth:`datetime.date.strftime` writes it."""

    decimal: str
    thousands: str
    date: str


LOCALES = {
    "en": Locale(".", ",", "%Y-%m-%d"),
    "de": Locale(",", ".", "%d.%m.%Y"),
    "fr": Locale(",", "\u202f", "%d/%m/%Y"),
}
DEFAULT_LOCALE = "en"
_LOCALE: ContextVar[str] = ContextVar("locale", default=DEFAULT_LOCALE)
# A mark counts only between digits, the thousands mark before three of them.
_MARKS = re.compile(r"(?<=\d)(?:,(?=\d{3}(?!\d))|\.(?=\d))")


@contextmanager
def written_for(locale: str) -> Iterator[None]:
    """Write numbers and dates as is usual where ``locale`` is spoken; words stay what they are.

    Parameters
    ----------
    locale : str
        A key of :data:`LOCALES`.

    Raises
    ------
    ArgumentError
        RR111 for another.

    Examples
    --------
    >>> with written_for("de"):
    ...     print(show(1234.5, "ratio"), show("2026-03-01", "date"))
    1.234,50 01.03.2026
    """
    token = _LOCALE.set(one_of("locale", locale, tuple(LOCALES)))
    try:
        yield
    finally:
        _LOCALE.reset(token)


def current_locale() -> str:
    """Return the key of :data:`LOCALES` that holds now."""
    return _LOCALE.get()


def localise(written: str) -> str:
    """Return a number that was written with English marks with those of the locale.

    Examples
    --------
    >>> with written_for("de"):
    ...     localise("1,234,567.5 of 3, 4")
    '1.234.567,5 of 3, 4'
    """
    locale = LOCALES[_LOCALE.get()]
    return _MARKS.sub(lambda mark: locale.thousands if mark[0] == "," else locale.decimal, written)


def text(value: Any) -> str:
    """Write anything as it is; lists with commas, None as a dash, whole numbers without decimals.

    Examples
    --------
    >>> text(["a", "b"]), text(True), text(30.0)
    ('a, b', 'yes', '30')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or NOTHING
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return NOTHING if value is None or value == "" else str(value)


def date(value: str) -> str:
    """Write a day that is given as ISO 8601; what is no day stays as it is.

    Examples
    --------
    >>> date("2026-03-01"), date("all")
    ('2026-03-01', 'all')
    """
    try:
        return Date.fromisoformat(value[:10]).strftime(LOCALES[_LOCALE.get()].date)
    except ValueError:
        return value


def count(value: float) -> str:
    """Write a whole number.

    Examples
    --------
    >>> count(1234.0)
    '1,234'
    """
    return f"{value:,.0f}"


def percent(value: float) -> str:
    """Write a share; one decimal below 10 % and from 99 %, two digits that count below 1 %; 0 % is none, 100 % is all.

    Examples
    --------
    >>> percent(0.314).split(), percent(0.0421).split()
    (['31', '%'], ['4.2', '%'])
    >>> percent(0.9991).split(), percent(0.99996).split(), percent(1.0).split()
    (['99.9', '%'], ['99.996', '%'], ['100', '%'])
    >>> percent(0.0004).split(), percent(0.000123).split(), percent(0.0).split()
    (['0.04', '%'], ['0.012', '%'], ['0', '%'])
    """
    size = abs(value)
    if 0 < size < 0.01:
        return _signed(f"{_two_digits(100 * value)}{NBSP}%")
    digits = 0 if 0.0995 <= size < 0.99 or size >= 1 or value == 0 else 1
    while size < 1 and digits < 4 and f"{100 * size:.{digits}f}".startswith("100"):
        digits += 1
    return _signed(f"{100 * value:.{digits}f}{NBSP}%")


def per_hundred(value: float) -> str:
    """Write a share as a count out of 100, whole from 1 on; less than 1 is never written as 0.

    Examples
    --------
    >>> per_hundred(0.314), per_hundred(0.0004), per_hundred(0.0)
    ('31', '0.04', '0')
    """
    small = 0 < abs(value) < 0.01
    return _signed(_two_digits(100 * value) if small else f"{100 * value:.0f}")


def p_value(value: float) -> str:
    """Write a p-value; what is below a thousandth is not told apart.

    Examples
    --------
    >>> p_value(0.0312), p_value(9e-25)
    ('0.031', '< 0.001')
    """
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def tenths(value: float) -> str:
    """Write a share as a count out of 100 with one decimal.

    Examples
    --------
    >>> tenths(0.2222)
    '22.2'
    """
    return _signed(f"{100 * value:.1f}")


def _two_digits(value: float) -> str:
    """Write a number between -1 and 1 with the two digits that count, not in powers of ten, without zeros at its end.

    Examples
    --------
    >>> _two_digits(0.04), _two_digits(-0.00001234), _two_digits(0.996)
    ('0.04', '-0.000012', '1')
    """
    digits = 1 - math.floor(math.log10(abs(value)))
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def number(value: float) -> str:
    """Write a number to three significant digits, two below a thousandth; less than a millionth is 0.

    Examples
    --------
    >>> number(0.8312), number(2.5), number(12034.0), number(0.00003471), number(5e-16)
    ('0.831', '2.5', '12,034', '0.000035', '0')
    """
    if abs(value) < 0.001:
        return _signed(_two_digits(value)) if abs(value) >= 1e-6 else "0"
    return _signed(f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}")


def ratio(value: float) -> str:
    """Write a ratio with two decimals.

    Examples
    --------
    >>> ratio(1.823)
    '1.82'
    """
    return _signed(f"{value:,.2f}")


def _signed(written: str) -> str:
    """Write minus as a minus sign, and never a minus zero."""
    if written.startswith("-"):
        bare = written[1:]
        return f"\u2212{bare}" if any(c in "123456789" for c in bare) else bare
    return written


FORMATS: dict[str, Callable[[Any], str]] = {
    "text": text,
    "date": date,
    "count": count,
    "percent": percent,
    "per_hundred": per_hundred,
    "tenths": tenths,
    "number": number,
    "p_value": p_value,
    "ratio": ratio,
}


def show(value: Any, kind: str = "text") -> str:
    """Write ``value`` in the way of ``kind``, a key of :data:`FORMATS`.

    Examples
    --------
    >>> print(show(1200, "count"), show(True))
    1,200 yes
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NOTHING
    if kind == "date" and isinstance(value, str):
        return date(value)
    if isinstance(value, str | bool | list | tuple):
        return text(value)
    written = FORMATS[kind](value)
    return written if kind == "text" else localise(written)
