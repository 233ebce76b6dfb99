"""Decision borders by activation

MLPClassifier has one activation for all hidden layers, of four. Here each layer may have its own, and a function of z is
an activation too. The border of ReLU is made of straight pieces, for a neuron is on or off; that of tanh is smooth; a sine
ripples where there are no rows to stop it. The deeper the colour, the surer the network is.
"""

import numpy as np
from sklearn.datasets import make_moons

from chainrule import NetworkClassifier
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Label, titled
from chainrule.pictures.tiles import Raster, tile

SIDE, CELLS, TOP = 240, 30, 84
ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "tanh, then relu": ["tanh", "relu"], "sin(z), a function": np.sin}

X, y = make_moons(60, noise=0.25, random_state=0)
low, high = X.min(axis=0) - 0.5, X.max(axis=0) + 0.5
steps = (np.arange(CELLS) + 0.5) / CELLS
grid = np.array([low + (high - low) * (across, 1 - down) for down in steps for across in steps])
raster = Raster(CELLS, CELLS, SIDE / CELLS, SIDE / CELLS, True)

elements = [titled("Two moons, 2-10-10-1 neurons", 28)]
for place, (name, activation) in enumerate(ACTIVATIONS.items()):
    model = NetworkClassifier(
        (10, 10), activation, alpha=0.1, learning_rate="cosine", learning_rate_init=0.05, max_iter=150, random_state=1
    )
    model.fit(X, y)
    print(f"{name}: {model.network_.activations[1].name}, {model.network_.activations[2].name}")
    left, top = 28 + place % 2 * (SIDE + 24), TOP + place // 2 * (SIDE + 48)
    elements.append(Label(left, top - 18, name, size=14, anchor="start"))
    elements += tile(model.predict_proba(grid)[:, 1] - 0.5, 0.6, left, top, raster)
    for (across, up), label in zip((X - low) / (high - low), y, strict=True):
        filled = "ink" if label else "paper"
        elements.append(Circle(left + across * SIDE, top + (1 - up) * SIDE, 3.5, "ink", filled))

describes = (
    "Four squares with the same 60 points, and as colour the probability of a class, by the activations of a network."
)
picture = Scene.around(elements, 24, "Decision borders by activation", describes, (), "activations")
picture.save("plot_activations.svg", "auto")
