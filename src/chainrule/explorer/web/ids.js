// Stable names of quantities, as in ids.py: w/l/j/k (to neuron j of layer l, from neuron k), b/l/j, z/l/j, …, x/k, C.
//
// Layers count from 1, neurons from 0, whatever the convention. A network is { sizes, biases }; `biases` has one of
// "neuron", "layer" and "none" per layer. The page knows one more kind than Python: the targets y/k.

const ID_FORMS = {
  w: 'w/l/j/k (weight to neuron j of layer l from neuron k)',
  b: 'b/l/j',
  z: 'z/l/j',
  a: 'a/l/j',
  d: 'd/l/j',
  x: 'x/k',
  y: 'y/k',
  C: 'C',
};
const ID_LENGTHS = { w: 3, b: 2, z: 2, a: 2, d: 2, x: 1, y: 1, C: 0 }; // how many numbers each has
const ID_NUMBER = /^(0|[1-9][0-9]{0,17})$/; // more digits number no layer and no neuron
const ID_MEANT = /^(?:[∂d]\w\/[∂d])?(weight|bias|[wbzaxdy])(?:[^\p{L}\p{N}]*(\d.*)?)?$/u; // dC/dw, W[2][0,1], weight 2
const RAISED_DIGITS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const LOWERED_DIGITS = '₀₁₂₃₄₅₆₇₈₉';

export function makeId(kind, layer = 0, neuron = 0, source = 0) {
  return { kind, layer, neuron, source };
}

export function writeId({ kind, layer, neuron, source }) {
  if (kind === 'C') return 'C';
  if (kind === 'x' || kind === 'y') return `${kind}/${neuron}`;
  return kind === 'w' ? `w/${layer}/${neuron}/${source}` : `${kind}/${layer}/${neuron}`;
}

export function isSameId(one, other) {
  return writeId(one) === writeId(other);
}

// a/l/j, which for layer 0 is the input x/j.
export function activationId(layer, neuron) {
  return layer ? makeId('a', layer, neuron) : makeId('x', 0, neuron);
}

// "neuron", "layer" or "none"; counted from the last layer, so that a list with an entry for the inputs will do too.
export function biasesOf(network, layer) {
  return network.biases.at(layer - network.sizes.length);
}

// True where the neurons of a layer have one bias in common (S0.4).
export function hasSharedBias(network, layer) {
  return biasesOf(network, layer) === 'layer';
}

// The quantity of that name in this network. Throws a RangeError that says what there is instead.
export function parseId(text, network, kinds = 'wbzadxyC') {
  const [kind, ...rest] = text.trim().split('/');
  if (rest.length !== lengthOf(kind) || !rest.every((part) => ID_NUMBER.test(part))) {
    throw new RangeError(notAnId(text, rest, network, kinds));
  }
  const [first, neuron, source] = rest.map(Number);
  const { sizes } = network;
  const depth = sizes.length - 1;
  if (kind === 'C') return makeId('C');
  if (kind === 'x' || kind === 'y') {
    checkWithin(first, kind === 'x' ? sizes[0] : sizes[depth], text, 'the network', kind === 'x' ? 'input' : 'target');
    return makeId(kind, 0, first);
  }
  const lowest = kind === 'a' ? 0 : 1;
  if (first < lowest || first > depth) {
    throw new RangeError(
      `${quoted(text)}: there is no layer ${first}, ` +
        `this network (${sizes.join('-')}) has the layers ${lowest}…${depth}`,
    );
  }
  if (kind === 'b') checkBias(first, neuron, text, network);
  checkWithin(neuron, sizes[first], text, `layer ${first}`, 'neuron');
  if (kind !== 'w') return makeId(kind, first, neuron);
  const before = first > 1 ? [`layer ${first - 1}`, 'neuron'] : ['the network', 'input'];
  checkWithin(source, sizes[first - 1], text, ...before);
  return makeId('w', first, neuron, source);
}

