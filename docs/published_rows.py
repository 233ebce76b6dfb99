"""The examples of docs/published.md: what a text printed, and what this library computes from the same inputs.

Each function returns one `Example`. Networks, circuits, costs and steps are the library's own; a row compares every number
it prints. `python docs/generate.py` writes the page, and `tests/test_published.py` compares the digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from published import Example, row

import chainrule as cr
from chainrule.circuits.wires import MATHS as m
from chainrule.equations import bp2, bp4


def single_layer(width: int, output: Any) -> cr.Network:
    """The network that hands its inputs to one activation."""
    return cr.Network([np.eye(width)], None, output)


SIN = cr.activation(lambda z, m: m.sin(z), "sin")
COS = cr.activation(lambda z, m: m.cos(z), "cos")
EXP = cr.activation(lambda z, m: m.exp(z), "exp")


# circuits ------------------------------------------------------------------------------------------------------------
def cs231n_gates() -> Example:
    c = cr.Circuit()
    x, y, z = c.input("x", -2), c.input("y", 5), c.input("z", -4)
    q = x + y
    f = q * z
    run = c.forward()
    back = run.backward(f)

    d = cr.Circuit()
    u, v, s, w = d.input("x", 3), d.input("y", -4), d.input("z", 2), d.input("w", -1)
    product, largest = u * v, m.maximum(s, w)
    total = product + largest
    twice = total * 2
    run_d = d.forward()
    back_d = run_d.backward(twice)
    return Example(
        "Gates: (x + y) z, and add, multiply and max",
        "CS231n, *Backpropagation, Intuitions*",
        "https://cs231n.github.io/optimization-2/",
        [
            row("q, f", "3 -12", [run[q], run[f]]),
            row("∂f/∂x, ∂f/∂y, ∂f/∂z, ∂f/∂q, ∂f/∂f", "-4 -4 3 -4 1", [back[each] for each in (x, y, z, q, f)]),
            row("xy, max, sum, twice it", "-12.00 2.00 -10.00 -20.00",
                [run_d[each] for each in (product, largest, total, twice)]),
            row("gradients of x, y, z, w", "-8.00 6.00 2.00 0.00", [back_d[each] for each in (u, v, s, w)]),
            row("gradients of xy, max, sum, output", "2.00 2.00 2.00 1.00",
                [back_d[each] for each in (product, largest, total, twice)]),
        ],
        "x = −2, y = 5, z = −4; and 2 (x y + max(z, w)) at x = 3, y = −4, z = 2, w = −1, both as circuits.",
    )  # fmt: skip


def cs231n_sigmoid_neuron() -> Example:
    c = cr.Circuit()
    w0, w1, w2 = (c.input(f"w{i}", value) for i, value in enumerate((2, -3, -3)))
    x0, x1 = c.input("x0", -1), c.input("x1", -2)
    p0, p1 = w0 * x0, w1 * x1
    first = p0 + p1
    dot = first + w2
    negative = -dot
    power = m.exp(negative)
    below = power + 1
    f = 1 / below
    run = c.forward()
    back = run.backward(f)
    wires = (p0, p1, first, dot, negative, power, below, f)
    return Example(
        "A sigmoid neuron, gate by gate",
        "CS231n, *Backpropagation, Intuitions*",
        "https://cs231n.github.io/optimization-2/",
        [
            row("values on the wires", "-2.00 6.00 4.00 1.00 -1.00 0.37 1.37 0.73", [run[each] for each in wires]),
            row("gradients on them", "0.20 0.20 0.20 0.20 -0.20 -0.53 -0.53 1.00", [back[each] for each in wires]),
            row("gradients of w₀, x₀, w₁, x₁, w₂", "-0.20 0.39 -0.39 -0.59 0.20",
                [back[each] for each in (w0, x0, w1, x1, w2)]),
        ],
        "1 / (1 + e^−(w₀x₀ + w₁x₁ + w₂)) with w = (2, −3, −3) and x = (−1, −2), as a circuit.",
    )  # fmt: skip


def micrograd() -> Example:
    c_ = cr.Circuit()
    a, b = c_.input("a", -4.0), c_.input("b", 2.0)
    c = a + b
    d = a * b + b**3
    c = c + (c + 1)
    c = c + (1 + c + (-a))
    d = d + (d * 2 + m.maximum(b + a, 0.0))
    d = d + (3 * d + m.maximum(b - a, 0.0))
    e = c - d
    f = e**2
    g = f / 2.0 + 10.0 / f
    run = c_.forward()
    back = run.backward(g)
    return Example(
        "The expression of micrograd's README",
        "Andrej Karpathy, *micrograd*",
        "https://github.com/karpathy/micrograd",
        [
            row("g, ∂g/∂a, ∂g/∂b as in the README", "24.7041 138.8338 645.5773", [run[g], back[a], back[b]]),
            row(
                "the same in full", "24.70408163265306 138.83381924198252 645.5772594752186", [run[g], back[a], back[b]]
            ),
        ],
        "a = −4, b = 2, with sums, products, powers and ReLUs, as a circuit. The full digits are those that micrograd and "
        "its many ports are tested with.",
    )


def saito_shopping() -> Example:
    c = cr.Circuit()
    apple, apples, tax = c.input("apple", 100), c.input("apples", 2), c.input("tax", 1.1)
    orange, oranges = c.input("orange", 150), c.input("oranges", 3)
    only_apples = apple * apples * tax
    both = (apple * apples + orange * oranges) * tax
    run = c.forward()
    one, two = run.backward(only_apples), run.backward(both)
    return Example(
        "Apples, oranges and tax",
        "Koki Saito, *Deep Learning from Scratch*, chapter 5",
        "https://github.com/oreilly-japan/deep-learning-from-scratch",
        [
            row("price of two apples", "220", run[only_apples]),
            row("gradients: apple, their number, tax", "2.2 110 200", [one[each] for each in (apple, apples, tax)]),
            row("price with three oranges", "715", run[both]),
            row("gradients: number of apples, apple, orange, their number, tax", "110 2.2 3.3 165 650",
                [two[each] for each in (apples, apple, orange, oranges, tax)]),
        ],
        "Two apples at 100, three oranges at 150, a tax of 10 %, as a circuit.",
    )  # fmt: skip


# scores and costs ----------------------------------------------------------------------------------------------------
def cs231n_linear() -> Example:
    w = [[0.01, -0.05, 0.1, 0.05], [0.7, 0.2, 0.05, 0.16], [0.0, -0.45, -0.2, 0.03]]
    x, b, y = [-15.0, 22.0, -44.0, 56.0], [0.0, 0.2, -0.3], [0.0, 0.0, 1.0]
    linear, softmax = cr.Network([w], [b], "identity"), cr.Network([w], [b], "softmax")
    exp = cr.forward(cr.Network([w], [b], EXP), x).a[1]
    margin = cr.own_cost(lambda a, y, m: m.sum(m.maximum((1 - y) * (10 + a - m.sum(a * y)), 0.0)), "hinge of margin 10")
    chances = single_layer(3, "softmax")
    p = np.array([0.2, 0.3, 0.5])
    delta = cr.backward(cr.forward(chances, np.log(p)), [0, 1, 0], cost="cross_entropy").delta[1]
    return Example(
        "Scores, hinge loss and softmax",
        "CS231n, *Linear Classification* and *Putting it together*",
        "https://cs231n.github.io/linear-classify/",
        [
            row("scores W x + b", "-2.85 0.86 0.28", cr.forward(linear, x).a[1]),
            row("hinge loss", "1.58", cr.cost(linear, x, y, cost="multiclass_hinge")),
            row("their exponentials", "0.058 2.36 1.32", exp),
            row("softmax of class 0", "0.016", cr.forward(softmax, x).a[1][0], "taken from the rounded exponentials", 1e-3),
            row("softmax of classes 1, 2", "0.631 0.353", cr.forward(softmax, x).a[1][1:]),
            row("cross-entropy", "1.04", cr.cost(softmax, x, y, cost="cross_entropy")),
            row("hinge loss of (13, −7, 11), margin 10", "8",
                cr.cost(single_layer(3, "identity"), [13, -7, 11], [1, 0, 0], cost=margin)),
            row("softmax of (1, −2, 0)", "0.7 0.04 0.26", cr.forward(chances, [1, -2, 0]).a[1]),
            row("e¹", "2.71", cr.forward(single_layer(1, EXP), [1]).a[1], "2.718… cut off", 0.01),
            row("e⁻², e⁰", "0.14 1", cr.forward(single_layer(2, EXP), [-2, 0]).a[1]),
            row("softmax of half of it", "0.55 0.12 0.33", cr.forward(chances, [0.5, -1, 0]).a[1]),
            row("e^0.5, e⁻¹, e⁰", "1.65 0.37 1", cr.forward(single_layer(3, EXP), [0.5, -1, 0]).a[1]),
            row("δ where p = (0.2, 0.3, 0.5) and class 1 is right", "0.2 -0.7 0.5", delta),
        ],
        "One layer of three classes, with the costs multiclass_hinge, cross_entropy and an own one.",
    )  # fmt: skip


def saito_costs() -> Example:
    t = np.eye(10)[2]
    y = [0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0]
    other = [0.1, 0.05, 0.1, 0.0, 0.05, 0.1, 0.0, 0.6, 0.0, 0.0]
    same = single_layer(10, "identity")
    padded = cr.own_cost(lambda a, y, m: -m.sum(y * m.log(a + 1e-7)), "cross-entropy of a + 1e-7")
    weights = np.array([[0.47355232, 0.9977393, 0.84668094], [0.85557411, 0.03563661, 0.69422093]]).T
    net, x = cr.Network([weights], None, "softmax"), [0.6, 0.9]
    return Example(
        "Two costs, and the gradient of a layer",
        "Koki Saito, *Deep Learning from Scratch*, chapter 4",
        "https://github.com/oreilly-japan/deep-learning-from-scratch",
        [
            row("squared error, 2 is right and likeliest", "0.097500000000000031", cr.cost(same, y, t, cost="quadratic")),
            row("squared error, 7 is likeliest", "0.59750000000000003", cr.cost(same, other, t, cost="quadratic")),
            row("cross-entropy, 2 is likeliest", "0.51082545709933802", cr.cost(same, y, t, cost=padded)),
            row("weighted inputs", "1.05414809 0.63071653 1.1328074", cr.forward(net, x).z[1]),
            row("loss", "0.92806853663411326", cr.cost(net, x, [0, 0, 1], cost="cross_entropy"),
                "the weights are printed to eight digits, the loss to seventeen", 5e-9),
            row("gradient by W", "0.21924763 0.14356247 -0.36281009 0.32887144 0.2153437 -0.54421514",
                cr.gradient(net, x, [0, 0, 1], cost="cross_entropy").weights[1].T),
        ],
        "The squared error with ½ (quadratic); the cross-entropy with 10⁻⁷ added to each output, as the book does (an own "
        "cost); a layer of two inputs and three outputs.",
    )  # fmt: skip


def kinsley() -> Example:
    outputs, y = np.array([[0.7, 0.1, 0.2], [0.1, 0.5, 0.4], [0.02, 0.9, 0.08]]), [0, 1, 1]
    softmax, z = single_layer(3, "softmax"), np.log(outputs)
    return Example(
        "Categorical cross-entropy of a batch",
        "Harrison Kinsley and Daniel Kukieła, *Neural Networks from Scratch in Python*, chapter 5",
        "https://nnfs.io",
        [
            row("loss of each row", "0.35667494 0.69314718 0.10536052",
                cr.cost(softmax, z, y, cost="cross_entropy", reduction="none")),
            row("mean", "0.38506088005216804", cr.cost(softmax, z, y, cost="cross_entropy")),
        ],
        "Three rows of softmax outputs, classes 0, 1, 1; the softmax of their logarithms gives them back.",
    )  # fmt: skip


# forward and backward ------------------------------------------------------------------------------------------------
def saito_forward() -> Example:
    net = cr.Network(
        [[[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], [[0.1, 0.2], [0.3, 0.4]]],
        [[0.1, 0.2, 0.3], [0.1, 0.2], [0.1, 0.2]],
        ["sigmoid", "sigmoid", "identity"],
    )
    trace = cr.forward(net, [1.0, 0.5])
    return Example(
        "A forward pass through three layers",
        "Koki Saito, *Deep Learning from Scratch*, chapter 3",
        "https://github.com/oreilly-japan/deep-learning-from-scratch",
        [
            row("A1", "0.3 0.7 1.1", trace.z[1]),
            row("Z1", "0.57444252 0.66818777 0.75026011", trace.a[1]),
            row("A2", "0.51615984 1.21402696", trace.z[2]),
            row("Z2", "0.62624937 0.7710107", trace.a[2]),
            row("Y", "0.31682708 0.69627909", trace.a[3]),
        ],
        "A 2-3-2-2 network of sigmoids with a linear output, x = (1, 0.5).",
    )


def goodfellow_xor() -> Example:
    x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    linear = cr.Network([[[0.0, 0.0]]], [[0.5]], "identity")
    gradient = cr.gradient(linear, x, y, cost="squared_error")
    net = cr.Network([[[1, 1], [1, 1]], [[1, -2]]], [[0, -1], [0]], ["relu", "identity"])
    trace = cr.forward(net, x)
    return Example(
        "Learning XOR",
        "Ian Goodfellow, Yoshua Bengio and Aaron Courville, *Deep Learning*, section 6.1",
        "https://www.deeplearningbook.org/contents/mlp.html",
        [
            row("the best linear model, w = 0 and b = ½: its outputs", "0.5 0.5 0.5 0.5", cr.forward(linear, x).a[1]),
            row("the gradient there, by w₁, w₂ and b", "0 0 0", gradient.flat()),
            row("X W + c", "0 -1 1 0 1 0 2 1", trace.z[1]),
            row("rectified", "0 0 1 0 1 0 2 1", trace.a[1]),
            row("outputs", "0 1 1 0", trace.a[2]),
        ],
        "W = ((1, 1), (1, 1)), c = (0, −1), w = (1, −2), b = 0, and the four rows of XOR.",
    )


def prince() -> Example:
    toy = cr.Network([[[0.1]], [[-0.4]], [[2.0]], [[3.0]]], [[1.0], [2.0], [-3.0], [0.4]], [SIN, EXP, COS, "identity"])
    back = cr.backward(cr.forward(toy, [2.3]), [2.0], cost="squared_error")
    gradient = cr.gradient(toy, [2.3], [2.0], cost="squared_error")
    z, a = back.trace.z, back.trace.a
    return Example(
        "A chain of sin, exp and cos",
        "Simon Prince, *Understanding Deep Learning*, notebook 7.1",
        "https://github.com/udlbook/udlbook/blob/main/Notebooks/Chap07/7_1_Backpropagation_in_Toy_Model.ipynb",
        [
            row("f₀, f₁, f₂, f₃", "1.230 1.623 7.137 2.372", [z[l] for l in (1, 2, 3, 4)]),
            row("h₁, h₂, h₃", "0.942 5.068 0.657", [a[l] for l in (1, 2, 3)]),
            row("ℓ", "0.139", cr.cost(toy, [2.3], [2.0], cost="squared_error")),
            row("∂ℓ/∂f₃, ∂f₂, ∂f₁, ∂f₀", "0.745 -1.683 -17.060 2.281", [back.delta[l] for l in (4, 3, 2, 1)]),
            row("∂ℓ/∂h₃, ∂h₂, ∂h₁", "2.234 -3.366 6.824", [back.da[l] for l in (3, 2, 1)]),
            row("∂ℓ/∂β₃, ∂β₂, ∂β₁, ∂β₀", "0.745 -1.683 -17.060 2.281", [gradient.biases[l] for l in (4, 3, 2, 1)]),
            row("∂ℓ/∂ω₃, ∂ω₂, ∂ω₁, ∂ω₀", "0.489 -8.530 -16.079 5.246", [gradient.weights[l] for l in (4, 3, 2, 1)]),
        ],
        "β₃ + ω₃ cos(β₂ + ω₂ exp(β₁ + ω₁ sin(β₀ + ω₀ x))) as a 1-1-1-1-1 network with three activations of its own, "
        "x = 2.3, y = 2, squared_error.",
    )


def prince_networks() -> Example:
    theta, phi = [[-1.0], [2.0], [0.65]], [[2.0, -1.0, 7.0]]
    shallow = cr.Network([theta, phi], [[0.3, -1.0, -0.5], [-0.3]], ["relu", "identity"])
    x = [0.09291784, 0.46809093, 0.93089486, 0.67612654, 0.73441752, 0.86847339, 0.49873225, 0.51083168, 0.18343972,
         0.99380898, 0.27840809, 0.38028817, 0.12055708, 0.56715537, 0.92005746, 0.77072270, 0.85278176, 0.05315950,
         0.87168699, 0.58858043]  # fmt: skip
    y = [-0.15934537, 0.18195445, 0.451270150, 0.13921448, 0.09366691, 0.30567674, 0.372291170, 0.40716968, -0.08131792,
         0.41187806, 0.36943738, 0.3994327, 0.019062570, 0.35820410, 0.452564960, -0.0183121, 0.02957665, -0.24354444,
         0.148038840, 0.26824970]  # fmt: skip
    draw = np.random.RandomState(0).normal
    ends = [draw(size=(6, 1)), draw(size=(1, 6)), draw(size=(6, 1)), draw(size=(1, 1))]
    middle = [(draw(size=(6, 6)), draw(size=(6, 1))) for _ in range(4)]
    weights = [ends[0], *(w for w, _ in middle), ends[1]]
    biases = [b.ravel() for b in (ends[2], *(b for _, b in middle), ends[3])]
    deep = cr.Network(weights, biases, [*["relu"] * 5, "identity"])
    return Example(
        "A shallow and a deep ReLU network",
        "Simon Prince, *Understanding Deep Learning*, notebooks 3.1 and 7.2",
        "https://github.com/udlbook/udlbook/tree/main/Notebooks",
        [
            row("3.1: least squares loss over 20 points", "9.385",
                cr.cost(shallow, np.array(x)[:, None], np.array(y)[:, None], cost="squared_error", reduction="sum")),
            row("7.2: output at x = 1.2", "1.907", cr.forward(deep, [1.2]).a[6]),
        ],
        "1-3-1 with the notebook's parameters and points; 1-6-6-6-6-6-1 with the weights of NumPy's seed 0.",
    )  # fmt: skip


def cs231n_assignment_1() -> Example:
    draw = np.random.RandomState(0).randn
    net = cr.Network([0.1 * draw(4, 10).T, 0.1 * draw(10, 3).T], [np.zeros(10), np.zeros(3)], ["relu", "identity"])
    x, y = 10 * np.random.RandomState(1).randn(5, 4), [0, 1, 2, 2, 1]
    squares = sum((w**2).sum() for w in net.weights)
    return Example(
        "The two-layer network of assignment 1",
        "CS231n, assignment 1, *Implementing a Neural Network*",
        "https://cs231n.github.io/assignments2017/assignment1/",
        [
            row("scores", "-0.81233741 -1.27654624 -0.70335995 -0.17129677 -1.18803311 -0.47310444 -0.51590475 -1.01354314 "
                "-0.8504215 -0.15419291 -0.48629638 -0.52901952 -0.00618733 -0.12435261 -0.15226949", cr.forward(net, x).a[2]),
            row("loss", "1.30378789133", cr.cost(net, x, y, cost="cross_entropy") + 0.05 * squares),
        ],
        "4-10-3 with the weights of NumPy's seed 0 and the rows of seed 1; cross_entropy plus 0.05 Σw².",
    )  # fmt: skip


def cs231n_assignment_2() -> Example:
    rows, inputs, hidden, classes = 3, 5, 50, 7
    w1 = np.linspace(-0.7, 0.3, inputs * hidden).reshape(inputs, hidden)
    w2 = np.linspace(-0.3, 0.4, hidden * classes).reshape(hidden, classes)
    biases = [np.linspace(-0.1, 0.9, hidden), np.linspace(-0.9, 0.1, classes)]
    net = cr.Network([w1.T, w2.T], biases, ["relu", "identity"])
    x, y = np.linspace(-5.5, 4.5, rows * inputs).reshape(inputs, rows).T, [0, 5, 1]
    loss = cr.cost(net, x, y, cost="cross_entropy")
    half_squares = sum((w**2).sum() for w in net.weights) / 2
    return Example(
        "The fully connected network of assignment 2",
        "CS231n, assignment 2, *Fully-Connected Neural Nets*",
        "https://cs231n.github.io/assignments2017/assignment2/",
        [
            row("scores", "11.53165108 12.2917344 13.05181771 13.81190102 14.57198434 15.33206765 16.09215096 12.05769098 "
                "12.74614105 13.43459113 14.1230412 14.81149128 15.49994135 16.18839143 12.58373087 13.20054771 13.81736455 "
                "14.43418138 15.05099822 15.66781506 16.2846319", cr.forward(net, x).a[2]),
            row("loss", "3.4702243556", loss),
            row("loss with regularisation 1", "26.5948426952", loss + half_squares),
        ],
        "5-50-7 with weights from linspace; cross_entropy, and the same plus ½ Σw².",
    )  # fmt: skip


def unrolled(net: cr.Network, gradient: cr.Parameters, decay: float) -> list[float]:
    """A gradient in the order of Octave's (:), the bias in front of each row of weights, with decay · w added."""
    layers = [
        np.column_stack([gradient.biases[l], gradient.weights[l] + decay * net.weights[l]]).ravel("F") for l in (1, 2)
    ]
    return [float(v) for v in np.concatenate(layers)]


