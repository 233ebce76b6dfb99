// The network of the page: values forward, derivatives backward, and one quantity moved.
//
// Layers count from 1 and neurons from 0. Arrays by layer have nothing at 0, but for a, whose a[0] is x. An id is an
// object { kind: 'w' | 'b' | 'z' | 'a' | 'x' | 'y' | 'd' | 'C', layer, neuron, source }; the bias that a layer shares is
// its neuron 0.

import { crossingsOf } from './crossings.js';
import { activations as known } from './forms.js';

/** The network of a description { sizes, activations, biases }, with its weights and biases in one vector: w¹, b¹, w², … */
export function networkOf(description, theta, activations = known) {
  const { sizes } = description;
  const sigma = [null, ...description.activations.map((key) => activations[key])];
  return withTheta({ depth: sizes.length - 1, sizes, sigma, biases: [null, ...description.biases] }, theta);
}

/** The same network with other weights and biases. w[l] (rows by neuron) and b[l] are views into theta. */
export function withTheta(net, theta) {
  const starts = [0];
  const w = [null];
  const b = [null];
  let at = 0;
  for (let l = 1; l <= net.depth; l += 1) {
    const weights = net.sizes[l] * net.sizes[l - 1];
    const biases = { neuron: net.sizes[l], layer: 1, none: 0 }[net.biases[l]];
    starts.push(at);
    w.push(theta.subarray(at, at + weights));
    b.push(theta.subarray(at + weights, at + weights + biases));
    at += weights + biases;
  }
  if (at !== theta.length) throw new Error(`this network has ${at} weights and biases, got ${theta.length}`);
  return { ...net, theta, starts, w, b };
}

/** Where theta holds a weight or a bias. */
export function placeOf(net, id) {
  const before = net.sizes[id.layer - 1];
  if (id.kind === 'w') return net.starts[id.layer] + id.neuron * before + id.source;
  if (id.kind !== 'b') throw new Error(`${id.kind} is neither a weight nor a bias`);
  return net.starts[id.layer] + net.sizes[id.layer] * before + (isShared(net, id.layer) ? 0 : id.neuron);
}

export function isShared(net, layer) {
  return net.biases[layer] === 'layer';
}

// forward ---------------------------------------------------------------------------------------------------------------

/** Room for what a forward pass computes; forward(net, x, room) writes into it. */
export function emptyPass(net) {
  const rows = () => [null, ...net.sizes.slice(1).map((size) => new Float64Array(size))];
  return { x: null, z: rows(), a: rows() };
}

/** z^l = w^l a^(l−1) + b^l and a^l = σ(z^l): { x, z, a }, a[0] being x. */
export function forward(net, x, pass = emptyPass(net)) {
  pass.x = x;
  pass.a[0] = x;
  for (let l = 1; l <= net.depth; l += 1) {
    weigh(net, l, pass.a[l - 1], pass.z[l]);
    net.sigma[l].value(pass.z[l], pass.a[l]);
  }
  return pass;
}

export function weigh(net, layer, before, z) {
  const w = net.w[layer];
  const b = net.b[layer];
  const step = isShared(net, layer) ? 0 : 1;
  for (let j = 0, at = 0; j < z.length; j += 1) {
    let sum = 0;
    for (let k = 0; k < before.length; k += 1, at += 1) sum += w[at] * before[k];
    z[j] = b.length ? sum + b[j * step] : sum;
  }
  return z;
}

/** C of a pass for the targets y. */
export function costOf(net, cost, pass, y) {
  return cost.value((cost.of === 'z' ? pass.z : pass.a)[net.depth], y);
}

// backward --------------------------------------------------------------------------------------------------------------

/** { C, delta: δ^l = ∂C/∂z^l, raw: ∂C/∂a^l, raw[0] being ∂C/∂x, target: ∂C/∂y } of one example, by BP1 and BP2. */
export function backward(net, cost, pass, y) {
  const last = net.depth;
  const output = (cost.of === 'z' ? pass.z : pass.a)[last];
  const [delta, raw] = [[null], []];
  raw[last] = cost.slope(pass.a[last], y, new Float64Array(y.length));
  for (let l = last; l >= 1; l -= 1) {
    delta[l] = new Float64Array(net.sizes[l]);
    if (l === last && cost.delta) cost.delta(pass.z[l], y, delta[l]);
    else sendThrough(net.sigma[l], raw[l], pass.z[l], delta[l]);
    raw[l - 1] = sendBack(net, l, delta[l]);
  }
  const target = cost.targetSlope(output, y, new Float64Array(y.length));
  return { C: costOf(net, cost, pass, y), delta, raw, target };
}

