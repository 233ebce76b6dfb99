"""The rows of docs/concepts.md: an idea's id, what it says, and a call whose answer stands beside it.

`PRELUDE` is run once; each call is an expression in its names. `python docs/generate.py` writes the page, a test runs every row.
"""

PRELUDE = """
import numpy as np
import chainrule as cr
from chainrule.circuits.wires import MATHS as m
from chainrule.problem import Problem
from chainrule.verification import raw, sigma_matrices, paths
from chainrule.writing.mathml import mathml
from chainrule.writing.tex import latex
from chainrule.explanation.figures import figure
from chainrule.explanation.worksheet import worksheet
from chainrule.explanation.nested_formula import nested_formula
from chainrule.explanation.pseudocode import pseudocode, runnable
from chainrule.explanation.proof import proof
from chainrule.explanation.summary import summary
from chainrule.nudges import best_move, demon, nudge, sweep
from chainrule.diagnostics.reasons import slowest, why
from chainrule.diagnostics.influence import influence
from chainrule.diagnostics.activation_design import design
from chainrule.lessons.quiz_format import parse, text_of
from chainrule.lessons.six_questions import six
from chainrule.recurrent import Recurrent, through_time, unroll
from chainrule.per_example import per_example_gradients

chain = cr.Network([[[1.5]], [[-2.0]], [[1.2]]], [[-0.4], [0.9], [-0.3]], "sigmoid")
ct = cr.forward(chain, [0.6])
cb = cr.backward(ct, [1.0], "squared_error")
net = cr.Network([[[0.5, -1.0], [1.5, 0.3], [-0.7, 0.9]], [[1.0, -2.0, 0.4], [0.6, 0.8, -1.1]]],
                 [[0.1, 0.0, -0.2], [0.2, -0.1]], ["tanh", "sigmoid"])
x, y = np.array([0.6, -0.4]), np.array([1.0, 0.0])
t = cr.forward(net, x)
b = cr.backward(t, y, "squared_error")
s = [None] + [sigma.slope(z) for sigma, z in zip(net.activations, t.z)]
w, a, z = net.weights, t.a, t.z
g = cr.gradient(net, x, y, "squared_error")
n = cr.circuit_of(net, [x], [y], cr.squared_error())
run = n.run()
down = run.backward(n.cost)
"""

