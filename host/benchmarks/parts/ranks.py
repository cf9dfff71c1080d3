"""A rank test: whether two samples of figures can be of one distribution."""

import math
from collections.abc import Sequence
from itertools import groupby


def deviations(some: Sequence[float], others: Sequence[float]) -> float:
    """Return by how many standard deviations the ranks of *some* are above the expected ones.

    Of one distribution, it is within 3.29 in 999 of 1,000 pairs of samples.

    Args:
        some: 20 figures or more.
        others: 20 figures or more.

    Source: Mann and Whitney, On a test of whether one of two random variables is stochastically
    larger than the other (1947); the normal approximation, corrected for equal figures.
    """
    number, total = len(some), len(some) + len(others)
    marked = sorted([(one, True) for one in some] + [(one, False) for one in others])
    ranks, ties, below = 0.0, 0.0, 0
    for _, group in groupby(marked, key=lambda pair: pair[0]):
        equal = [is_of_some for _, is_of_some in group]
        ranks += sum(equal) * (below + (len(equal) + 1) / 2)
        ties += len(equal) ** 3 - len(equal)
        below += len(equal)
    expected = number * (total + 1) / 2
    spread = number * (total - number) / 12 * (total + 1 - ties / (total * (total - 1)))
    return (ranks - expected) / math.sqrt(spread) if spread else 0.0
