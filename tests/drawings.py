"""Networks of many kinds for the tests of figures, an example of each, and what is read back from a picture."""

import numpy as np
from networks import crossed

import chainrule as cr


def drawn(sizes, hidden, output, *, scale=1.0, seed=0, bias="neuron", shift=0.3):
    network = cr.Network.random(sizes, hidden, output, bias=bias, seed=seed, dtype="float64")
    rng = np.random.default_rng(seed + 1)
    return network.with_parameters(
        network.parameters.map(lambda array: scale * (array + shift * rng.standard_normal(array.shape)))
    )


def example(network, kind="random", seed=5):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(network.sizes[0]) if kind == "random" else np.zeros(network.sizes[0])
    return x, np.eye(network.sizes[-1])[-1]


CHAIN = cr.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid")
NETWORKS = {
    "1-1-1-1": CHAIN,
    "2-3-2": drawn([2, 3, 2], "tanh", "sigmoid"),
    "5-4-3-2": drawn([5, 4, 3, 2], ["relu", "gelu"], "softmax"),
    "784-30-10": drawn([784, 30, 10], "sigmoid", "softmax", shift=0.02),
    "relu 784-30-10": drawn([784, 30, 10], "relu", "identity", shift=0.02),
    "saturated": drawn([2, 3, 2], "sigmoid", "sigmoid", scale=14.0, shift=1.0),
    "zero": cr.Network([np.zeros((3, 2)), np.zeros((2, 3))], [np.zeros(3), np.zeros(2)], ["relu", "sigmoid"]),
    "tiny": drawn([2, 3, 2], "tanh", "identity", scale=1.234567e-6),
    "one bias a layer": drawn([2, 3, 2], "leaky_relu", "sigmoid", bias="layer"),
    "softmax inside, no bias": drawn([2, 3, 4, 2], ["softmax", "tanh"], "identity", bias="none"),
}
PRESETS = ["s0", "s1", "s2", "s3", "s4"]


def texts(scene):
    return [str(label.text) for label in scene.labels()]


def said(text):
    """A printed number, read back."""
    return float(text.replace("−", "-").replace(",", "").removesuffix(" ×").removesuffix(" %"))


def cases(networks):
    """Networks in conventions that fit them; large ones in the convention with the longest marks alone."""
    large = [(name, "s0") for name in networks if "784" in name]
    return large + [
        (name, preset)
        for name, preset in crossed([name for name in networks if "784" not in name], PRESETS, each=3)
        if preset != "s3" or networks[name].output.name == "identity"
    ]