ROWS = [
    ("S0.1", "each example has a cost of its own; C is made of them", "cr.cost(net, [x, -x], [y, y], 'squared_error', reduction='none'), cr.cost(net, [x, -x], [y, y], 'squared_error')"),
    ("S0.2", "without the ½: c = Σ(y − a)²", "cr.cost(net, x, y, 'squared_error'), sum((y - a[2]) ** 2)"),
    ("S0.3", "w_kj: from k to j", "cr.Convention.preset('article').weight(2, 0, 2), w[2][0, 2]"),
    ("S0.4", "one bias per neuron, or one per layer: its gradient is Σ_j δ_j", "cr.gradient(cr.Network(list(w), [[0.1], [0.2]], ['tanh', 'sigmoid']), x, y).biases[1].size, cr.gradient(net, x, y).biases[1].size"),
    ("S0.5", "z = Σ w a + b, a = σ(z), on the last layer too", "sum(w[2][0, k] * a[1][k] for k in range(3)) + net.biases[2][0], z[2][0], 1 / (1 + np.exp(-z[2][0])), a[2][0]"),
    ("S0.6", "neurons counted from 1, layer sizes n", "cr.Convention.preset('article').symbol('z', 1, 2), net.sizes"),
    ("S0.7", "three factors ∂c/∂a · ∂a/∂z · ∂z/∂w", "b.da[2][0] * s[2][0] * a[1][1], g.weights[2][0, 1]"),
    ("S0.8", "∂c/∂a below L is a sum over the next layer", "sum(b.da[2][r] * s[2][r] * w[2][r, 1] for r in range(2)), b.da[1][1]"),
    ("S0.9", "∂z_j/∂w_rj = Σ δ_rk a_r = a_k: only the k-th term is left", "run.backward(n.z[2][0, 0])[n.weights[2]][0], a[1]"),
    ("S0.10", "local derivatives σ′(z), a, w, 1, found by gates", "[float(run.backward(above)[below][0, 0]) for above, below in ((n.a[2][0, 0], n.z[2]), (n.z[2][0, 0], n.weights[2]), (n.z[2][0, 0], n.a[1]))] + [float(run.backward(n.z[2][0, 0])[n.biases[2]][0])], [s[2][0], a[1][0], w[2][0, 0], 1]"),
    ("S0.11", "∂c/∂a^L = 2(a − y)", "b.da[2], 2 * (a[2] - y)"),
    ("S0.12", "the raw recursion in ∂c/∂a gives the same gradient", "(raw.gradient(Problem.exact(net, x, y, 'squared_error')) - g).norm() < 1e-15"),
    ("S0.13", "with δ := ∂c/∂z: ∂c/∂w = δ_j a_k, ∂c/∂b = δ_j; δ = ∂c/∂a σ′", "b.delta[1], b.da[1] * s[1]"),
    ("S0.14", "from L down to 1, every δ known at the end", "list(b.delta.numbers), [d.shape for d in b.delta]"),
    ("S0.15", "δ is a rate, and authors name it differently", "[cr.Convention.preset(n).word for n in ('article', '3blue1brown', 'nielsen', 'cs231n', '3h4')]"),
    ("S0.16", "where |δ| is large, moving z lowers the cost", "[(shift, cr.explain(net, x, y, 'z/2/1').value * shift < 0) for shift in (-0.1, 0.1)]"),
    ("S0.17", "rule 1: weights that multiply influential activations should change; rule 2: the other way round", "influence(net, x, y)"),
    ("S0.18", "the rules, tested on a network: rank correlations", "[(t.rule, t.layer, t.correlation) for t in influence(net, x, y).tests]"),
    ("S1.1", "the gradient as one ordered vector w¹,b¹,…,w^L,b^L", "g.flat().size, g.like(g.flat()).weights[2][0, 1] == g.weights[2][0, 1], [str(cr.ids.of_entry(g, i)) for i in (0, 6, 9, 15)]"),
    ("S1.2", "the chain 1-1-1-1: three weights, three biases", "chain, [w.size for w in chain.weights], [b.size for b in chain.biases]"),
    ("S1.3", "C₀ = (a^L − y)²", "cr.cost(chain, [0.6], [1.0], 'squared_error'), (ct.a[3][0] - 1) ** 2"),
    ("S1.4", "a^L = σ(w a^(L−1) + b), with a sigmoid or a ReLU", "ct.a[3], cr.forward(cr.Network(list(chain.weights), list(chain.biases), 'relu'), [0.6]).a[3]"),
    ("S1.5", "which values a value depends on: a² on w², a¹, b² — a hidden z on no w²", "bool(run.backward(n.z[1][0, 0])[n.weights[2]].any()), bool(run.backward(n.z[2][0, 0])[n.weights[1]].any())"),
    ("S1.6", "a number line a variable, its value on it", "figure('number_lines', chain, [0.6], [1.0], by='w/1/0/0', cost='squared_error').table"),
    ("S1.7", "a nudge of 0.01 travels along; the derivative is a ratio of nudges", "nudge(chain, [0.6], [1.0], 'w/2/0/0', 0.01, cost='squared_error')"),
    ("S1.8", "the three constituent derivatives, each beside its equation", "cr.explain(chain, [0.6], [1.0], 'w/3/0/0', convention='3blue1brown', cost='squared_error').parts[0].factors"),
    ("S1.9", "more active before, more effect; more wrong, more effect", "[float(cr.gradient(cr.Network([[[w1]]], [[0.0]], 'identity'), [v], [1.0]).weights[1][0, 0]) for w1, v in ((0.0, 0.5), (0.0, 1.0), (-1.0, 1.0))]"),
    ("S1.10", "a^(L−1) σ′(z^L) 2(a − y)", "ct.a[2] * chain.activations[3].slope(ct.z[3]) * 2 * (ct.a[3] - 1), cr.gradient(chain, [0.6], [1.0], 'squared_error').weights[3]"),
    ("S1.11", "the gradient of the average is the average of the gradients", "(cr.per_example_gradients(net, [x, -x], [y, y]).reduce() - cr.gradient(net, [x, -x], [y, y])).norm() < 1e-15"),
    ("S1.12", "a bias: ∂z/∂b = 1", "run.backward(n.z[2][0, 1])[n.biases[2]]"),
    ("S1.13", "the activation before: ∂z/∂a = w", "run.backward(n.z[2][0, 1])[n.a[1]][0], w[2][1]"),
    ("S1.14", "the five factors of ∂C/∂w² in the chain", "cr.explain(chain, [0.6], [1.0], 'w/2/0/0', convention='3blue1brown', cost='squared_error').parts[0].factors"),
    ("S1.15", "w_jk: to j from k", "cr.Convention.preset('3blue1brown').weight(2, 1, 0), w[2][1, 0]"),
    ("S1.16", "z_j term by term", "sum(w[1][2, k] * x[k] for k in range(2)) + net.biases[1][2], z[1][2]"),
    ("S1.17", "one product for every way to the cost, added up", "[term.value for term in cr.explain(net, x, y, 'w/1/1/0', form='paths', convention='3blue1brown', cost='squared_error').parts[0].terms], g.weights[1][1, 0]"),
    ("S1.18", "colours by symbol: w blue, b pink, z green, a black, y gold, C red", "[cr.Convention.preset('3blue1brown').colours, *[__import__('chainrule.pictures.svg', fromlist=['x']).THEMES['light'][k] for k in 'wbzayC']]"),
    ("S1.19", "a step downhill lowers the cost", "[round(float(cr.cost(net.with_parameters(net.parameters - rate * g), x, y, 'squared_error')), 6) for rate in (0.0, 0.1, 0.5)]"),
    ("S1.20", "the whole calculus on one page, with its indices and without", "summary('3blue1brown')"),
    ("S1.21", "how sensitive is any variable to any other: ∂a²₀/∂x₁, backward and forward", "run.backward(n.a[2][0, 0])[n.a[0]][0, 1], run.tangent(x=[[0, 1]])[n.a[2]][0, 0]"),
    ("S1.22", "rows of W¹ and of its gradient as images, of digits", "figure('weight_tiles', cr.Network.random([64, 4, 10], seed=0), cr.load_data('digits').inputs[0], 0).description"),
    ("S2.1", "δ_j ≡ ∂C/∂z_j", "b.delta[1][1], cr.explain(net, x, y, 'z/1/1', convention='3blue1brown', cost='squared_error').exact"),
    ("S2.2", "the demon: predicted and actual change", "sweep(chain, [0.6], [1.0], 'z/2/0', [0.01, 0.1, 0.5, 1, 2, -2], cost='squared_error')"),
    ("S2.3", "the good demon goes against δ", "demon(chain, [0.6], [1.0], layer=2, size=0.1, cost='squared_error')"),
    ("S2.4", "the demon on the activation", "demon(chain, [0.6], [1.0], layer=2, size=0.1, cost='squared_error', kind='activation')"),
    ("S2.5", "BP1: δ^L = ∇_aC ⊙ σ′(z^L)", "b.da[2] * s[2], b.delta[2]"),
    ("S2.6", "with the ½ every δ halves", "cr.backward(t, y, 'quadratic').delta[2] * 2, b.delta[2]"),
    ("S2.7", "any cost whose ∂C/∂a is known: here its form alone is given", "cr.backward(t, y, cr.own_cost(lambda a, y, m: m.sum((a - y) ** 4))).da[2], 4 * (a[2] - y) ** 3"),
    ("S2.8", "BP2: back through the weights, then through the activation", "(w[2].T @ b.delta[2]) * s[1], b.delta[1]"),
    ("S2.9", "BP3 and BP4: δ, and a_in δ_out", "np.outer(b.delta[2], a[1])[1], g.weights[2][1]"),
    ("S2.10", "w_jk to j from k, so that z = w a + b", "w[2] @ a[1] + net.biases[2], z[2]"),
    ("S2.11", "the Hadamard product", "np.array([1, 2]) * np.array([3, 4])"),
    ("S2.12", "a_in ≈ 0: the weight learns slowly", "why(cr.Network(list(w), list(net.biases), ['tanh', 'sigmoid']), [1e-4, 0.5], y, 'w/1/0/0')"),
    ("S2.13", "a saturated output neuron learns slowly", "why(cr.Network([[[9.0]]], [[3.0]], 'sigmoid'), [1.0], [0.0], 'b/1/0', cost='quadratic')"),
    ("S2.14", "a saturated hidden neuron, and what wᵀδ makes up for", "why(cr.Network([[[9.0]], [[1.0]]], [[3.0], [0.0]], 'sigmoid'), [1.0], [0.0], 'w/1/0/0', cost='quadratic')"),
    ("S2.15", "the reason, weight by weight", "slowest(net, x, y, cost='quadratic', most=2)"),
    ("S2.16", "designing an activation: σ′ bounded away from 0", "design(cr.leaky_relu(0.1))"),
    ("S2.17", "z is kept from the forward pass", "t, [v.shape for v in t.z]"),
    ("S2.18", "BP1 as Σ′(z^L) ∇_aC", "np.diag(s[2]) @ b.da[2], b.delta[2]"),
    ("S2.19", "BP2 as Σ′(z^l)(w^(l+1))ᵀ δ^(l+1)", "np.diag(s[1]) @ w[2].T @ b.delta[2], b.delta[1]"),
    ("S2.20", "the full product of matrices gives the same gradient", "(sigma_matrices.gradient(Problem.exact(net, x, y, 'squared_error')) - g).norm() < 1e-15"),
    ("S2.21", "⊙ is faster: n multiplications for n²", "s[1].size, np.diag(s[1]).size"),
    ("S2.22", "the algorithm as a program that runs, and a proof", "runnable('nielsen').count(chr(10)) > 10, str(proof('nielsen')).splitlines()[0]"),
    ("S2.23", "the four equations", "summary('nielsen')"),
    ("S3.1", "a circuit of simple gates, forward and backward", "n.circuit, run[n.cost], down[n.cost]"),
    ("S3.2", "gradient to an input = local gradient × received gradient", "down[n.z[2]][0, 0], s[2][0] * down[n.a[2]][0, 0]"),
    ("S3.3", "w_.k, all weights from unit k", "w[2][:, 1]"),
    ("S3.4", "a subgradient will do: ReLU at 0", "cr.Network([[[1.0]]], None, 'relu').activations[1].slope(np.zeros(1))"),
    ("S3.5", "multiply gates, first add gate, second add gate, activation gate", "[row.gate for row in n.unit(1, 0).rows][-4:]"),
    ("S3.6", "values above the wires", "[row.value for row in n.unit(1, 0).rows][-3:]"),
    ("S3.7", "the wires by name: w a, Σ w a, z, a", "run[n.products[1][0, 0]], run[n.sums[1][0, 0]], run[n.z[1][0, 0]], run[n.a[1][0, 0]]"),
    ("S3.8", "name δ first, express everything by it, compute it later", "down[n.biases[1]], down[n.sums[1]][0], b.delta[1]"),
    ("S3.9", "the add gate distributes", "down[n.products[1]][0, 0], down[n.sums[1]][0, 0]"),
    ("S3.10", "the multiply gate switches: δ a to w, δ w to a", "down[n.weights[2]][0], b.delta[2][0] * a[1]"),
    ("S3.11", "fan-out adds up: (δ)ᵀ w_.k", "down[n.a[1]][0, 1], b.delta[2] @ w[2][:, 1]"),
    ("S3.12", "gradients below the wires", "[row.gradient for row in n.unit(1, 0).rows][-3:]"),
    ("S3.13", "δ_j = σ′(z_j)(δ^(l+1))ᵀ w_.j", "s[1][1] * (b.delta[2] @ w[2][:, 1]), b.delta[1][1]"),
    ("S3.14", "no activation on the last layer: δ^L = ∂C/∂z^L", "cr.backward(cr.forward(cr.Network([np.eye(2)], None, 'identity'), x), y, 'multiclass_hinge').delta[1]"),
    ("S3.15", "a⁰ = x, and ∂C/∂x exists", "b.dx, down[n.a[0]][0]"),
    ("S3.16", "L does not count the input", "net.depth, net.sizes"),
    ("S3.17", "the four recursive equations by one forward and one backward pass", "(n.gradient() - g).norm() < 1e-15"),
    ("S4.1", "W^l has one row per destination neuron", "[v.shape for v in w], net.sizes"),
    ("S4.2", "input sum, transfer function, error signal", "[getattr(cr.Convention.preset('3h4'), k) for k in ('input_word', 'function_word', 'word')]"),
    ("S4.3", "one neuron, its edges, its row of W", "figure('network', net, x, y, by='z/1/1').title, w[1][1]"),
    ("S4.4", "the whole net, the incoming edges of a neuron in two layers", "figure('network', net, x, y, by=['z/1/1', 'z/2/0']).description"),
    ("S4.5", "the network as one nested formula", "nested_formula(net, '3h4')"),
    ("S4.6", "w_kj to k from j", "[str(cr.Convention.preset(n).weight('l', cr.Convention.preset(n).to_letter, cr.Convention.preset(n).from_letter)) for n in ('3h4', 'article')]"),
    ("S4.7", "three layers, neurons as z and a, biases as units of the layer before", "figure('network', net, x, y, by='w/2/0/1', layer=1, bias_units=True).title"),
    ("S4.8", "one weight moves, all others stay", "(cr.cost(net.with_value('w/1/1/0', 1.5001), x, y, 'squared_error') - cr.cost(net, x, y, 'squared_error')) / 1e-4, g.weights[1][1, 0]"),
    ("S4.9", "(Σ_m ∂C/∂z_m w_mk) σ′(z_k) a_j", "sum(b.delta[2][m_] * w[2][m_, 1] for m_ in range(2)) * s[1][1] * x[0], g.weights[1][1, 0]"),
    ("S4.10", "δ_k = (Σ_m δ_m w_mk) σ′(z_k); ∂C/∂b_k = δ_k", "b.delta[1], g.biases[1]"),
    ("S4.11", "δ^L = ∂C/∂a σ′(z), the cost chosen by the user", "[cr.backward(t, y, c).delta[2] for c in ('quadratic', 'huber')]"),
    ("S4.12", "(W)ᵀδ entry by entry, before ⊙ σ′", "w[2].T @ b.delta[2], b.da[1]"),
    ("S4.13", "gradients have the shapes of their weights", "[v.shape for v in g.weights] == [v.shape for v in w]"),
    ("S4.14", "the delta rule: a small fraction of the derivative is subtracted", "w[2][0, 1] - 0.1 * g.weights[2][0, 1], (net.parameters - 0.1 * g).weights[2][0, 1]"),
    ("S4.15", "the six steps, written out", "worksheet(chain, [0.6], [1.0], convention='3h4', cost='squared_error', learning_rate=0.5)"),
    ("S4.16", "a batch: samples as columns", "cr.forward(net, [x, -x, 2 * x]).a[1].T.shape, figure('delta_batch', net, [x, -x], [y, y], convention='3h4').title"),
    ("S4.17", "gradients as a stack [sample, neuron, weight], and their sum", "per_example_gradients(net, [x, -x, x], [y, y, y]).tensor(1).shape, (per_example_gradients(net, [x, -x], [y, y]).reduce('sum') - cr.gradient(net, [x, -x], [y, y], reduction='sum')).norm() < 1e-15"),
    ("S4.18", "the quiz format, read and written", "text_of(parse('??' + chr(10) + 'What is 1 + 1?' + chr(10) + chr(92) + 'c: 2' + chr(10) + chr(92) + 'w: 3' + chr(10) + '??' + chr(10)))"),
    ("S4.19", "the six questions, and the one that turns around", "[next(a.text for a in six(n)[3].answers if a.right) for n in ('3h4', 'article')]"),
    ("S4.20", "a recurrent network, unrolled: weights shared over time", "unroll(Recurrent.random((2, 3, 1), seed=0), np.ones((3, 2)), np.ones((3, 1)))"),
]  # fmt: skip
