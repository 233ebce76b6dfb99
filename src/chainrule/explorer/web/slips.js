// Mistakes people make in backpropagation by hand, each made on the network as it is: as lessons/slips.py, whose sentences
// are in the page's data.
//
// `at` is { net, cost, pass, back, activationNames }, `cost` as it is written, and `how` is { convention, rate, asked },
// `asked` being question_data.py's. A slip is { name, value, says }, `says` a formula with text in it.

import { hasSharedBias, makeId } from './ids.js';
import { short } from './numbers.js';
import { isApart } from './replies.js';
import { filled, matrixBack, partial, quantitySymbol, symbol, weightSymbol } from './symbols.js';

// The slips of a δ (kind d), of ∂C/∂w or of ∂C/∂b whose numbers differ from the right one and from each other.
export function slipsOf(at, id, right, how) {
  const s = { ...at, ...how, depth: at.net.depth };
  return toldApart(right, [...(id.kind === 'w' ? ofWeight(s, id) : []), ...ofError(s, id)], s.asked.digits);
}

// Those of a cost, whose function is `valueOf(outputs, targets)`, z where it is a function of z.
export function slipsOfCost(at, right, how, valueOf) {
  const s = { ...at, ...how, depth: at.net.depth };
  const outputs = (s.cost.of === 'z' ? s.pass.z : s.pass.a)[s.depth];
  const found = [...ofSquares(s), ...ofLogarithms(s, right), ...ofTerms(s, right, outputs, valueOf), ...ofDerivatives(s)];
  return toldApart(right, found, s.asked.digits);
}

// Without those whose number a reader cannot tell from the right one, or from one before it.
export function toldApart(right, slips, digits) {
  const kept = [];
  for (const slip of slips) {
    const others = [right, ...kept.map((each) => each.value)];
    if (Number.isFinite(slip.value) && others.every((each) => isApart(slip.value, each, digits))) kept.push(slip);
  }
  return kept;
}

// The value, and the sentence of a key with these symbols in it; the key is the mistake's name, after a comma its case.
function made(s, key, value, names = {}) {
  return { name: key.split(',')[0], value, says: filled(s.asked.says[key], names) };
}

// of a cost ----------------------------------------------------------------------------------------------------------
function ofCost(s, key, value, names = {}) {
  return { name: key.split(',')[0], value, says: filled(s.asked.cost[key], names) };
}

function* ofSquares(s) {
  if (!['squared_error', 'quadratic'].includes(s.cost.name)) return;
  const half = s.cost.name === 'quadratic' ? 0.5 : 1;
  const errors = Array.from(s.pass.a[s.depth], (a, j) => a - s.y[j]);
  const sum = (values) => values.reduce((sofar, each) => sofar + each, 0);
  const [signed, sizes] = [sum(errors), sum(errors.map(Math.abs))];
  const key = errors.length === 1 ? 'not squared' : 'not squared, several';
  for (const each of [signed, -signed, sizes]) for (const part of [1, half]) yield ofCost(s, key, part * each);
  if (errors.length === 1) return;
  yield ofCost(s, 'squared last', half * signed * signed);
  yield ofCost(s, 'root', Math.sqrt(sum(errors.map((each) => each * each))));
}

function* ofLogarithms(s, right) {
  if (!['cross_entropy', 'binary_cross_entropy'].includes(s.cost.name)) return;
  const [a, isOfOne] = [s.pass.a[s.depth], s.y.length === 1 && [0, 1].includes(s.y[0])];
  if (s.cost.name === 'cross_entropy') yield ofCost(s, 'no logarithm', a.reduce((sum, p, j) => sum + s.y[j] * p, 0));
  else if (isOfOne) yield ofCost(s, 'other target', -Math.log(s.y[0] === 1 ? 1 - a[0] : a[0]));
  yield ofCost(s, 'base 10', right / Math.LN10);
  yield ofCost(s, 'base 2', right / Math.LN2);
}