def ng_exercise_4() -> Example:
    sines = lambda *shape: np.sin(np.arange(1, np.prod(shape) + 1)).reshape(shape, order="F") / 10
    first, second = sines(5, 4), sines(3, 6)
    check = cr.Network([first[:, 1:], second[:, 1:]], [first[:, 0], second[:, 0]], "sigmoid")
    checked = cr.gradient(check, sines(5, 3), [1, 2, 0, 1, 2], cost="binary_cross_entropy")

    theta = np.arange(1, 19) / 10
    first, second = theta[:6].reshape(2, 3, order="F"), theta[6:].reshape(4, 3, order="F")
    net = cr.Network([first[:, 1:], second[:, 1:]], [first[:, 0], second[:, 0]], "sigmoid")
    x, y = np.cos([[1, 2], [3, 4], [5, 6]]), [3, 1, 2]
    cost = cr.cost(net, x, y, cost="binary_cross_entropy")
    squares = sum((w**2).sum() for w in net.weights)
    return Example(
        "Cost cases and the gradient check of exercise 4",
        "Andrew Ng, *Machine Learning* (Coursera), exercise 4, with its test cases",
        "https://github.com/Xingchen1224/machine_learning_2015",
        [
            row("J, λ = 0", "7.4070", cost),
            row("J, λ = 3", "16.457", cost + 3 / (2 * 3) * squares),
            row("gradient, λ = 0", "0.766138 0.979897 -0.027540 -0.035844 -0.024929 -0.053862 0.883417 0.568762 0.584668 "
                "0.598139 0.459314 0.344618 0.256313 0.311885 0.478337 0.368920 0.259771 0.322331",
                unrolled(net, cr.gradient(net, x, y, cost="binary_cross_entropy"), 0)),
            row("gradient check, λ = 3", "-9.2783e-03 8.8991e-03 -8.3601e-03 7.6281e-03 -6.7480e-03 -1.6768e-02 3.9433e-02 "
                "5.9336e-02 2.4764e-02 -3.2688e-02 -6.0174e-02 -3.1961e-02 2.4923e-02 5.9772e-02 3.8641e-02 -1.7370e-02 "
                "-5.7566e-02 -4.5196e-02 9.1459e-03 5.4610e-02 3.1454e-01 1.1106e-01 9.7401e-02 1.1868e-01 3.8193e-05 "
                "3.3693e-02 2.0399e-01 1.1715e-01 7.5480e-02 1.2570e-01 -4.0759e-03 1.6968e-02 1.7634e-01 1.1313e-01 "
                "8.6163e-02 1.3229e-01 -4.5296e-03 1.5005e-03", unrolled(check, checked, 3 / 5)),
        ],
        "2-2-4 with the parameters 0.1 … 1.8 and rows of cosines; 3-5-3 with sines for parameters and rows (the exercise's "
        "`checkNNGradients`); binary_cross_entropy plus λ/2m Σw². The two costs that the exercise itself prints, 0.287629 and "
        "0.383770, need its 5,000 images, which are not ours to ship.",
    )  # fmt: skip


