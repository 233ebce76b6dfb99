"""How a time grows with a size: the slope between the logarithms of both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def fitted(sizes: Sequence[int], times: Sequence[float]) -> float:
    """The slope of log(time) by log(size), by least squares over the larger half of the sizes."""
    half = len(sizes) // 2
    return float(np.polyfit(np.log(sizes[half:]), np.log(times[half:]), 1)[0])


def least_gain(sizes: Sequence[int], times: Sequence[float]) -> float:
    """By what the rows a second grow at least when the batch is doubled: 0.9 says that they fell by a tenth somewhere."""
    rates = np.divide(sizes, times)
    return float((rates[1:] / rates[:-1]).min())