// what one output adds, where the cost is a sum over them
function* ofTerms(s, right, outputs, valueOf) {
  if (s.y.length === 1 || s.y.length > s.asked.spelled) return;
  const terms = Array.from(outputs, (each, j) => valueOf(Float64Array.of(each), s.y.slice(j, j + 1)));
  const isSum = Math.abs(terms.reduce((sum, each) => sum + each, 0) - right) <= 1e-9 * Math.abs(right);
  if (!isSum) return;
  const count = String(terms.length);
  for (const [j, each] of terms.entries()) yield ofCost(s, 'one output', each, { neuron: neuronWords(s, s.depth, j), count });
}

function* ofDerivatives(s) {
  if (s.y.length > s.asked.spelled) return;
  const cost = quantitySymbol(s.convention, s.net, makeId('C'));
  for (const j of s.y.keys()) {
    yield ofCost(s, 'derivative', s.back.raw[s.depth][j], { slope: byActivation(s, s.depth, j) });
    yield ofCost(s, 'derivative', s.back.delta[s.depth][j], { slope: partial(cost, inputSymbol(s, s.depth, j)) });
  }
}

// of the last factor, a_in
function* ofWeight(s, { layer: l, neuron: j, source: k }) {
  const [delta, before, after] = [s.back.delta[l], s.pass.a[l - 1], s.pass.a[l]];
  const names = { delta: errorSymbol(s, l, j), a_in: activationSymbol(s, l - 1, k) };
  yield made(s, 'input forgotten', delta[j], names);
  yield made(s, 'weight for input', delta[j] * s.net.w[l][j * before.length + k], names);
  yield made(s, 'wrong layer', delta[j] * after[j], { ...names, a_out: activationSymbol(s, l, j) });
  if (j === k || k >= delta.length || j >= before.length) return;
  yield made(s, 'indices swapped', delta[k] * before[j], {
    delta_k: errorSymbol(s, l, k), a_j: activationSymbol(s, l - 1, j),
    source: neuronWords(s, l - 1, k), neuron: neuronWords(s, l, j),
  });
}

// of δ_j, and what becomes of them in ∂C/∂w when they are multiplied by a_in
function* ofError(s, id) {
  if (id.kind === 'b' && hasSharedBias(s.net, id.layer) && s.net.sizes[id.layer] > 1) return; // a sum of several δ
  const [l, j] = [id.layer, id.neuron];
  const before = id.kind === 'w' ? s.pass.a[l - 1][id.source] : 1;
  const right = s.back.delta[l][j];
  yield made(s, 'wrong sign', -right * before);
  const found = l === s.depth ? atOutput(s, j) : inHidden(s, l, j);
  for (const each of [...found, ...factorTwo(s, right)]) yield { ...each, value: each.value * before };
}

function* factorTwo(s, right) {
  if (s.cost.name === 'quadratic') yield made(s, 'factor two, with ½', 2 * right);
  if (s.cost.name === 'squared_error') yield made(s, 'factor two, without ½', right / 2);
}

function* atOutput(s, j) {
  const l = s.depth;
  const [into, isFull] = [s.back.raw[l], s.net.sigma[l].full];
  const names = { slope: slopeWords(s, l, j), by_a: byActivation(s, l, j) };
  if (s.cost.delta !== null) {
    const isLinear = s.activationNames.at(-1) === 'identity';
    if (!isLinear) yield made(s, 'slope forgotten, after z', into[j], { ...names, z: inputSymbol(s, l, j) });
    const twice = { ...names, z_layer: symbol(s.convention, 'z', l) };
    if (!isFull) yield made(s, 'slope twice', through(s, l, s.back.delta[l])[j], twice);
    return;
  }
  yield made(s, 'slope forgotten', into[j], { ...names, equation: 'BP1' });
  if (!isFull) {
    yield slopeAtActivation(s, l, j, into);
    return;
  }
  const p = s.pass.a[l][j];
  yield made(s, 'softmax diagonal', into[j] * p * (1 - p));
}