// v ⊙ σ′(z) (S2.11), and Σ′ᵀ v where the slope is the full matrix of a softmax (S2.18).
function sendThrough(sigma, v, z, out) {
  if (sigma.full) return sigma.through(v, z, out);
  sigma.slope(z, out);
  for (let j = 0; j < out.length; j += 1) out[j] *= v[j];
  return out;
}

function sendBack(net, layer, delta) {
  const w = net.w[layer];
  const found = new Float64Array(net.sizes[layer - 1]);
  for (let j = 0, at = 0; j < delta.length; j += 1) {
    for (let k = 0; k < found.length; k += 1, at += 1) found[k] += w[at] * delta[j];
  }
  return found;
}

/** ∂C/∂id: by BP3 and BP4 for a bias and a weight. NaN for a δ, which is itself a slope. */
export function slopeOf(net, pass, back, id) {
  const { kind, layer, neuron } = id;
  switch (kind) {
    case 'w': return pass.a[layer - 1][id.source] * back.delta[layer][neuron];
    case 'b': return isShared(net, layer) ? sumOf(back.delta[layer]) : back.delta[layer][neuron];
    case 'z': return back.delta[layer][neuron];
    case 'a': return back.raw[layer][neuron];
    case 'x': return back.raw[0][neuron];
    case 'y': return back.target[neuron];
    case 'C': return 1;
    default: return NaN;
  }
}

function sumOf(numbers) {
  return numbers.reduce((sum, each) => sum + each, 0);
}

/** What an id is now. In a pass in which something was moved, it is as moved. */
export function valueOf(net, pass, y, back, id) {
  const { kind, layer, neuron } = id;
  const by = pass.moved && sameId(pass.moved, id) ? pass.change : 0;
  switch (kind) {
    case 'w': case 'b': return net.theta[placeOf(net, id)] + by;
    case 'z': return pass.z[layer][neuron];
    case 'a': return pass.a[layer][neuron];
    case 'x': return pass.a[0][neuron];
    case 'y': return y[neuron] + by;
    case 'd': return back.delta[layer][neuron];
    default: return pass.C ?? back.C;
  }
}

function sameId(one, other) {
  if (one.kind !== other.kind || one.neuron !== other.neuron) return false;
  if (one.kind === 'w' && one.source !== other.source) return false;
  return one.kind === 'x' || one.kind === 'y' || one.layer === other.layer;
}

// one quantity moved ----------------------------------------------------------------------------------------------------

/** The pass after an id has been moved by a change, with its C: what is downstream of the id follows, and nothing else. */
export function moved(net, cost, pass, y, id, change) {
  const mover = moverOf(net, cost, pass, y, id);
  const C = mover.to(change, true);
  return { x: mover.a[0], z: mover.z, a: mover.a, C, moved: id, change };
}

/** C at each of these changes of an id. */
export function costsAt(net, cost, pass, y, id, changes) {
  const mover = moverOf(net, cost, pass, y, id);
  return Float64Array.from(changes, (change) => mover.to(change, false));
}

/** The same for changes in rising order, and where between them units pass a kink, with their ids. */
export function sweep(net, cost, pass, y, id, changes) {
  const C = costsAt(net, cost, pass, y, id, changes);
  const mover = moverOf(net, cost, pass, y, id);
  const watched = kinksAbove(mover);
  let at = NaN;
  const marginAt = (change, unit) => {
    if (change !== at) mover.to(change, false);
    at = change;
    return watched[unit].margin();
  };
  const found = watched.length === 0 ? [] : crossingsOf(marginAt, watched.length, changes);
  return { C, kinks: found.map((each) => each.change), units: found.map((each) => watched[each.unit].unit) };
}

// A pass that can be moved: `to(change, whole)` brings z and a to that change and gives C. Below the id its arrays are
// those of the pass. An a^L that C does not need is left out unless `whole`.
function moverOf(net, cost, pass, y, id) {
  const mover = { net, cost, pass, y, id, z: pass.z.slice(), a: pass.a.slice() };
  const start = { y: moveTarget, x: moveActivation, a: moveActivation, w: moveSum, b: moveSum, z: moveSum }[id.kind];
  if (start === undefined) throw new Error(`${id.kind} cannot be moved: it is computed`);
  const first = id.kind === 'y' ? net.depth + 1 : layerOf(id);
  for (let l = first; l <= net.depth; l += 1) {
    if (l > first || start === moveSum) mover.z[l] = Float64Array.from(pass.z[l]);
    mover.a[l] = Float64Array.from(pass.a[l]);
  }
  mover.to = start(mover, first, id.neuron);
  return mover;
}

export function layerOf(id) {
  return id.kind === 'x' ? 0 : id.layer;
}

function moveTarget(mover, _, neuron) {
  const { net, cost, pass, y } = mover;
  const target = Float64Array.from(y);
  mover.y = target;
  return (change) => {
    target[neuron] = y[neuron] + change;
    return costOf(net, cost, pass, target);
  };
}

