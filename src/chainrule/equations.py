"""The four equations of backpropagation (S2.23, S3.17, S4.13), for rows of examples.

Rows are examples, so w^T δ of the book reads δ w here, and a product over rows sums over the examples. Where a layer's
slope is a full matrix Σ′ (softmax), ⊙ stands for the product with it (S2.18, S2.19).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from chainrule.activations import odot

Array = np.ndarray
Slope = Float[np.ndarray, "batch *out"]


def bp1(grad_a: Float[np.ndarray, "batch out"], slope: Slope) -> Float[np.ndarray, "batch out"]:
    r"""The error of the output layer: $\delta^L = \nabla_a C \odot \sigma'(z^L)$"""
    return odot(grad_a, slope)


def bp2(
    w_next: Float[np.ndarray, "next out"], delta_next: Float[np.ndarray, "batch next"], slope: Slope
) -> Float[np.ndarray, "batch out"]:
    r"""The error one layer back: $\delta^l = ((w^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l)$"""
    return odot(delta_next @ w_next, slope)


def bp3(delta: Float[np.ndarray, "batch out"]) -> Float[np.ndarray, " out"]:
    r"""The rate of change with a bias: $\frac{\partial C}{\partial b^l_j} = \delta^l_j$"""
    return delta.sum(axis=0)


def bp4(a_before: Float[np.ndarray, "batch in"], delta: Float[np.ndarray, "batch out"]) -> Float[np.ndarray, "out in"]:
    r"""The rate of change with a weight: $\frac{\partial C}{\partial w^l_{jk}} = a^{l-1}_k \delta^l_j$"""
    return delta.T @ a_before


EQUATIONS = (bp1, bp2, bp3, bp4)