function* inHidden(s, l, j) {
  const next = l + 1;
  const delta = s.back.delta[next];
  const into = s.back.raw[l];
  const names = { slope: slopeWords(s, l, j), by_a: byActivation(s, l, j), neuron: neuronWords(s, l, j) };
  yield made(s, 'slope forgotten', into[j], { ...names, equation: 'BP2' });
  if (!s.net.sigma[l].full) yield slopeAtActivation(s, l, j, into);
  const [rows, columns] = [s.net.sizes[next], s.net.sizes[l]];
  const weight = (m, k) => s.net.w[next][m * columns + k];
  if (rows === columns && rows > 1) {
    const wrong = into.map((_, row) => delta.reduce((sum, each, m) => sum + weight(row, m) * each, 0));
    yield made(s, 'not transposed', through(s, l, wrong)[j], {
      ...names, ...matrixNames(s, next), delta_after: symbol(s.convention, 'δ', next), neuron_after: neuronWords(s, next, j),
    });
  }
  if (rows > 1 && rows <= s.asked.spelled) {
    const term = [weightSymbol(s.convention, next, 'm', j), ' ', symbol(s.convention, 'δ', next, 'm')];
    for (let m = 0; m < rows; m += 1) {
      const alone = into.map((_, k) => weight(m, k) * delta[m]);
      const said = neuronWords(s, l, j);
      yield made(s, 'one path', through(s, l, alone)[j], {
        neuron_m: neuronWords(s, next, m), Neuron: said[0].toUpperCase() + said.slice(1), count: String(rows),
        whole: { sum: 'm', of: term },
      });
    }
  }
  const afterStep = (m, k) => weight(m, k) - s.rate * delta[m] * s.pass.a[l][k];
  const updated = into.map((_, k) => delta.reduce((sum, each, m) => sum + afterStep(m, k) * each, 0));
  yield made(s, 'updated first', through(s, l, updated)[j], { w_after: symbol(s.convention, 'w', next), rate: short(s.rate) });
}

function slopeAtActivation(s, l, j, into) {
  const names = { a: activationSymbol(s, l, j), slope: slopeWords(s, l, j) };
  return made(s, 'slope at a', through(s, l, into, s.pass.a[l])[j], names);
}

// v ⊙ σ′(z), at another z if one is given
function through(s, l, v, z = s.pass.z[l]) {
  const out = new Float64Array(z.length);
  if (s.net.sigma[l].full) return s.net.sigma[l].through(v, z, out);
  s.net.sigma[l].slope(z, out);
  return out.map((slope, j) => slope * v[j]);
}

function matrixNames(s, layer) {
  const right = matrixBack(s.convention, layer);
  return { right_matrix: right, wrong_matrix: right.transposed ?? { transposed: right } };
}

function errorSymbol(s, layer, j) {
  return quantitySymbol(s.convention, s.net, makeId('d', layer, j));
}

function inputSymbol(s, layer, j) {
  return quantitySymbol(s.convention, s.net, makeId('z', layer, j));
}

function activationSymbol(s, layer, j) {
  return quantitySymbol(s.convention, s.net, layer ? makeId('a', layer, j) : makeId('x', 0, j));
}

function byActivation(s, layer, j) {
  return partial(quantitySymbol(s.convention, s.net, makeId('C')), activationSymbol(s, layer, j));
}

function slopeWords(s, layer, j) {
  return s.net.sigma[layer].full ? s.asked.ofSoftmax : ['σ′(', inputSymbol(s, layer, j), ')'];
}

// the second neuron of layer 1, the third input: in words that no counting changes
function neuronWords(s, layer, j) {
  if (s.net.sizes[layer] === 1) return layer === 0 ? 'the one input' : `the one neuron of layer ${layer}`;
  const nth = ordinalWord(j, s.asked.ordinals);
  return layer === 0 ? `the ${nth} input` : `the ${nth} neuron of layer ${layer}`;
}

function ordinalWord(place, ordinals) {
  const count = place + 1;
  if (count <= ordinals.length) return ordinals[place];
  const isTeen = count % 100 >= 10 && count % 100 <= 20;
  return `${count}${(isTeen ? undefined : { 1: 'st', 2: 'nd', 3: 'rd' }[count % 10]) ?? 'th'}`;
}
