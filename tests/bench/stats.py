# SPDX-License-Identifier: Apache-2.0
"""Medians with their uncertainty, and how a goal is judged by it."""
import random
import statistics

RESAMPLES = 2000
_dice = random.Random(1)  # the same figures give the same interval


def interval(resample):
    """The 95% percentile-bootstrap interval of what resample() returns for redrawn samples."""
    drawn = sorted(resample() for _ in range(RESAMPLES))
    return drawn[RESAMPLES * 25 // 1000], drawn[RESAMPLES * 975 // 1000 - 1]


def _redraw(values):
    return statistics.median(_dice.choices(values, k=len(values)))


def median(values):
    """Median and its interval."""
    return statistics.median(values), interval(lambda: _redraw(values))


def ratio_of_medians(a, b):
    """For two independent series."""
    return (statistics.median(a) / statistics.median(b),
            interval(lambda: _redraw(a) / _redraw(b)))


def median_of_ratios(a, b):
    """For pairs: what disturbs both halves of a pair cancels out."""
    return median([x / y for x, y in zip(a, b)])


def verdict(ratio, bounds, low, high):
    """Is the ratio within low..high? Says so too when the interval leaves it open."""
    word = "reached" if low <= ratio <= high else "missed"
    certain = (low <= bounds[0] and bounds[1] <= high) or bounds[1] < low or bounds[0] > high
    return word if certain else word + ", but the interval allows the contrary"