function moveActivation(mover, layer, neuron) {
  const here = mover.pass.a[layer];
  return (change, whole) => {
    mover.a[layer][neuron] = here[neuron] + change;
    if (layer === mover.net.depth) return costOfActivation(mover.cost)(mover.a[layer], mover.y);
    return fromColumn(mover, layer + 1, neuron, change, whole);
  };
}

function moveSum(mover, layer, neuron) {
  const { net, pass, id } = mover;
  const factor = id.kind === 'w' ? pass.a[layer - 1][id.source] : 1;
  const shared = id.kind === 'b' && isShared(net, layer);
  return shared || net.sigma[layer].full
    ? moveLayer(mover, layer, (j) => (shared || j === neuron ? factor : 0))
    : moveNeuron(mover, layer, neuron, factor);
}

function moveLayer(mover, layer, factor) {
  const here = mover.pass.z[layer];
  return (change, whole) => {
    for (let j = 0; j < here.length; j += 1) mover.z[layer][j] = here[j] + change * factor(j);
    activate(mover, layer, whole);
    return fromLayer(mover, layer + 1, whole);
  };
}

function moveNeuron(mover, layer, neuron, factor) {
  const { net, cost, pass } = mover;
  const [z, a] = [new Float64Array(1), new Float64Array(1)];
  return (change, whole) => {
    z[0] = pass.z[layer][neuron] + change * factor;
    mover.z[layer][neuron] = z[0];
    if (layer < net.depth || whole || cost.of === 'a') mover.a[layer][neuron] = net.sigma[layer].value(z, a)[0];
    if (layer === net.depth) return costOf(net, cost, mover, mover.y);
    return fromColumn(mover, layer + 1, neuron, a[0] - pass.a[layer][neuron], whole);
  };
}

// One activation of the layer below has moved: of each sum the rest stays.
function fromColumn(mover, layer, source, by, whole) {
  const [w, before] = [mover.net.w[layer], mover.net.sizes[layer - 1]];
  const [z, here] = [mover.z[layer], mover.pass.z[layer]];
  for (let j = 0, at = source; j < z.length; j += 1, at += before) z[j] = here[j] + w[at] * by;
  activate(mover, layer, whole);
  return fromLayer(mover, layer + 1, whole);
}

// Every layer from this one on, each from all of the layer below it.
function fromLayer(mover, layer, whole) {
  for (let l = layer; l <= mover.net.depth; l += 1) {
    weigh(mover.net, l, mover.a[l - 1], mover.z[l]);
    activate(mover, l, whole);
  }
  return costOf(mover.net, mover.cost, mover, mover.y);
}

function activate({ net, cost, z, a }, layer, whole) {
  if (layer < net.depth || whole || cost.of === 'a') net.sigma[layer].value(z[layer], a[layer]);
}

// C as a function of a^L, for an output that is moved by itself.
function costOfActivation(cost) {
  if (cost.of === 'a') return cost.value;
  if (cost.ofActivation === null) throw new Error('this cost is known as a function of z alone: move z of the output');
  return cost.ofActivation.form;
}

// kinks -----------------------------------------------------------------------------------------------------------------

// The units that move with an id and have a kink: their ids, and how far each is beyond it.
function kinksAbove(mover) {
  const { net, id } = mover;
  const found = costMargins(mover);
  if (id.kind === 'y') return found;
  const layer = layerOf(id);
  const alone = id.kind !== 'b' || !isShared(net, layer);
  for (let l = 'xa'.includes(id.kind) ? layer + 1 : layer; l <= net.depth; l += 1) {
    for (const kink of net.sigma[l].kinks) {
      for (let j = 0; j < net.sizes[l]; j += 1) {
        if (l === layer && alone && j !== id.neuron) continue;
        found.push({ unit: { kind: 'z', layer: l, neuron: j }, margin: () => mover.z[l][j] - kink });
      }
    }
  }
  return found;
}

// The outputs at which the cost has a kink: wrong classes at the margin of a hinge, and those of an absolute error at y.
function costMargins(mover) {
  const { net, cost, y, id, z, a } = mover;
  if (cost.margins === null || (id.kind === 'y' && cost.of === 'z')) return [];
  const [last, margins, kind] = [net.depth, new Float64Array(y.length), cost.of];
  const output = kind === 'a' || (id.kind === 'a' && id.layer === last) ? a : z;
  const bent = Array.from(y.keys()).filter((j) => (kind === 'z' ? y[j] === 0 : id.kind !== 'y' || j === id.neuron));
  const marginOf = (j) => () => cost.margins(output[last], mover.y, margins)[j];
  return bent.map((j) => ({ unit: { kind, layer: last, neuron: j }, margin: marginOf(j) }));
}
