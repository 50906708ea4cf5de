"""Intervals of confidence of shares: how far chance alone may have moved them."""

from math import sqrt
from typing import NamedTuple

Z_95 = 1.959964  # of the normal distribution: 95 % lie within


class Interval(NamedTuple):
    """A share, or a difference of two, and the interval of 95 % around it; between -1 and 1."""

    estimate: float
    low: float
    high: float


def wilson(count, total):
    """Return the interval of a share, by Wilson's score: it stays within 0 and 1 and holds for few
    cases, too.

    Wilson, E. B. (1927): Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 22, 209-212.
    """
    share, square = count / total, Z_95**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    spread = sqrt(share * (1 - share) / total + square / (4 * total**2))
    half = Z_95 * spread / (1 + square / total)
    return Interval(share, middle - half, middle + half)


def newcombe(count, total, other_count, other_total):
    """Return the interval of the difference of two shares, the first less the other, of cases that
    have nothing to do with one another: the hybrid of Wilson's scores.

    Newcombe, R. G. (1998): Interval estimation for the difference between independent proportions:
    comparison of eleven methods. Statistics in Medicine 17, 873-890, method 10.
    """
    one, other = wilson(count, total), wilson(other_count, other_total)
    difference = one.estimate - other.estimate
    below = sqrt((one.estimate - one.low) ** 2 + (other.high - other.estimate) ** 2)
    above = sqrt((one.high - one.estimate) ** 2 + (other.estimate - other.low) ** 2)
    return Interval(difference, difference - below, difference + above)
