// How a large network is arranged: which two outputs compete, in which order the pulls stand, which outputs are shown,
// and on which scales. It stays while something is dragged, so that nothing changes its place.

import { makeId, writeId } from './ids.js';
import { rangeAround } from './scale.js';
import { furthestOff, logSoftmax, orderOfPulls, rivalsOf, tugOf } from './tug.js';

const LARGE = 16; // neurons of a layer from which on they are not drawn one by one
const SHOWN_OUTPUTS = 12; // of more the most likely
const ROOM_TO_PULL = 1.08; // beyond the strongest
const LEAST_SIDE = 0.15; // of the width of the pulls, to each side of 0
const LOWEST_LOG = -60; // of p, where a bar ends

// True where a network is shown by its input, pulls and outputs, not by neurons and edges.
export function isLarge({ picture, shape: { sizes } }) {
  return picture !== null || sizes.some((size) => size > LARGE);
}

// cost: the name of the cost
export function arrangementOf(now, cost) {
  const { net, pass, back, y } = now;
  const last = net.depth;
  const hasRivals = y.length > 1 && (net.sigma[last].full || isOneHot(y));
  const pair = hasRivals ? rivalsOf(y, pass.a[last]) : furthestOff(back.delta[last]);
  const order = orderOfPulls(tugOf(net, pass, pair).pulls);
  return withScales({ pair, order, outputs: shownOutputs(now, pair), asLogs: areLogs(now, cost) }, now);
}

// The same places on the scales that fit now.
export function withScales(arranged, { net, pass, y }) {
  const { pair, outputs } = arranged;
  const last = net.depth;
  const logs = logSoftmax(pass.z[last]);
  const largest = (values) => values.reduce((most, each) => Math.max(most, Math.abs(each)), 0) || 1;
  const scales = {
    pull: rangeOfPulls(tugOf(net, pass, pair).pulls),
    log: Math.max(LOWEST_LOG, Math.min(-1, 1.04 * Math.min(...outputs.map((j) => logs[j])))),
    output: rangeAround([0, ...outputs.flatMap((j) => [y[j], pass.a[last][j]])]),
    layers: net.sizes.map((_, layer) => largest(pass.a[layer])),
  };
  return { ...arranged, scales };
}

// From the strongest pull against the target to the strongest for it.
function rangeOfPulls(pulls) {
  const most = ROOM_TO_PULL * pulls.reduce((sofar, each) => Math.max(sofar, each), 0);
  const least = ROOM_TO_PULL * pulls.reduce((sofar, each) => Math.min(sofar, each), 0);
  const side = LEAST_SIDE * (most - least || 1);
  return [Math.min(least, -side), Math.max(most, side)];
}

// The same while no output is computed: nothing of it says which of them is the answer, or the furthest off.
export function withoutAnswer(arranged, { sizes, depth }) {
  const target = arranged.pair.other === null ? -1 : arranged.pair.target;
  const first = Array.from({ length: Math.min(sizes[depth], SHOWN_OUTPUTS) }, (_, j) => j);
  const outputs = target === -1 || first.includes(target) ? first : [...first.slice(0, -1), target];
  return { ...arranged, pair: { target, other: -1 }, outputs, isWaiting: true };
}

// Bars of log p, on which the target's distance from p = 1 is C, where C is −log p of one target.
function areLogs({ net, y }, cost) {
  return cost === 'cross_entropy' && net.sigma[net.depth].full && isOneHot(y);
}

function isOneHot(y) {
  return y.every((each) => each === 0 || each === 1) && y.reduce((sum, each) => sum + each, 0) === 1;
}

function shownOutputs({ pass, y, net }, { target, other }) {
  const a = pass.a[net.depth];
  const ranked = Array.from(y.keys()).sort((one, next) => a[next] - a[one] || one - next);
  const needed = other === null ? [target] : [target, other];
  return [...new Set([...needed, ...ranked])].slice(0, SHOWN_OUTPUTS).sort((one, next) => one - next);
}

// The neuron of the first layer whose weights are shown: that of what is selected, or where it comes from.
export function openedNeuron(id) {
  if (id.kind === 'w' && id.layer === 2) return id.source;
  return 'wbza'.includes(id.kind) && id.layer === 1 ? id.neuron : null;
}

// The neuron below the last layer that a selection is about.
export function pulledBy(id, depth) {
  if (id.kind === 'w' && id.layer === depth) return id.source;
  if (id.kind === 'x' && depth === 1) return id.neuron;
  return 'wbza'.includes(id.kind) && id.layer === depth - 1 ? id.neuron : null;
}

// What a click on a pull selects: the weight to the answer, and where that is selected, the one to the target.
export function pullId({ pair: { target, other } }, depth, source, selected) {
  const to = (neuron) => writeId(makeId('w', depth, neuron, source));
  return other === null || to(other) === selected ? to(target) : to(other);
}