def planar_data() -> Example:
    w1 = [[-0.00416758, -0.00056267], [-0.02136196, 0.01640271], [-0.01793436, -0.00841747], [0.00502881, -0.01245288]]
    w2 = [[-0.01057952, -0.00909008, 0.00551454, 0.02292208]]
    draw = np.random.RandomState(1).randn
    x, b1 = draw(2, 3).T, draw(4, 1).ravel()
    trace = cr.forward(cr.Network([w1, w2], [b1, [-1.3]], ["tanh", "sigmoid"]), x)
    loss = cr.own_cost(lambda a, y, m: -m.sum(y * m.log(a) + (1 - y) * m.log(1 - a)), "cross-entropy of outputs")
    outputs = [[0.5002307], [0.49985831], [0.50023963]]
    net = cr.Network([w1, w2], [np.zeros(4), [0.0]], ["tanh", "sigmoid"])
    gradient = cr.gradient(net, x, [[1], [0], [1]], cost="binary_cross_entropy")
    return Example(
        "Planar data with one hidden layer, the small test cases",
        "deeplearning.ai, *Neural Networks and Deep Learning* (Coursera), week 3",
        "https://www.coursera.org/learn/neural-networks-deep-learning",
        [
            row("means of Z1, A1, Z2, A2", "0.262818640198 0.091999045227 -1.30766601287 0.212877681719",
                [each.mean() for each in (trace.z[1], trace.a[1], trace.z[2], trace.a[2])]),
            row("cost", "0.6930587610394646", cr.cost(single_layer(1, "identity"), outputs, [[1], [0], [0]], cost=loss)),
            row("dW1", "0.00301023 -0.00747267 0.00257968 -0.00641288 -0.00156892 0.003893 -0.00652037 0.01618243",
                gradient.weights[1]),
            row("db1", "0.00176201 0.00150995 -0.00091736 -0.00381422", gradient.biases[1]),
            row("dW2", "0.00078841 0.01765429 -0.00084166 -0.01022527", gradient.weights[2]),
            row("db2", "-0.16655712", gradient.biases[2]),
        ],
        "2-4-1, tanh and sigmoid, rows of NumPy's seed 1; binary_cross_entropy for the gradients, and written out as an own "
        "cost for the three outputs whose cost is printed.",
    )  # fmt: skip


