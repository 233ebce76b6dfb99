"""A fitted MLPClassifier, verified and explained

`NetworkClassifier.from_sklearn` takes over a network that scikit-learn has fitted, with the scaler before it. It gives the
same answers, and then its gradient can be verified by independent methods, and any derivative written out: here that of one
weight, which reaches the cost through every neuron behind it.
"""

import numpy as np
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chainrule as cr
from chainrule import NetworkClassifier

X, y = load_iris(return_X_y=True)
X, y = X[50:, 2:], y[50:]  # two kinds of iris, length and width of their petals
theirs = make_pipeline(StandardScaler(), MLPClassifier((3, 2), "tanh", solver="lbfgs", alpha=1.0, random_state=4))
theirs.fit(X, y)

ours = NetworkClassifier.from_sklearn(theirs)
print("the same answers:", np.allclose(ours.predict_proba(X), theirs.predict_proba(X)))
print("its gradient verified:", bool(ours.verify(X[:5], y[:5])))
print(ours.explain(X, y, "w/1/0/1", row=20))

row = ours.preprocessing_.rows(X[20:21])[0]
picture = cr.figure("path_sum", ours.network_, row, [float(y[20] == 2)], by="w/1/0/1")
picture.save("plot_taken_over.svg", "auto")
