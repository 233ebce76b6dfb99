// ∂C/∂ of one quantity worked out: products that end at the cost, and sums of them, in an author's symbols and numbers.
//
// `at` is { net, cost, pass, back }: a network, how its cost is written (name, text, slope, delta), a pass forward and
// one backward. A product is { left, factors, value }, a sum { left, right, terms, rest, value }, an equation
// { left, right }. A factor is { symbol, value }, a term { factors, value }; `rest` is { count, value } of the terms
// that are not listed.

import { slopeOf } from './engine.js';
import { hasSharedBias, makeId } from './ids.js';
import { filled, matrixBack, matrixProduct, partial, quantitySymbol, symbol } from './symbols.js';

const LISTED_TERMS = 6; // of a sum, the largest; the rest is one row
const SPELLED_TERMS = 3; // of a sum inside a product

// Products, sums and equations, the first of which is about ∂C/∂id.
export function derivationOf(at, id, convention) {
  const s = { ...at, convention, depth: at.net.sizes.length - 1, bare: Math.max(...at.net.sizes) === 1 };
  if (id.kind === 'C') return [productBlock(quantityOf(s, id), [{ symbol: s.cost.text, value: s.back.C }], s.back.C)];
  if (id.kind === 'y') return [productBlock(partialBy(s, id), [], slopeOf(s.net, s.pass, s.back, id))];
  if (isChain(s, id)) return [productBlock(leftOf(s, id), chainFactors(s, id), derivativeOf(s, id))];
  if (id.kind === 'a' || id.kind === 'x') return [activationBlock(s, id)];
  if (id.kind === 'z' || id.kind === 'd') return errorBlocks(s, leftOf(s, id), id.layer, id.neuron);
  if (sharesBias(s, id)) return [sharedBlock(s, id)];
  const out = errorFactor(s, id.layer, id.neuron);
  const factors = id.kind === 'w' ? [incomingFactor(s, id), out] : [out];
  const product = productBlock(partialBy(s, id), factors, derivativeOf(s, id));
  return [product, ...errorBlocks(s, out.symbol, id.layer, id.neuron)];
}

// True where one path leads to the cost, one factor per step, as in a chain of single neurons (S1.2).
function isChain(s, id) {
  if (!s.bare) return false;
  for (let layer = firstLayer(id); layer <= s.depth; layer++) {
    if (isWorkedOut(s, layer)) return false;
  }
  return true;
}

// The layer whose z comes next after a quantity.
function firstLayer(id) {
  return id.kind === 'a' || id.kind === 'x' ? id.layer + 1 : id.layer;
}

// Every factor from a quantity of a chain to the cost: a · σ′ · w · σ′ · … · 2(a − y).
function chainFactors(s, id) {
  const first = firstLayer(id);
  if (first > s.depth) return [activationFactor(s, s.depth, 0)];
  const factors = id.kind === 'w' || id.kind === 'b' ? [incomingFactor(s, id)] : [];
  if (id.kind === 'a' || id.kind === 'x') factors.push(weightFactor(s, first, 0, 0));
  for (let layer = first; layer < s.depth; layer++) {
    factors.push(slopeFactor(s, layer, 0), weightFactor(s, layer + 1, 0, 0));
  }
  return [...factors, ...arriving(s, 0)];
}

// ∂C/∂a_k = Σ_m w_mk δ_m (S0.8, S1.17, S3.11), or at the output what the cost says.
function activationBlock(s, id) {
  const [left, value] = [partialBy(s, id), derivativeOf(s, id)];
  if (id.layer === s.depth) return productBlock(left, [activationFactor(s, id.layer, id.neuron)], value);
  return sumBlock(left, sumBack(s, id.layer + 1, id.neuron), termsBack(s, id.layer + 1, id.neuron), value);
}

// ∂C/∂b of the one bias of a layer: the sum of its δ (S0.4).
function sharedBlock(s, id) {
  const terms = numbersBelow(s.net.sizes[id.layer]).map((j) => termOf([errorFactor(s, id.layer, j)]));
  const index = s.convention.toLetter;
  const summed = { sum: index, of: symbol(s.convention, 'δ', id.layer, index) };
  const right = terms.length > SPELLED_TERMS ? summed : spelledOut(terms);
  return sumBlock(partialBy(s, id), right, terms, derivativeOf(s, id));
}

