"""Slopes of a regressor in your own units

`jacobian(X)` is the derivative of each prediction with respect to each feature, in the units of y and of X: here how much
the progression of diabetes within a year rises with one unit of body mass index, of blood pressure, and so on. A linear
model has one such number for each feature, a network one for each row. To be comparable in a picture they are drawn for a
standard deviation of the feature.
"""

import numpy as np
from sklearn.datasets import load_diabetes

from chainrule import NetworkRegressor
from chainrule.pictures.plot import Plot, Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Circle, Label, Line, heading

UNITS = {"age": "year", "bmi": "kg/m²", "bp": "mmHg"}

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
model = NetworkRegressor((20,), "tanh", solver="lbfgs", alpha=20.0, max_iter=2000, random_state=0).fit(X, y)
slopes = model.jacobian(X)[:, 0]  # (rows, features)

step = X.copy()
step["bmi"] += 0.001
change = (model.predict(step) - model.predict(X)) / 0.001
print("the same by trying it:", np.allclose(slopes[:, X.columns.get_loc("bmi")], change, rtol=1e-3, atol=1e-3))

lows, middles, highs = np.quantile(slopes * X.std().to_numpy(), [0.1, 0.5, 0.9], axis=0)
order = np.argsort(-np.abs(middles))
bottom = 94 + 30 * len(order)
plot = Plot(Scale(lows.min() - 2, highs.max() + 2, 70, 470), Scale(0, 1, bottom, 80))
elements = heading("Progression of diabetes, change with each feature", "dot: the middle row; line: eight rows of ten")
elements += [*plot.foot(bottom), plot.upright(plot.x.at(0))]
elements.append(Label(270, bottom + 38, "change for one standard deviation of the feature", size=12))
for line, place in enumerate(order):
    height, name = 98 + 30 * line, X.columns[place]
    role = "positive" if middles[place] > 0 else "negative"
    elements.append(Label(58, height, name, size=13, anchor="end"))
    elements.append(Line(((plot.x.at(lows[place]), height), (plot.x.at(highs[place]), height)), role, 4.0))
    elements.append(Circle(plot.x.at(middles[place]), height, 5, role, "paper", 2.0))
    each = f"{np.median(slopes[:, place]):+.2f} for each {UNITS.get(name, 'unit')}"
    elements.append(Label(490, height, each.replace("-", "−"), "faint", 12, "start"))

describes = "For each of ten features the middle change of the prediction, and the range of eight rows of ten."
picture = Scene.around(elements, 24, "Slopes in your own units", describes, (), "slopes")
picture.save("plot_slopes_in_units.svg", "auto")