# steps and training --------------------------------------------------------------------------------------------------
def han_kamber() -> Example:
    net = cr.Network([[[0.2, 0.4, -0.5], [-0.3, 0.1, 0.2]], [[-0.3, -0.2]]], [[-0.4, 0.2], [0.1]], "sigmoid")
    x, y = [1, 0, 1], [1]
    back = cr.backward(cr.forward(net, x), y, cost="quadratic")
    run = cr.train(net, ([x], [y]), rule=cr.delta_rule(0.9), epochs=1, batch_size=1, cost="quadratic")
    after = run.network
    (w14, w24, w34), (w15, w25, w35) = after.weights[1]
    carried = "computed from the rounded 0.474"
    return Example(
        "One step of a 3-2-1 network",
        "Jiawei Han, Micheline Kamber and Jian Pei, *Data Mining: Concepts and Techniques*, backpropagation example",
        "https://hanj.cs.illinois.edu/bk3/",
        [
            row("net inputs of units 4, 5, 6", "-0.7 0.1 -0.105", [*back.trace.z[1], *back.trace.z[2]]),
            row("outputs of units 4, 5, 6", "0.332 0.525 0.474", [*back.trace.a[1], *back.trace.a[2]]),
            row("error of unit 6", "0.1311", -back.delta[2], carried, 1e-4),
            row("errors of units 5, 4", "-0.0065 -0.0087", -back.delta[1][::-1]),
            row("w₄₆, w₅₆ after the step", "-0.261 -0.138", after.weights[2]),
            row("w₁₄, w₁₅, w₂₄, w₂₅, w₃₄, w₃₅", "0.192 -0.306 0.4 0.1 -0.508 0.194", [w14, w15, w24, w25, w34, w35]),
            row("θ₆, θ₅, θ₄", "0.218 0.194 -0.408", [*after.biases[2], *after.biases[1][::-1]]),
        ],
        "x = (1, 0, 1), class 1, learning rate 0.9, quadratic. The book's errors are −δ.",
    )