// δ by BP1 or BP2, then what the sum in it consists of, and the equation of the whole layer.
function errorBlocks(s, left, layer, j) {
  const value = s.back.delta[layer][j];
  if (isWorkedOut(s, layer)) return [softmaxBlock(s, left, layer, j)];
  if (layer === s.depth) return [productBlock(left, arriving(s, j), value)];
  const next = layer + 1;
  if (s.net.sizes[next] === 1) {
    const factors = [slopeFactor(s, layer, j), weightFactor(s, next, 0, j), errorFactor(s, next, 0)];
    return [productBlock(left, factors, value), layerBlock(s, layer)];
  }
  const sum = { symbol: bracketedSum(sumBack(s, next, j)), value: s.back.raw[layer][j] };
  const product = productBlock(left, [slopeFactor(s, layer, j), sum], value);
  return [product, activationBlock(s, makeId('a', layer, j)), layerBlock(s, layer)];
}

// A softmax: ∂C/∂z_j = Σ_i ∂C/∂a_i ∂a_i/∂z_j, where every activation depends on z_j.
function softmaxBlock(s, left, layer, j) {
  const into = (i) => termOf([activationFactor(s, layer, i), ...softmaxSlope(s, layer, i, j)]);
  const terms = numbersBelow(s.net.sizes[layer]).map(into);
  const a = symbol(s.convention, 'a', layer, 'i');
  const right = { sum: 'i', of: [partialBy(s, a), ' ', partial(a, quantityOf(s, makeId('z', layer, j)))] };
  return sumBlock(left, right, terms, s.back.delta[layer][j]);
}

// BP2 of the whole layer, with the transpose where this author needs one: δ¹ = ((w²)ᵀ δ²) ⊙ σ′(z¹).
function layerBlock(s, layer) {
  const letters = (letter, at) => symbol(s.convention, letter, at);
  const arrived = matrixProduct(s.convention, matrixBack(s.convention, layer + 1), letters('δ', layer + 1));
  return { left: letters('δ', layer), right: ['(', arrived, ') ⊙ σ′(', letters('z', layer), ')'] };
}

function productBlock(left, factors, value) {
  return { left, factors, value };
}

// The terms ranked, the largest listed.
function sumBlock(left, right, terms, value) {
  const ranked = [...terms].sort((one, other) => Math.abs(other.value) - Math.abs(one.value));
  const others = ranked.slice(LISTED_TERMS);
  const rest = { count: others.length, value: others.reduce((sum, each) => sum + each.value, 0) };
  return { left, right, terms: ranked.slice(0, LISTED_TERMS), rest, value };
}

function termOf(factors) {
  return { factors, value: factors.reduce((product, factor) => product * factor.value, 1) };
}

// factors ------------------------------------------------------------------------------------------------------------
// Each is { symbol, value }. Layers count from 1, neurons from 0.

function quantityOf(s, id) {
  return quantitySymbol(s.convention, s.net, id);
}

// ∂C/∂ of an id or of a symbol.
function partialBy(s, what) {
  return partial(quantityOf(s, makeId('C')), what.kind === undefined ? what : quantityOf(s, what));
}

// ∂C/∂z, which is δ too.
function leftOf(s, id) {
  const delta = quantityOf(s, makeId('d', id.layer, id.neuron));
  if (id.kind === 'd') return delta;
  return id.kind === 'z' ? [partialBy(s, id), ' = ', delta] : partialBy(s, id);
}

// ∂a/∂z = σ′(z).
function slopeFactor(s, layer, j) {
  const z = s.pass.z[layer];
  const out = new Float64Array(z.length);
  s.net.sigma[layer].slope(z, out);
  return { symbol: ['σ′(', quantityOf(s, makeId('z', layer, j)), ')'], value: out[j] };
}

// ∂z_j of a layer / ∂a_k of the one before = w_jk (S1.13).
function weightFactor(s, layer, j, k) {
  return { symbol: quantityOf(s, makeId('w', layer, j, k)), value: s.net.w[layer][j * s.net.sizes[layer - 1] + k] };
}

function errorFactor(s, layer, j) {
  return { symbol: quantityOf(s, makeId('d', layer, j)), value: s.back.delta[layer][j] };
}

