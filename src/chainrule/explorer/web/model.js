// What the page knows, as numbers, and everything that follows from it and from the state.

import { check } from './check.js';
import { backward, costOf, costsAt, forward, moved, networkOf, placeOf, slopeOf, sweep, valueOf } from './engine.js';
import { costs } from './forms.js';
import { activationId, makeId, parseId, writeId } from './ids.js';
import { neuronsOf } from './neurons.js';
import { sideOff, rangeAround, reachOf } from './scale.js';

export const REFITTED = { frame: null, before: null, shown: null, arranged: null }; // scales, places and orders anew
export const POINTS = 161; // of a curve
const FEW = 13; // points that show how far a quantity on the way goes
const NEAR_END = 0.05; // of a scale, where there is no room to go on
const LONG_CHAIN = 8; // lines, at most, below each other
const CHECKED_LIVE = 60_000; // weights and biases up to which the check is worked out while something is dragged
const MOST_SHOWN = 8; // neurons of a layer that are drawn where there are more
const OUTPUTS = 12; // of the last layer

export function modelOf(contents) {
  const first = numbersOf(contents.theta); // the weights as they came; those of the network are moved
  const net = networkOf(contents.network, Float64Array.from(first));
  const { sizes } = contents.network;
  const scaling = scalingOf(contents.rows.scaling, sizes[0]);
  const { pixels } = contents.rows;
  return {
    title: contents.title,
    net,
    shape: contents.network, // as ids are read in it
    first,
    rows: rowsOf(contents.rows, sizes, scaling),
    snapshots: snapshotsOf(contents.snapshots, first),
    conventions: contents.conventions,
    unfitting: contents.unfitting, // conventions that this network does not fit, and why
    costs: contents.costs, // how they are written, the network's own first
    questions: contents.questions,
    isFloat32: contents.network.dtype === 'float32',
    inputNames: contents.rows.inputNames,
    classNames: contents.rows.classNames,
    scaling, // value in the table = x · scale + mean
    targetName: contents.rows.targetName,
    targetScaling: scalingOf(contents.rows.targetScaling, sizes.at(-1)),
    picture: contents.rows.picture,
    pixels: pixels === null ? null : { ...pixels, ...scaling }, // blank and full: how much of what the table has
    start: { ...contents.start, row: contents.rows.numbers[contents.rows.chosen] },
  };
}

function rowsOf(rows, sizes, { mean, scale }) {
  const [inputs, outputs] = [sizes[0], sizes[sizes.length - 1]];
  const [given, y] = [numbersOf(rows.x), numbersOf(rows.y)];
  const isOfPixels = rows.x.startsWith('u1');
  const x = isOfPixels ? given.map((each, at) => (each - mean[at % inputs]) / scale[at % inputs]) : given;
  return rows.numbers.map((name, place) => ({
    number: name,
    x: x.subarray(place * inputs, (place + 1) * inputs),
    y: y.subarray(place * outputs, (place + 1) * outputs),
  }));
}

// one mean and one scale stand for those of every input
function scalingOf(scaling, count) {
  if (scaling === null) return null;
  const each = (numbers) => Float64Array.from({ length: count }, (_, k) => numbers[k % numbers.length]);
  return { mean: each(numbersOf(scaling.mean)), scale: each(numbersOf(scaling.scale)) };
}

// "f4:…", "f8:…" or "u1:…", or a table of numbers and the place of each in it, as contents.py writes them
function numbersOf(text) {
  const [kind, numbers, places] = text.split(':');
  const found = numbersIn(kind, numbers);
  return places === undefined ? found : numbersIn(found.length > 256 ? 'u2' : 'u1', places).map((place) => found[place]);
}

// of no theta those of the network itself; "d4:…" are differences from the epoch before
function snapshotsOf(snapshots, own) {
  let before = null;
  return snapshots.map(({ epoch, theta: text }) => {
    const theta = text === null ? own : text.startsWith('d') ? numbersAfter(before, text) : numbersOf(text);
    before = theta;
    return { epoch, theta };
  });
}

function numbersAfter(before, text) {
  const [, low, highest] = text.split(':');
  const found = Float32Array.from(before);
  const [bits, bytes] = [new Int32Array(found.buffer), bytesIn(low)];
  for (let i = 0, at = 0; i < bits.length; i += 1, at += 3) {
    bits[i] += ((bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16)) << 8) >> 8; // with its sign
  }
  for (const each of numbersIn('u4', highest)) {
    const place = Math.floor(each / 256);
    const bySign = bytes[3 * place + 2] < 128 ? 0 : 255;
    bits[place] += ((each % 256) - bySign) << 24;
  }
  return Float64Array.from(found);
}