def mazur() -> Example:
    net = cr.Network(
        [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]], [[0.35, 0.35], [0.60, 0.60]], "sigmoid"
    )
    x, y = np.array([0.05, 0.10]), np.array([0.01, 0.99])

    def error(network: cr.Network) -> float:
        return float(cr.cost(network, x, y, cost="quadratic"))

    def stepped(network: cr.Network, moved_first: bool) -> cr.Network:
        """A step of 0.5 on the weights alone; `moved_first` takes the hidden errors through the moved output weights."""
        back = cr.backward(cr.forward(network, x), y, cost="quadratic")
        a = back.trace.a
        output = network.weights[2] - 0.5 * bp4(a[1][None], back.delta[2][None])
        hidden = back.delta[1][None]
        if moved_first:
            hidden = bp2(output, back.delta[2][None], network.activations[1].slope(back.trace.z[1])[None])
        return cr.Network([network.weights[1] - 0.5 * bp4(x[None], hidden), output], list(network.biases), "sigmoid")

    def repeated(steps: int, moved_first: bool = False) -> cr.Network:
        network = net
        for _ in range(steps):
            network = stepped(network, moved_first)
        return network

    back = cr.backward(cr.forward(net, x), y, cost="quadratic")
    a, delta, gradient = back.trace.a, back.delta, cr.gradient(net, x, y, cost="quadratic")
    ways = delta[2] * net.weights[2][:, 0]
    one, many = repeated(1), repeated(10_000)
    his_one, his_many = repeated(1, moved_first=True), repeated(10_000, moved_first=True)
    last_digit = "rounded factors multiplied; the last digit"
    return Example(
        "A step by step backpropagation example",
        "Matt Mazur, *A Step by Step Backpropagation Example*",
        "https://mattmazur.com/2015/03/17/a-step-by-step-backpropagation-example/",
        [
            row("net_h1, out_h1, out_h2", "0.3775 0.593269992 0.596884378", [back.trace.z[1][0], *a[1]]),
            row("out_o1, out_o2", "0.75136507 0.772928465", a[2]),
            row("total error", "0.298371109", error(net)),
            row("∂E/∂out_o1, its slope, ∂E/∂net_o1", "0.74136507 0.186815602 0.138498562",
                [back.da[2][0], net.output.slope(back.trace.z[2])[0], delta[2][0]]),
            row("∂E/∂w5", "0.082167041", gradient.weights[2][0, 0]),
            row("w5, w6, w7, w8 after the step", "0.35891648 0.408666186 0.511301270 0.561370121", one.weights[2]),
            row("∂E_o1/∂out_h1", "0.055399425", ways[0]),
            row("∂E_o2/∂out_h1", "-0.019049119", ways[1], last_digit, 1e-9),
            row("∂E/∂out_h1", "0.036350306", back.da[1][0]),
            row("slope of h1, ∂E/∂w1", "0.241300709 0.000438568",
                [net.activations[1].slope(back.trace.z[1])[0], gradient.weights[1][0, 0]]),
            row("w1, w2, w3, w4 after the step", "0.149780716 0.19956143 0.24975114 0.29950229", one.weights[1]),
            row("total error after the step", "0.291027924", error(one),
                "not the error of the weights printed before it: see above"),
            row("… with the output weights moved first", "0.291027924", error(his_one)),
            row("total error after 10,000 steps", "0.0000351085", error(many),
                "neither order gives it: the outputs printed beside it have 0.0000350848"),
            row("out_o1, out_o2 after 10,000 steps", "0.015912196 0.984065734", cr.forward(many, x).a[2],
                "the outputs of another order of steps: see above"),
            row("… with the output weights moved first", "0.015912196 0.984065734", cr.forward(his_many, x).a[2]),
        ],
        "2-2-2 sigmoids, x = (0.05, 0.1), y = (0.01, 0.99), learning rate 0.5, biases left alone, quadratic. Every figure up "
        "to the new weights is right. Those after them belong to a step that moves the output weights before it takes the "
        f"hidden errors through them: that order gives {error(his_one):.9f} after one step and, after 10,000, the outputs "
        f"printed, whose error is {error(his_many):.10f} (0.0000351085 has a digit too many). With the gradient of one "
        f"network, as the text itself asks, the error is {error(one):.10f} after one step and {error(many):.10f} after 10,000.",
    )  # fmt: skip


