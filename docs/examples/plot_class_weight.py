"""A rare class that counts for more

One row in twenty is of the class that matters. Without weights a network finds few of them, for it is right most often when
it answers with the other class. `class_weight={1: w}` lets each of them count for w rows: more of them are found (recall),
and more of the answers are false alarms (precision). "balanced" gives both classes the same sum of weights.
"""

from sklearn.datasets import make_classification
from sklearn.metrics import precision_score, recall_score
from sklearn.model_selection import train_test_split

from chainrule import NetworkClassifier
from chainrule.pictures.panel import Curve, Panel, legend
from chainrule.pictures.plot import Scale
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Label, Line, titled

X, y = make_classification(1200, weights=[0.95], class_sep=0.9, n_informative=4, flip_y=0, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
WEIGHTS = [1, 2, 4, 8, 16, 32]


def scores(class_weight):
    model = NetworkClassifier(
        (8,), class_weight=class_weight, learning_rate="cosine", learning_rate_init=0.03, random_state=0
    )
    answers = model.set_params(max_iter=25).fit(X_train, y_train).predict(X_test)
    return recall_score(y_test, answers), precision_score(y_test, answers)


found = [scores({1: weight}) for weight in WEIGHTS]
print("more of them are found with balanced weights:", scores("balanced")[0] > found[0][0])

recalls, precisions = (tuple(enumerate(each)) for each in zip(*found, strict=True))
recall = Curve("recall: rare rows that are found", "positive", recalls)
precision = Curve("precision: answers that are right", "negative", precisions, dashed=True)
across = Scale(0, len(WEIGHTS) - 1, 70, 470)
named, last = legend([recall, precision], 70, 480, 70)
elements = [titled("One class in twenty, by its weight", 28), *named]
elements += Panel(across, last + 20, 220, [recall, precision], least=0.0).elements()
elements.append(Line(((70, last + 240), (470, last + 240)), "faint"))
elements += [Label(across.at(place), last + 258, f"{weight}", "faint", 12) for place, weight in enumerate(WEIGHTS)]
elements.append(Label(270, last + 282, "weight of the rare class", size=13))

describes = "Two curves over the weight of the rare class: recall rises, precision falls."
picture = Scene.around(elements, 24, "A rare class that counts for more", describes, (), "class-weight")
picture.save("plot_class_weight.svg", "auto")
