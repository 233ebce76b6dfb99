"""The rows of docs/concepts.md: an idea's id, what it says, and a call whose answer stands beside it.

`PRELUDE` is run once; each call is an expression in its names. `python docs/generate.py` writes the page, a test runs every row.
"""

PRELUDE = """
import numpy as np
import chainrule as cr
from chainrule.circuits.circuit import MATHS as m
from chainrule.verification import raw, sigma_matrices, paths

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
    ("S0.7", "three factors ∂c/∂a · ∂a/∂z · ∂z/∂w", "b.da[2][0] * s[2][0] * a[1][1], g.weights[2][0, 1]"),
    ("S0.8", "∂c/∂a below L is a sum over the next layer", "sum(b.da[2][r] * s[2][r] * w[2][r, 1] for r in range(2)), b.da[1][1]"),
    ("S0.9", "∂z_j/∂w_rj = Σ δ_rk a_r = a_k: only the k-th term is left", "run.backward(n.z[2][0, 0])[n.weights[2]][0], a[1]"),
    ("S0.10", "local derivatives σ′(z), a, 1, w", "s[2], a[1], 1.0, w[2][0]"),
    ("S0.11", "∂c/∂a^L = 2(a − y)", "b.da[2], 2 * (a[2] - y)"),
    ("S0.12", "the raw recursion in ∂c/∂a gives the same gradient", "(raw.gradient(net, x[None], y[None], cr.squared_error()) - g).norm() < 1e-15"),
    ("S0.13", "with δ := ∂c/∂z: ∂c/∂w = δ_j a_k, ∂c/∂b = δ_j; δ = ∂c/∂a σ′", "b.delta[1], b.da[1] * s[1]"),
    ("S0.14", "from L down to 1, every δ known at the end", "list(b.delta.numbers), [d.shape for d in b.delta]"),
    ("S1.5", "which values a value depends on: a² on w², a¹, b² — a hidden z on no w²", "bool(run.backward(n.z[1][0, 0])[n.weights[2]].any()), bool(run.backward(n.z[2][0, 0])[n.weights[1]].any())"),
    ("S1.8", "the three constituent derivatives, each beside its equation", "ct.a[2], chain.activations[3].slope(ct.z[3]), cb.da[3]"),
    ("S1.9", "more active before, more effect; more wrong, more effect", "[float(cr.gradient(cr.Network([[[w1]]], [[0.0]], 'identity'), [v], [1.0]).weights[1][0, 0]) for w1, v in ((0.0, 0.5), (0.0, 1.0), (-1.0, 1.0))]"),
    ("S1.10", "a^(L−1) σ′(z^L) 2(a − y)", "ct.a[2] * chain.activations[3].slope(ct.z[3]) * 2 * (ct.a[3] - 1), cr.gradient(chain, [0.6], [1.0], 'squared_error').weights[3]"),
    ("S1.11", "the gradient of the average is the average of the gradients", "(cr.per_example_gradients(net, [x, -x], [y, y]).reduce() - cr.gradient(net, [x, -x], [y, y])).norm() < 1e-15"),
    ("S1.12", "a bias: ∂z/∂b = 1", "run.backward(n.z[2][0, 1])[n.biases[2]]"),
    ("S1.13", "the activation before: ∂z/∂a = w", "run.backward(n.z[2][0, 1])[n.a[1]][0], w[2][1]"),
    ("S1.14", "the five factors of ∂C/∂w² in the chain", "cr.explain(chain, [0.6], [1.0], 'w/2/0/0', convention='s1').parts[0].factors"),
    ("S1.15", "w_jk: to j from k", "cr.Convention.preset('s1').weight(2, 1, 0), w[2][1, 0]"),
    ("S1.16", "z_j term by term", "sum(w[1][2, k] * x[k] for k in range(2)) + net.biases[1][2], z[1][2]"),
    ("S1.17", "one product for every way to the cost, added up", "[term.value for term in cr.explain(net, x, y, 'w/1/1/0', form='paths', convention='s1').parts[0].terms], g.weights[1][1, 0]"),
    ("S1.21", "how sensitive is any variable to any other: ∂a²₀/∂x₁, backward and forward", "run.backward(n.a[2][0, 0])[n.a[0]][0, 1], run.tangent(x=[[0, 1]])[n.a[2]][0, 0]"),
    ("S2.5", "BP1: δ^L = ∇_aC ⊙ σ′(z^L)", "b.da[2] * s[2], b.delta[2]"),
    ("S2.6", "with the ½ every δ halves", "cr.backward(t, y, 'quadratic').delta[2] * 2, b.delta[2]"),
    ("S2.7", "any cost whose ∂C/∂a is known: here its form alone is given", "cr.backward(t, y, cr.own_cost(lambda a, y, m: m.sum((a - y) ** 4))).da[2], 4 * (a[2] - y) ** 3"),
    ("S2.8", "BP2: back through the weights, then through the activation", "(w[2].T @ b.delta[2]) * s[1], b.delta[1]"),
    ("S2.9", "BP3 and BP4: δ, and a_in δ_out", "np.outer(b.delta[2], a[1])[1], g.weights[2][1]"),
    ("S2.18", "BP1 as Σ′(z^L) ∇_aC", "np.diag(s[2]) @ b.da[2], b.delta[2]"),
    ("S2.19", "BP2 as Σ′(z^l)(w^(l+1))ᵀ δ^(l+1)", "np.diag(s[1]) @ w[2].T @ b.delta[2], b.delta[1]"),
    ("S2.20", "the full product of matrices gives the same gradient", "(sigma_matrices.gradient(net, x[None], y[None], cr.squared_error()) - g).norm() < 1e-15"),
    ("S2.21", "⊙ is faster: n multiplications for n²", "s[1].size, np.diag(s[1]).size"),
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
    ("S4.8", "one weight moves, all others stay", "(cr.cost(net.with_value('w/1/1/0', 1.5001), x, y, 'squared_error') - cr.cost(net, x, y, 'squared_error')) / 1e-4, g.weights[1][1, 0]"),
    ("S4.9", "(Σ_m ∂C/∂z_m w_mk) σ′(z_k) a_j", "sum(b.delta[2][m_] * w[2][m_, 1] for m_ in range(2)) * s[1][1] * x[0], g.weights[1][1, 0]"),
    ("S4.10", "δ_k = (Σ_m δ_m w_mk) σ′(z_k); ∂C/∂b_k = δ_k", "b.delta[1], g.biases[1]"),
    ("S4.11", "δ^L = ∂C/∂a σ′(z), the cost chosen by the user", "[cr.backward(t, y, c).delta[2] for c in ('quadratic', 'huber')]"),
    ("S4.12", "(W)ᵀδ entry by entry, before ⊙ σ′", "w[2].T @ b.delta[2], b.da[1]"),
    ("S4.13", "gradients have the shapes of their weights", "[v.shape for v in g.weights] == [v.shape for v in w]"),
]  # fmt: skip
