"""Numbers in words, probabilities never rounded to certainty; and the disclaimer, the same everywhere."""

from __future__ import annotations

import math

DISCLAIMER = "For research and education. Not a medical device and not a diagnosis: see a professional."


def factor(log_odds: float) -> str:
    """Return by what a difference in log odds multiplies the odds: 'odds x 3.1'."""
    by = math.exp(min(log_odds, 10.0))
    if 0.001 <= by < 1000:
        return f"odds x {by:.2g}" if by < 99.5 else f"odds x {by:.0f}"
    return "odds x over 1,000" if by > 1 else "odds x under 0.001"


def percent(p: float) -> str:
    """Return a probability in per cent, never rounded to certainty."""
    if 0.001 <= p <= 0.999:
        return f"{p:.1%}"
    return "<0.1%" if p < 0.5 else ">99.9%"


def sure(p: float) -> str:
    """Return how sure an answer is, never rounded to certainty: '70% sure', '99.9% sure', '<0.1% sure'."""
    return f"{p:.0%} sure" if 0.005 < p < 0.995 else f"{percent(p)} sure"


def between(low: float, high: float) -> str:
    """Return an interval of probabilities in whole per cent, halves rounded up: '61-82%' (an en dash), '46 to >99%'.

    Never rounded to certainty.
    """
    ends = ["<1" if p < 0.005 else ">99" if p >= 0.995 else str(math.floor(100 * p + 0.5)) for p in (low, high)]
    joined = "\N{EN DASH}" if all(end.isdigit() for end in ends) else " to "
    return joined.join(dict.fromkeys(ends)) + "%"


def counted(n: int, what: str) -> str:
    """Return how many there are: '1 cause', '12 causes'."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"