// ∂C/∂a; at the output as the cost says it.
function activationFactor(s, layer, j) {
  const value = s.back.raw[layer][j];
  if (layer < s.depth) return { symbol: partialBy(s, makeId('a', layer, j)), value };
  return { symbol: costFormula(s, s.cost.slope, j), value };
}

// ∂z/∂w = a, ∂z/∂b = 1 (S1.8, S1.12).
function incomingFactor(s, id) {
  if (id.kind === 'b') return { symbol: '1', value: 1 };
  const before = id.layer - 1;
  const from = before ? makeId('a', before, id.source) : makeId('x', 0, id.source);
  return { symbol: quantityOf(s, from), value: s.pass.a[before][id.source] };
}

// From z_j of the output to the cost: σ′(z) · ∂C/∂a (BP1), or δ where the cost is a function of z (S3.14).
function arriving(s, j) {
  if (s.cost.delta !== null) return [{ symbol: costFormula(s, s.cost.delta, j), value: s.back.delta[s.depth][j] }];
  return [slopeFactor(s, s.depth, j), activationFactor(s, s.depth, j)];
}

// ∂a_i/∂z_j of a softmax: a_i (1 − a_i), or −a_i a_j.
function softmaxSlope(s, layer, i, j) {
  const a = s.pass.a[layer];
  const [one, other] = [i, j].map((neuron) => quantityOf(s, makeId('a', layer, neuron)));
  const rest = a.reduce((sum, each, k) => (k === i ? sum : sum + each), 0); // keeps digits where a_i is near 1
  if (i === j) return [{ symbol: one, value: a[i] }, { symbol: ['(1 − ', one, ')'], value: rest }];
  return [{ symbol: ['−', one], value: -a[i] }, { symbol: other, value: a[j] }];
}

// A formula of the cost with this author's letters in it: 2(a − y).
function costFormula(s, template, j) {
  const symbols = {
    a: quantityOf(s, makeId('a', s.depth, j)),
    z: quantityOf(s, makeId('z', s.depth, j)),
    y: quantityOf(s, makeId('y', 0, j)),
    p: { letter: 'p', above: '', below: s.bare ? '' : String(j + s.convention.base) },
  };
  return filled(template.replace('∂C', `∂${s.convention.letter}`), symbols);
}

// Σ_m w_mj δ_m over the layer above, spelled out where it is short.
function sumBack(s, layer, j) {
  if (s.net.sizes[layer] <= SPELLED_TERMS) return spelledOut(termsBack(s, layer, j));
  const [to, from] = s.convention.order === 'to,from' ? ['m', j] : [j, 'm'];
  return { sum: 'm', of: [symbol(s.convention, 'w', layer, to, from), ' ', symbol(s.convention, 'δ', layer, 'm')] };
}

function termsBack(s, layer, j) {
  return numbersBelow(s.net.sizes[layer]).map((m) => termOf([weightFactor(s, layer, m, j), errorFactor(s, layer, m)]));
}

// Terms with plus signs between them.
function spelledOut(terms) {
  return terms.flatMap((each, i) => [i ? ' + ' : '', ...joinedBy(each.factors.map((factor) => factor.symbol), ' ')]);
}

// A sum as a factor.
function bracketedSum(sum) {
  return sum.sum ? sum : ['(', ...sum, ')'];
}

// True where ∂C/∂z of a layer is a sum over the activations of a softmax, which the cost's own δ may spare (S3.14).
function isWorkedOut(s, layer) {
  return s.net.sigma[layer].full && !(layer === s.depth && s.cost.delta !== null);
}

function sharesBias(s, id) {
  return id.kind === 'b' && hasSharedBias(s.net, id.layer) && s.net.sizes[id.layer] > 1;
}

// ∂C/∂id by the backward pass.
function derivativeOf(s, id) {
  if (id.kind === 'a' || id.kind === 'x') return s.back.raw[id.layer][id.neuron];
  if (sharesBias(s, id)) return s.back.delta[id.layer].reduce((sum, each) => sum + each, 0);
  const delta = s.back.delta[id.layer][id.neuron];
  return id.kind === 'w' ? incomingFactor(s, id).value * delta : delta;
}

function numbersBelow(size) {
  return Array.from({ length: size }, (_, i) => i);
}

export function joinedBy(pieces, sign) {
  return pieces.flatMap((piece, i) => (i ? [sign, piece] : [piece]));
}
