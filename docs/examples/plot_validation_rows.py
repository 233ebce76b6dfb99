"""Validation curves with your own rows

MLPClassifier cuts the rows it watches out of those it is given, at random. Here they are yours: `fit(X, y, X_val=…,
y_val=…)`. The loss on them is kept beside their score, training ends when the score no longer rises, and the weights of
the best epoch are the ones that remain. A callback keeps the facts of every epoch, from which the curves are drawn.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from chainrule import NetworkClassifier
from chainrule.run_figures import cost_figure, score_figure, together

X, y = load_breast_cancer(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.4, random_state=3)

history = []
model = NetworkClassifier(
    (64, 64),
    learning_rate="constant",
    learning_rate_init=0.003,
    alpha=0.0,
    n_iter_no_change=40,
    callbacks=lambda epoch: history.append(epoch.facts()),
    random_state=0,
)
model.fit(X_train, y_train, X_val=X_val, y_val=y_val)

best = max(range(model.n_iter_), key=model.validation_scores_.__getitem__)
print("the weights of the best epoch are kept:", model.score(X_val, y_val) == model.validation_scores_[best])
print("the loss on them was lower before:", min(model.validation_losses_) < model.validation_losses_[-1])

picture = together([cost_figure(history), score_figure(history)], "Validation curves with your own rows")
picture.save("plot_validation_rows.svg", "auto")
