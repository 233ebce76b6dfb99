// The network of the page: values forward, derivatives backward, one quantity moved, and the check by the forms.
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

function isShared(net, layer) {
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

function weigh(net, layer, before, z) {
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

function layerOf(id) {
  return id.kind === 'x' ? 0 : id.layer;
}

function moveTarget({ net, cost, pass, y }, _, neuron) {
  const target = Float64Array.from(y);
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
  if (id.kind === 'y') return [];
  const [layer, found] = [layerOf(id), hingeMargins(mover)];
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

function hingeMargins({ net, cost, y, id, z, a }) {
  if (cost.margins === null) return [];
  const [last, margins] = [net.depth, new Float64Array(y.length)];
  const output = id.kind === 'a' && id.layer === last ? a : z;
  const wrong = Array.from(y.keys()).filter((j) => y[j] === 0);
  const marginOf = (j) => () => cost.margins(output[last], y, margins)[j];
  return wrong.map((j) => ({ unit: { kind: 'z', layer: last, neuron: j }, margin: marginOf(j) }));
}

// the check -------------------------------------------------------------------------------------------------------------
//
// It reads the forms alone: no value, slope or delta, which the numbers on the page come from (S1.21, S3.4).

const [FIRST_STEP, SHRINK, TRIES, EPSILON] = [2 ** -10, 2 ** -5, 4, 2 ** -52];

/**
 * ∂C/∂id twice more: by a central difference with its error bar, and by dual numbers. `left` and `right` are the slopes on
 * the two sides, which differ where `kink` is true.
 */
export function check(net, cost, x, y, id) {
  const way = wayByForms(net, cost, x, y, id);
  const start = valueOf(net, way.pass, y, null, id);
  const found = derivative((at) => costByForms(way, at - start), start, largestTerm(net, way.pass));
  return { ...found, dual: rateByForms(way) };
}

/** Whether a slope is within the error bar of a check, or at a kink between the slopes on its two sides. */
export function holds(found, slope) {
  if (Math.abs(slope - found.difference) <= found.error) return true;
  const [low, high] = [Math.min(found.left, found.right), Math.max(found.left, found.right)];
  return found.kink && low - found.error <= slope && slope <= high + found.error;
}

// What the forms need to know of an id: its layer, the pass in which it is moved, and C as a function of z^L or a^L.
function wayByForms(net, cost, x, y, id) {
  const pass = { z: [null], a: [x] };
  for (let l = 1; l <= net.depth; l += 1) {
    pass.z[l] = weigh(net, l, pass.a[l - 1], new Float64Array(net.sizes[l]));
    pass.a[l] = net.sigma[l].form(pass.z[l], new Float64Array(net.sizes[l]));
  }
  const alone = id.kind === 'a' && id.layer === net.depth && cost.of === 'z'; // an output, moved without its z
  const way = { net, pass, y, id, layer: layerOf(id), cost, of: cost.of };
  if (!alone) return way;
  if (cost.ofActivation === null) throw new Error('this cost is known as a function of z alone: check z of the output');
  return { ...way, cost: cost.ofActivation, of: 'a' };
}

function withChange({ net, pass, id, layer }, values, change) {
  const by = id.kind === 'w' ? change * pass.a[layer - 1][id.source] : change;
  const shared = id.kind === 'b' && isShared(net, layer);
  return values.map((value, j) => (shared || j === id.neuron ? value + by : value));
}

function costByForms(way, change) {
  const { net, pass, y, id, layer, cost, of } = way;
  if (id.kind === 'y') return cost.form(pass[of][net.depth], withChange(way, y, change));
  const kind = 'xa'.includes(id.kind) ? 'a' : 'z';
  const here = { [kind]: withChange(way, pass[kind][layer], change) };
  here.a ??= net.sigma[layer].form(here.z, new Float64Array(here.z.length));
  for (let l = layer + 1; l <= net.depth; l += 1) {
    here.z = weigh(net, l, here.a, new Float64Array(net.sizes[l]));
    here.a = net.sigma[l].form(here.z, new Float64Array(net.sizes[l]));
  }
  return cost.form(here[of], y);
}

function rateByForms(way) {
  const { net, pass, y, id, layer, cost, of } = way;
  const still = (values) => new Float64Array(values.length);
  const moving = (values) => withChange(way, still(values), 1);
  const output = pass[of][net.depth];
  if (id.kind === 'y') return cost.dual(output, still(output), y, moving(y))[1];
  const kind = 'xa'.includes(id.kind) ? 'a' : 'z';
  const here = { [kind]: moving(pass[kind][layer]) };
  here.a ??= rateOfActivation(net, pass, layer, here.z);
  for (let l = layer + 1; l <= net.depth; l += 1) {
    here.z = sums(net, l, here.a);
    here.a = rateOfActivation(net, pass, l, here.z);
  }
  return cost.dual(output, here[of], y, still(y))[1];
}

function rateOfActivation(net, pass, layer, dz) {
  const [a, da] = [new Float64Array(dz.length), new Float64Array(dz.length)];
  net.sigma[layer].dual(pass.z[layer], dz, a, da);
  return da;
}

function sums(net, layer, da) {
  const [w, found] = [net.w[layer], new Float64Array(net.sizes[layer])];
  for (let j = 0, at = 0; j < found.length; j += 1) {
    for (let k = 0; k < da.length; k += 1, at += 1) found[j] += w[at] * da[k];
  }
  return found;
}

// The largest Σ |w a| + |b| of any neuron, at least 1: rounding on the way to C is of the size of its last digit.
export function largestTerm(net, pass) {
  let largest = 1;
  for (let l = 1; l <= net.depth; l += 1) {
    const [w, a] = [net.w[l], pass.a[l - 1]];
    const bias = net.b[l].reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    for (let j = 0, at = 0; j < net.sizes[l]; j += 1) {
      let sum = bias;
      for (let k = 0; k < a.length; k += 1, at += 1) sum += Math.abs(w[at] * a[k]);
      if (Number.isFinite(sum)) largest = Math.max(largest, sum);
    }
  }
  return largest;
}

// f′(at) from values alone, as verification/differences.py has it: steps of h and 2h together are off by h⁴ (Richardson
// 1911), and how far that is from 2h and 4h is the error bar. Where it is large, as across a kink, h is made smaller.
function derivative(f, at, terms) {
  const here = f(at);
  const smallest = 2 ** -40 * (Math.abs(at) || 1);
  let h = FIRST_STEP * Math.max(1, Math.abs(at));
  let best = { difference: NaN, error: NaN, left: NaN, right: NaN, kink: false };
  for (let left = TRIES; left > 0 && h >= smallest && Number.isFinite(here);) {
    const found = byStep(f, at, here, h, terms);
    if (!Number.isFinite(found.error)) {
      h = Math.min(h, Math.abs(at) || 1) * SHRINK;
      continue;
    }
    left -= 1;
    if (!(best.error <= found.error)) best = found;
    if (best.error <= 1e-7 * Math.abs(best.difference) + 4 * found.rounding) break;
    h *= SHRINK;
  }
  return best;
}

function byStep(f, at, here, wanted, terms) {
  const h = at + wanted - at; // the step that the numbers at this place can take
  const up = [1, 2, 4].map((k) => f(at + k * h));
  const down = [1, 2, 4].map((k) => f(at - k * h));
  const central = [1, 2, 4].map((k, i) => (up[i] - down[i]) / (2 * k * h));
  const fine = (4 * central[0] - central[1]) / 3;
  const coarse = (4 * central[1] - central[2]) / 3;
  const size = Math.max(Math.abs(here), terms, Math.abs(up[0]), Math.abs(down[0]));
  const rounding = 10 * EPSILON * size / Math.abs(h);
  const error = Math.abs(fine - coarse) + rounding;
  const [left, right] = [oneSided(here, down, -h), oneSided(here, up, h)];
  const apart = 1e-3 * Math.max(Math.abs(left.slope), Math.abs(right.slope)) + 10 * error + left.off + right.off;
  const kink = Math.abs(right.slope - left.slope) > apart;
  return { difference: fine, error, left: left.slope, right: right.slope, kink, rounding };
}

function oneSided(here, beyond, h) {
  const slopes = [1, 2, 4].map((k, i) => (beyond[i] - here) / (k * h));
  const slope = (8 * slopes[0] - 6 * slopes[1] + slopes[2]) / 3;
  return { slope, off: Math.abs(slope - (2 * slopes[0] - slopes[1])) };
}