def trask() -> Example:
    weights = 2 * np.random.RandomState(1).random_sample((3, 1)) - 1
    net = cr.Network([weights.T], None, "sigmoid")
    x, y = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]), np.array([[0], [0], [1], [1]])
    for _ in range(9_999):
        net = net.with_parameters(net.parameters - cr.gradient(net, x, y, cost="quadratic", reduction="sum"))
    return Example(
        "A neural network in eleven lines",
        "Andrew Trask, *A Neural Network in 11 lines of Python*, part 1",
        "https://iamtrask.github.io/2015/07/12/basic-python-network/",
        [
            row("outputs after training", "0.00966449 0.00786506 0.99358898 0.99211957", cr.forward(net, x).a[1]),
        ],
        "One layer 3-1 without a bias, weights of NumPy's seed 1, quadratic, the sum of four rows, learning rate 1. The text "
        "prints the outputs before the last of its 10,000 steps.",
    )


def nielsen() -> Example:
    def outputs(w: float, b: float) -> list[float]:
        net = cr.Network([[[w]]], [[b]], "sigmoid")
        run = cr.train(net, ([[1]], [[0]]), rule=cr.delta_rule(0.15), epochs=300, batch_size=1, cost="quadratic")
        return [float(cr.forward(each, [1]).a[1][0]) for each in (net, run.network)]

    return Example(
        "A neuron that learns, and one that learns slowly",
        "Michael Nielsen, *Neural Networks and Deep Learning*, chapter 3",
        "http://neuralnetworksanddeeplearning.com/chap3.html",
        [
            row("w = 0.6, b = 0.9: output before and after", "0.82 0.09", outputs(0.6, 0.9)),
            row("w = b = 2: output before", "0.98", outputs(2.0, 2.0)[0]),
        ],
        "One sigmoid neuron, x = 1, y = 0, learning rate 0.15, quadratic, 300 epochs.",
    )


EXAMPLES: list[Callable[[], Example]] = [
    cs231n_gates, cs231n_sigmoid_neuron, micrograd, saito_shopping, cs231n_linear, saito_costs, kinsley, saito_forward,
    goodfellow_xor, prince, prince_networks, cs231n_assignment_1, cs231n_assignment_2, ng_exercise_4, planar_data, han_kamber,
    mazur, trask, nielsen,
]  # fmt: skip