function lengthOf(kind) {
  return Object.hasOwn(ID_LENGTHS, kind) ? ID_LENGTHS[kind] : -1;
}

function checkBias(layer, neuron, text, network) {
  const count = biasCount(network, layer);
  if (count === 0) throw new RangeError(`${quoted(text)}: layer ${layer} has no biases`);
  if (count === 1 && neuron > 0) {
    throw new RangeError(`${quoted(text)}: layer ${layer} has one bias for all its neurons, b/${layer}/0`);
  }
}

function checkWithin(place, size, text, whole, part) {
  if (place < size) return;
  const has = size === 1 ? `one ${part} (0)` : `${size} ${part}s (0…${size - 1})`;
  throw new RangeError(`${quoted(text)}: ${whole} has ${has}; you asked for ${place}`);
}

function quoted(text) {
  return text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text}'`;
}

function notAnId(text, rest, network, kinds) {
  const odd = rest.find((part) => /^\d{1,17}$/.test(part) && !ID_NUMBER.test(part));
  const tip = odd ? '' : tipFor(text, network, kinds);
  const forms = [...kinds].map((kind) => (tip ? ID_FORMS[kind].split(' ')[0] : ID_FORMS[kind]));
  const digits = odd ? `; '${odd}' is written ${Number(odd)}` : '';
  return `${quoted(text)} is not an id: ${tip}ids are ${forms.join(', ')}${digits}`;
}

// What to write instead of w2, w²₀₁, w[2][0,1], W/2/0/1 or dC/dw: an id that the network has, and what it is.
function tipFor(text, network, kinds) {
  const marked = text
    .slice(0, 100)
    .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾]+/g, (found) => `/${plainDigits(found)}/`)
    .replace(/[₀₁₂₃₄₅₆₇₈₉,]+/g, (found) => (/[^,]/.test(found) ? apart(found) : found));
  const found = ID_MEANT.exec(marked.trim().toLowerCase());
  if (!found || !kinds.includes(found[1][0])) return '';
  const kind = found[1][0];
  const meant = [kind, ...meantNumbers(kind, (found[2] ?? '').match(/\d+/g) ?? [])].join('/');
  try {
    return `write ${meant} for ${wordsOf(parseId(meant, network, ''))}; `;
  } catch {
    return '';
  }
}

// The numbers of an id of that kind, from those that are given: w210 means w/2/1/0, and w the first weight.
function meantNumbers(kind, given) {
  const length = ID_LENGTHS[kind];
  let numbers = given.slice(0, 3);
  if (length > 1 && numbers.length === 1 && numbers[0].length === length) numbers = [...numbers[0]];
  if (!numbers.length) numbers = [length === 1 ? '0' : '1'];
  return [...numbers, '0', '0', '0'].slice(0, length);
}

function plainDigits(text) {
  return [...text].map(digitOf).join('');
}

function digitOf(mark) {
  const raised = RAISED_DIGITS.indexOf(mark);
  const digit = raised < 0 ? LOWERED_DIGITS.indexOf(mark) : raised;
  return digit < 0 ? mark : String(digit);
}

// ₀₁ as /0/1, ₀,₁₂ as /0/12.
function apart(digits) {
  const inside = digits.replace(/^,+|,+$/g, '');
  const parts = inside.includes(',') ? inside.split(',') : [...inside];
  return parts.map((part) => `/${plainDigits(part)}`).join('');
}

// What a quantity is; in a convention in its words, counted as it counts.
export function wordsOf({ kind, layer, neuron, source }, convention = null) {
  const base = convention ? convention.base : 0;
  const place = `of neuron ${neuron + base} of layer ${layer}`;
  const before = layer > 1 ? `neuron ${source + base} of layer ${layer - 1}` : `input ${source + base}`;
  const words = convention ?? { inputWord: 'weighted input', activationWord: 'activation', word: 'error' };
  return {
    w: `the weight to neuron ${neuron + base} of layer ${layer} from ${before}`,
    b: `the bias ${place}`,
    z: `the ${words.inputWord} ${place}`,
    a: layer ? `the ${words.activationWord} ${place}` : `input ${neuron + base}`,
    d: `the ${words.word} δ ${place}`,
    x: `input ${neuron + base}`,
    y: `target ${neuron + base}`,
    C: 'the cost',
  }[kind];
}

