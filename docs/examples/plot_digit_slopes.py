"""Which pixels decide, by input gradients

`input_gradient(X)` says how an answer changes with each feature, and `jacobian(X)` how all of them do. Of five digits that
are misread, the pictures show how each pixel moves the number that decides, for the class that was answered and for the
right one: more ink in a blue place raises it, in an orange one it lowers it. It takes one backward pass, and no copies of X
with one pixel changed.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from chainrule import NetworkClassifier
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Label, titled
from chainrule.pictures.tiles import raster_of, tile

X, y = load_digits(return_X_y=True)
X /= 16
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = NetworkClassifier(
    (64,),
    "tanh",
    alpha=2.0,
    standardize=False,
    learning_rate="cosine",
    learning_rate_init=0.01,
    max_iter=12,
    random_state=0,
)
model.fit(X_train, y_train)

answers = model.predict(X_test)
wrong = np.flatnonzero(answers != y_test)[:5]
slopes = model.jacobian(X_test[wrong], of="decision")  # (rows, classes, pixels)

raster = raster_of(64)
elements = [titled("Digits that are misread, and what each pixel does", 28)]
for place, row in enumerate(wrong):
    left = 28 + place * (raster.width + 24)
    of_answer, of_right = slopes[place, answers[row]], slopes[place, y_test[row]]
    for line, (name, values, largest) in enumerate(
        [
            (f"a {y_test[row]}, read as {answers[row]}", X_test[row], 1),
            (f"for a {answers[row]}", of_answer, np.abs(of_answer).max()),
            (f"for a {y_test[row]}", of_right, np.abs(of_right).max()),
        ]
    ):
        top = 96 + line * (raster.height + 40)
        elements.append(Label(left, top - 16, name, size=12, anchor="start"))
        elements += tile(values, largest, left, top, raster, ink=line == 0)

one = model.input_gradient(X_test[wrong], of="decision")
print("input_gradient is a row of the jacobian:", np.array_equal(one[0], slopes[0, answers[wrong[0]]]))
describes = "Five misread digits; below each the derivatives of two classes with respect to its pixels, by colour."
picture = Scene.around(elements, 24, "Which pixels decide", describes, (), "digit-slopes")
picture.save("plot_digit_slopes.svg", "auto")
