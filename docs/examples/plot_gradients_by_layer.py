"""Gradients that vanish, layer by layer

A callback gets an `Epoch` with the length of the gradient of each layer, which MLPClassifier never shows. In a deep network
of logistic neurons the first layers get gradients thousands of times shorter than the last one, and hardly learn; with ReLU
and `init="he"` all layers get about the same.
"""

from sklearn.datasets import load_digits

from chainrule import NetworkClassifier
from chainrule.pictures.panel import Curve, Panel, legend, whole_foot
from chainrule.pictures.plot import Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Label, titled

X, y = load_digits(return_X_y=True)
LAYERS = 8


def lengths(activation, init):
    """The length of each layer's gradient in the last step of the third epoch."""
    seen = []
    model = NetworkClassifier(
        [32] * (LAYERS - 1),
        activation,
        init=init,
        alpha=0.0,
        learning_rate="cosine",
        max_iter=3,
        callbacks=lambda epoch: seen.append(epoch.gradient_norms),
        random_state=0,
    )
    model.fit(X, y)
    print(f"{activation}: the last layer's more than 50 times the first's: {seen[-1][-1] > 50 * seen[-1][0]}")
    return tuple(enumerate(seen[-1], 1))


curves = [
    Curve("logistic", "negative", lengths("logistic", "glorot"), dashed=True),
    Curve("tanh", "accent", lengths("tanh", "glorot")),
    Curve("ReLU, he", "positive", lengths("relu", "he")),
]
across = Scale(1, LAYERS, 70, 470)
named, last = legend(curves, 70, 480, 70)
elements = [titled("Length of the gradient in each layer", 28), *named]
elements += Panel(across, last + 20, 220, curves, by_tens=True).elements()
elements += [*whole_foot(across, last + 240), Label(270, last + 280, "layer", size=13)]

describes = (
    "Three curves over the layers of a network of eight: that of logistic neurons falls towards the first layer."
)
picture = Scene.around(elements, 24, "Gradients that vanish", describes, (), "gradients-by-layer")
picture.save("plot_gradients_by_layer.svg", "auto")