// Every id of a network: inputs, layer by layer weights, biases, z, a and δ, then targets and the cost.
export function* idsOf(network) {
  const { sizes } = network;
  const depth = sizes.length - 1;
  for (let k = 0; k < sizes[0]; k++) yield makeId('x', 0, k);
  for (let layer = 1; layer <= depth; layer++) {
    for (let j = 0; j < sizes[layer]; j++) {
      for (let k = 0; k < sizes[layer - 1]; k++) yield makeId('w', layer, j, k);
    }
    for (let j = 0; j < biasCount(network, layer); j++) yield makeId('b', layer, j);
    for (const kind of 'zad') {
      for (let j = 0; j < sizes[layer]; j++) yield makeId(kind, layer, j);
    }
  }
  for (let k = 0; k < sizes[depth]; k++) yield makeId('y', 0, k);
  yield makeId('C');
}

export function biasCount(network, layer) {
  return { none: 0, layer: 1, neuron: network.sizes[layer] }[biasesOf(network, layer)];
}

// Where an arrow key leads from an id: left and right through the layers, up and down within one; null at the ends.
// `kind` is what a neuron is reached as, coming from an input, a target or the cost.
export function neighbour(network, id, direction, kind = 'z') {
  const step = { left: -1, right: 1, up: -1, down: 1 }[direction];
  const across = direction === 'left' || direction === 'right';
  if (id.kind === 'w') return across ? weightInLayer(network, id, step) : weightBeside(network, id, step);
  if (id.kind === 'b') return across ? biasInLayer(network, id, step) : biasBeside(network, id, step);
  return across ? neuronInLayer(network, id, step, kind) : neuronBeside(network, id, step);
}

function neuronBeside(network, id, step) {
  const place = id.neuron + step;
  const layer = { x: 0, y: network.sizes.length - 1 }[id.kind] ?? id.layer;
  return id.kind === 'C' || place < 0 || place >= network.sizes[layer] ? null : { ...id, neuron: place };
}

function neuronInLayer(network, id, step, kind) {
  const { sizes } = network;
  const last = sizes.length - 1;
  const layer = { x: 0, C: last + 1, y: last + 1 }[id.kind] ?? id.layer;
  const next = layer + step;
  if (next < 0 || next > last + 1) return null;
  if (next === last + 1) return makeId('C');
  const neuron = Math.min(id.neuron, sizes[next] - 1);
  if (next === 0) return makeId('x', 0, neuron);
  return makeId('xyC'.includes(id.kind) ? kind : id.kind, next, neuron);
}

// The weights of a layer in the order of its matrix: those into one neuron, then those into the next.
function weightBeside(network, id, step) {
  const width = network.sizes[id.layer - 1];
  const place = id.neuron * width + id.source + step;
  if (place < 0 || place >= width * network.sizes[id.layer]) return null;
  return makeId('w', id.layer, Math.floor(place / width), place % width);
}

function weightInLayer(network, id, step) {
  const { sizes } = network;
  const layer = id.layer + step;
  if (layer < 1 || layer >= sizes.length) return null;
  return makeId('w', layer, Math.min(id.neuron, sizes[layer] - 1), Math.min(id.source, sizes[layer - 1] - 1));
}

function biasBeside(network, id, step) {
  const place = id.neuron + step;
  return place < 0 || place >= biasCount(network, id.layer) ? null : { ...id, neuron: place };
}

// The bias in the next layer that has any.
function biasInLayer(network, id, step) {
  for (let layer = id.layer + step; layer >= 1 && layer < network.sizes.length; layer += step) {
    const count = biasCount(network, layer);
    if (count) return makeId('b', layer, Math.min(id.neuron, count - 1));
  }
  return null;
}
