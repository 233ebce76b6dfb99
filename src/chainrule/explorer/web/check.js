// ∂C/∂id checked by the forms alone: a central difference with its error bar, and dual numbers.
//
// No value, slope or delta is read here, which the numbers on the page come from (S1.21, S3.4).

import { isShared, layerOf, valueOf, weigh } from './engine.js';

const [FIRST_STEP, SMALLEST_STEP, SHRINK, TRIES, EPSILON] = [2 ** -10, 2 ** -40, 2 ** -5, 4, 2 ** -52];

/**
 * ∂C/∂id twice more: by a central difference with its error bar, and by dual numbers. `left` and `right` are the slopes on
 * the two sides, which differ where `kink` is true; `atKinks` is how many units every step takes past their kinks at once.
 */
export function check(net, cost, x, y, id) {
  const way = wayByForms(net, cost, x, y, id);
  const start = valueOf(net, way.pass, y, null, id);
  const f = (at) => costByForms(way, at - start);
  const [terms, dual] = [largestTerm(net, way.pass), rateByForms(way)];
  const found = derivative(f, start, terms, FIRST_STEP * Math.max(1, Math.abs(start)));
  if (holds(found, dual)) return { ...found, dual };
  const [step, atKinks] = stepWithinKinks(way, start);
  return { ...(atKinks ? { ...found, atKinks } : derivative(f, start, terms, step)), dual };
}

/**
 * Whether a slope is within the error bar of a check, or at a kink between the slopes on its two sides. Where several units
 * are at kinks a difference tells nothing, and it is the chain rule by dual numbers that must give the same.
 */
export function holds(found, slope) {
  if (found.atKinks) return Math.abs(slope - found.dual) <= Math.max(found.error, 1e-9 * Math.abs(found.dual));
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

// The first step of which ± 4 leave each unit on its side of its kinks; or how many units even the smallest takes past one.
function stepWithinKinks(way, start) {
  const here = sidesOf(way, 0);
  const passed = (h) => {
    const [up, down] = [4 * h, -4 * h].map((change) => sidesOf(way, change));
    return here.filter((side, i) => up[i] !== side || down[i] !== side).length;
  };
  let h = FIRST_STEP * Math.max(1, Math.abs(start));
  while (h / 4 >= SMALLEST_STEP * (Math.abs(start) || 1) && passed(h) > 0) h /= 4;
  return [h, passed(h)];
}

// −1, 0 or 1 for each kink of each unit after a change, always in the same order; 0 too where there is no number.
function sidesOf(way, change) {
  const sides = [];
  const look = (l, z) => {
    for (const kink of way.net.sigma[l].kinks) z.forEach((each) => sides.push(Math.sign(each - kink) || 0));
    if (l !== way.net.depth || !way.cost.margins) return;
    const margins = way.cost.margins(z, way.y, new Float64Array(z.length));
    margins.forEach((each, j) => sides.push(way.y[j] === 0 ? Math.sign(each) || 0 : 0));
  };
  costByForms(way, change, look);
  return sides;
}

function costByForms(way, change, look = () => {}) {
  const { net, pass, y, id, layer, cost, of } = way;
  if (id.kind === 'y') return cost.form(pass[of][net.depth], withChange(way, y, change));
  const kind = 'xa'.includes(id.kind) ? 'a' : 'z';
  const here = { [kind]: withChange(way, pass[kind][layer], change) };
  if (here.z) look(layer, here.z);
  here.a ??= net.sigma[layer].form(here.z, new Float64Array(here.z.length));
  for (let l = layer + 1; l <= net.depth; l += 1) {
    here.z = weigh(net, l, here.a, new Float64Array(net.sizes[l]));
    look(l, here.z);
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
function derivative(f, at, terms, first) {
  const here = f(at);
  const smallest = SMALLEST_STEP * (Math.abs(at) || 1);
  let h = first;
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