function numbersIn(kind, base64) {
  return readNumbers(kind, new DataView(bytesIn(base64).buffer));
}

function readNumbers(kind, view) {
  const size = Number(kind[1]);
  const read = { f4: 'getFloat32', f8: 'getFloat64', u1: 'getUint8', u2: 'getUint16', u4: 'getUint32' }[kind];
  const found = new Float64Array(view.byteLength / size);
  for (let at = 0; at < found.length; at += 1) found[at] = view[read](size * at, true);
  return found;
}

function bytesIn(base64) {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at); // faster than Uint8Array.from
  return bytes;
}

export function conventionOf(model, state) {
  return model.conventions.find((each) => each.name === state.convention);
}

// what a reader can set to a number of their own
export function isMovable(id) {
  return 'wbxy'.includes(id.kind);
}

export function isMovableText(model, text) {
  try {
    return isMovable(parseId(text, model.shape, 'wbxy'));
  } catch {
    return false;
  }
}

// Why a text names nothing that can be selected; null where it does.
export function faultOfId(model, text) {
  try {
    const id = parseId(text, model.shape, 'wbzaxy');
    if (isSelectable(model, id)) return null;
    if (id.kind === 'a') return `the cost is a function of z here: take z/${id.layer}/${id.neuron}`;
    return `${writeId(id)} follows from others: take a weight, a bias, z, a, an input or a target`;
  } catch (error) {
    return error.message;
  }
}

// False for an activation of the output where a cost is known as a function of z alone, which is then moved instead.
export function isSelectable(model, id) {
  const isOutput = id.kind === 'a' && id.layer === model.net.depth;
  const isOfSum = Object.values(costs).some((cost) => cost.of === 'z' && cost.ofActivation === null);
  return 'wbzaxy'.includes(id.kind) && !(isOutput && isOfSum);
}

// The network as it is moved, its pass, its errors and its cost: worked out again only where something of it changed.
// `weightsOf` gives the weights for a state before anything is moved by hand.
export function workerOf(model, weightsOf = () => model.first) {
  const changed = new Set();
  let key = [];
  let found = null;

  function setWeights(movedTo, weights) {
    if (found?.weights !== weights) model.net.theta.set(weights);
    else for (const place of changed) model.net.theta[place] = weights[place];
    changed.clear();
    for (const [text, value] of movedTo) {
      const id = parseId(text, model.shape);
      if (id.kind !== 'w' && id.kind !== 'b') continue;
      const place = placeOf(model.net, id);
      model.net.theta[place] = value;
      changed.add(place);
    }
  }

  return (state) => {
    const weights = weightsOf(state);
    const wanted = [state.moved, state.row, state.own, weights, state.cost];
    if (found !== null && wanted.every((each, place) => each === key[place])) return found;
    setWeights(state.moved, weights);
    key = wanted;
    const row = rowOf(model, state);
    const x = movedVector(row.x, 'x', state.moved);
    const y = movedVector(row.y, 'y', state.moved);
    const cost = costs[state.cost];
    const pass = forward(model.net, x);
    const back = backward(model.net, cost, pass, y);
    found = { net: model.net, cost, weights, x, y, pass, back, C: costOf(model.net, cost, pass, y) };
    return found;
  };
}

// The row that is shown: a reader's own, or that of a number.
export function rowOf(model, { own, row }) {
  return own ?? model.rows.find((each) => each.number === row);
}

function movedVector(values, kind, movedTo) {
  const mine = [...movedTo].filter(([id]) => id.startsWith(`${kind}/`));
  if (mine.length === 0) return values;
  const copy = Float64Array.from(values);
  for (const [id, value] of mine) copy[Number(id.slice(2))] = value;
  return copy;
}

export function valueAt(now, id) {
  return id.kind === 'C' ? now.C : valueOf(now.net, now.pass, now.y, now.back, id);
}

export function slopeAt(now, id) {
  return id.kind === 'C' ? 1 : slopeOf(now.net, now.pass, now.back, id);
}

// The quantities from one to the cost: w → z → a → C, and on while there is a single neuron; a softmax is skipped.
export function chainFrom(model, id) {
  const { depth, sizes } = model.net;
  const found = [id];
  const single = (layer) => layer <= depth && sizes[layer] === 1;
  const after = { x: 1, y: depth + 1, a: id.layer + 1, z: id.layer, w: id.layer, b: id.layer }[id.kind];
  const isShared = id.kind === 'b' && model.shape.biases[id.layer - 1] === 'layer' && sizes[id.layer] > 1;
  for (let layer = after; layer <= depth && !isShared; layer += 1) {
    const isOwn = layer === id.layer && id.kind !== 'a';
    if (!isOwn && !single(layer)) break;
    const neuron = isOwn ? id.neuron : 0;
    if (!(isOwn && id.kind === 'z')) found.push(makeId('z', layer, neuron));
    if (!model.net.sigma[layer].full) found.push(activationId(layer, neuron));
  }
  return [...found.slice(0, LONG_CHAIN - 1), makeId('C')];
}

// How far each quantity goes while the first is moved through its range: the scales, which stay while it is dragged.
// What is tried, a change of the first, lies within them, and where everything was `before`, if that is known.
export function frameOf(model, now, id, change = 0, before = []) {
  const value = valueAt(now, id);
  const reach = Math.max(reachOf(value), 1.25 * Math.abs(change), 1.25 * Math.abs(value - (before[0] ?? value)));
  const chain = chainFrom(model, id);
  const values = chain.map((_, line) => before.slice(line, line + 1));
  for (const each of changesTo(reach, FEW)) {
    const pass = moved(now.net, now.cost, now.pass, now.y, id, each);
    chain.forEach((on, line) => values[line].push(onPass(pass, on)));
  }
  values.at(-1).push(...costsAt(now.net, now.cost, now.pass, now.y, id, changesTo(reach, POINTS)));
  const ranges = chain.map((_, line) => (line === 0 ? [value - reach, value + reach] : rangeAround(values[line])));
  return { id: writeId(id), ranges };
}

function changesTo(reach, count) {
  return Float64Array.from({ length: count }, (_, place) => reach * ((2 * place) / (count - 1) - 1));
}

// Whether everything is on the scales, and there is room to move the first on to both sides.
export function isOnScales({ ranges }, values) {
  const isOn = ([low, high], value) => !Number.isFinite(value) || sideOff({ low, high }, value) === 0;
  const [low, high] = ranges[0];
  const room = NEAR_END * (high - low);
  return ranges.every((range, line) => isOn(range, values[line])) && isOn([low + room, high - room], values[0]);
}

function onPass(pass, id) {
  if (id.kind === 'C') return pass.C;
  return 'za'.includes(id.kind) ? pass[id.kind][id.layer][id.neuron] : Number.NaN;
}

// The cost over the range of the frame, at as many values of the quantity as a curve has points, and at every kink.
export function curveOf(now, id, frame) {
  const [low, high] = frame.ranges[0];
  const value = valueAt(now, id);
  const values = Float64Array.from({ length: POINTS }, (_, place) => low + ((high - low) * place) / (POINTS - 1));
  const found = sweep(now.net, now.cost, now.pass, now.y, id, values.map((each) => each - value));
  const corners = costsAt(now.net, now.cost, now.pass, now.y, id, found.kinks);
  const points = Array.from(values, (each, place) => [each, found.C[place]]);
  found.kinks.forEach((change, place) => points.push([value + change, corners[place]]));
  points.sort(([one], [other]) => one - other);
  return { values, C: found.C, points, kinks: Array.from(found.kinks, (change) => value + change) };
}

// ∂C/∂id by the forms alone, or null while something is dragged in a network for which that takes too long
export function checkOf(now, id, isDragged) {
  if (isDragged && now.net.theta.length > CHECKED_LIVE) return null;
  return check(now.net, now.cost, now.x, now.y, id);
}

// Which neurons of each layer are drawn: all of a small one, of a large one those with the largest |δ|, or |x|.
export function shownNeurons(model, now, id) {
  const { sizes, depth } = model.net;
  return sizes.map((size, layer) => {
    const most = layer === depth ? OUTPUTS : MOST_SHOWN;
    if (size <= most) return Array.from({ length: size }, (_, neuron) => neuron);
    const strength = layer === 0 ? now.x : now.back.delta[layer];
    const order = Array.from({ length: size }, (_, neuron) => neuron);
    order.sort((one, other) => Math.abs(strength[other]) - Math.abs(strength[one]) || one - other);
    const needed = neuronsOf(id).filter((each) => each.layer === layer).map((each) => each.neuron);
    const chosen = [...new Set([...needed, ...order])].slice(0, most);
    return chosen.sort((one, other) => one - other);
  });
}

// The numbers of the rows, from the one on which the network as it is now is most wrong.
export function rowsByCost(model, state) {
  const found = model.rows.map((row) => costOf(model.net, costs[state.cost], forward(model.net, row.x), row.y));
  const order = found.map((_, place) => place).sort((one, other) => found[other] - found[one] || one - other);
  return order.map((place) => model.rows[place].number);
}
