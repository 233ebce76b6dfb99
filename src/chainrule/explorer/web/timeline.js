// The weights over time: those of a run at its epochs, and steps of the delta rule taken from there, which can be undone.
//
// What was done is kept as it was asked for, and the weights are worked out from it again: whatever leads back to a place
// leads to the same bits. A taken step is { eta, row, moved, count, cost }: η, the number of a row or null for the mean over
// all of them, what was moved by hand before the first of `count` equal ones, and the cost, null for the network's own.

import { backward, forward, placeOf, withTheta } from './engine.js';
import { costs } from './forms.js';
import { hasSharedBias, parseId } from './ids.js';
import { isMovableText } from './model.js';

export const SAVED = 'saved'; // the epoch of weights that belong to none of the run's
const MOST_WORK = 5e8; // products of weights: some seconds, when an address is opened
const LARGEST_RATE = 1000; // η, beyond which nobody means it and weights overflow
const LEAST_WORK = 2000; // of one row, however small the network is
const MOST_KEPT = 4e6; // numbers of the weights on the way, which spare working them out again

// The epochs of a model: [{ epoch, theta }]; the weights that it came with are last where no epoch has them.
export function stopsOf(model) {
  const isLast = model.snapshots.some(({ theta }) => isEqual(theta, model.first));
  return isLast ? model.snapshots : [...model.snapshots, { epoch: SAVED, theta: model.first }];
}

// The epoch that has the weights the model came with: the last one of those that have them.
export function firstEpoch(model) {
  return stopsOf(model).filter(({ theta }) => isEqual(theta, model.first)).at(-1).epoch;
}

function isEqual(one, other) {
  return one.length === other.length && one.every((value, place) => value === other[place]);
}

// A function that gives the weights for a state { epoch, past }, the same vector as long as both are the same.
export function weightsOverTime(model) {
  const stops = stopsOf(model);
  let kept = { epoch: null, past: null, steps: [], thetas: [] };

  return ({ epoch, past }) => {
    if (kept.epoch === epoch && kept.past === past) return kept.thetas[kept.steps.length];
    const steps = past.flatMap((each) => singlesOf(each));
    const same = kept.epoch === epoch ? commonLength(kept.steps, steps) : 0;
    const thetas = kept.epoch === epoch ? kept.thetas.slice(0, same + 1) : [stops.find((each) => each.epoch === epoch).theta];
    let from = same;
    while (thetas[from] === undefined) from -= 1;
    for (let n = from; n < steps.length; n += 1) {
      thetas[n + 1] = steppedFrom(model, thetas[n], steps[n].step);
      if (n > 0 && thetas.length * thetas[0].length > MOST_KEPT) thetas[n] = undefined;
    }
    kept = { epoch, past, steps, thetas };
    return thetas[steps.length];
  };
}

// each step of several by itself; what was moved by hand was moved before the first
function singlesOf(step) {
  const text = pastText([{ ...step, count: 1 }]);
  return Array.from({ length: step.count }, () => ({ step, text }));
}

function commonLength(one, other) {
  const differs = other.findIndex(({ text }, place) => one[place]?.text !== text);
  return Math.min(one.length, differs === -1 ? other.length : differs);
}

// θ − η ∇C of one row, or of the mean over all rows; first with what was moved by hand (S0.18: the delta rule).
export function steppedFrom(model, theta, { eta, row, moved, cost }) {
  const next = Float64Array.from(theta);
  const net = withTheta(model.net, next);
  for (const [text, value] of moved) if (isOfNetwork(text)) next[placeOf(net, parseId(text, model.shape))] = value;
  const rows = row === null ? model.rows : model.rows.filter((each) => each.number === row);
  const sums = new Float64Array(next.length);
  const used = costs[cost ?? model.costs[0].name];
  for (const each of rows) addGradient(model, net, used, rowAsMoved(each, moved, row !== null), sums);
  for (let i = 0; i < next.length; i += 1) next[i] -= eta * (sums[i] / rows.length);
  return next;
}

function rowAsMoved({ x, y }, moved, isAlone) {
  if (!isAlone) return { x, y };
  const found = { x: Float64Array.from(x), y: Float64Array.from(y) };
  for (const [text, value] of moved) if (!isOfNetwork(text)) found[text[0]][Number(text.slice(2))] = value;
  return found;
}

// Adds ∂C/∂θ of a row, in the order of θ: by BP4 the weights of a layer, by BP3 its biases.
function addGradient(model, net, cost, { x, y }, sums) {
  const pass = forward(net, x);
  const { delta } = backward(net, cost, pass, y);
  for (let layer = 1, at = 0; layer <= net.depth; layer += 1) {
    const before = pass.a[layer - 1];
    for (const error of delta[layer]) for (let k = 0; k < before.length; k += 1, at += 1) sums[at] += before[k] * error;
    const isShared = hasSharedBias(model.shape, layer);
    if (isShared) sums[at] += delta[layer].reduce((sum, each) => sum + each, 0);
    else for (let j = 0; j < net.b[layer].length; j += 1) sums[at + j] += delta[layer][j];
    at += net.b[layer].length;
  }
}

function isOfNetwork(id) {
  return id.startsWith('w/') || id.startsWith('b/');
}

// what is done ----------------------------------------------------------------------------------------------------------

// The changes of a state { past, moved, eta, cost } by one more step on a row, or on all of them (null).
export function stepTaken(model, { past, moved, eta, cost }, row) {
  const [ofNetwork, ofRow] = partedBy(moved, isOfNetwork);
  const other = cost === model.costs[0].name ? null : cost;
  const step = { eta, row, moved: row === null ? ofNetwork : moved, count: 1, cost: other };
  const last = past.at(-1);
  const isSame = last !== undefined && ofNetwork.size === 0 && pastText([{ ...last, count: 1 }]) === pastText([step]);
  const more = isSame ? [...past.slice(0, -1), { ...last, count: last.count + 1 }] : [...past, step];
  return { past: more, moved: ofRow };
}

// The changes that undo the last step; what was moved by hand before it is moved again.
export function stepUndone({ past, moved }) {
  const last = past.at(-1);
  if (last.count > 1) return { past: [...past.slice(0, -1), { ...last, count: last.count - 1 }] };
  return { past: past.slice(0, -1), moved: new Map([...last.moved, ...partedBy(moved, isOfNetwork)[1]]) };
}

// The changes that lead to an epoch: what was done to other weights is gone, inputs and targets stay as they are.
export function epochChosen({ moved }, epoch) {
  return { epoch, past: [], moved: partedBy(moved, isOfNetwork)[1] };
}

function partedBy(moved, isFirst) {
  const entries = [...moved];
  return [true, false].map((wanted) => new Map(entries.filter(([id]) => isFirst(id) === wanted)));
}

export const RATES = `η is a number above 0 and at most ${LARGEST_RATE}`;

export function isRate(eta) {
  return eta !== null && eta > 0 && eta <= LARGEST_RATE;
}

export function countOfSteps(past) {
  return past.reduce((sum, each) => sum + each.count, 0);
}

// Whether one more step can be taken on so many rows, so that the address of the page can still be opened.
export function hasRoom(model, past, rows) {
  return workOf(model, past) + rows * workOfRow(model) <= MOST_WORK;
}

function workOf(model, past) {
  const rows = past.reduce((sum, { row, count }) => sum + count * (row === null ? model.rows.length : 1), 0);
  return rows * workOfRow(model);
}

function workOfRow(model) {
  return model.first.length + LEAST_WORK;
}

// as a part of the address ----------------------------------------------------------------------------------------------

// "0.1@3*2;0.5@all*1~squared_error!w/1/0/0:2"
export function pastText(past) {
  return past.map(({ eta, row, moved, count, cost }) => {
    const given = [...moved].map(([id, value]) => `!${id}:${value}`).join('');
    return `${eta}@${row ?? 'all'}*${count}${cost === null ? '' : `~${cost}`}${given}`;
  }).join(';');
}

// The steps that a text says, up to the first that cannot be meant.
export function pastOf(text, model) {
  const past = [];
  for (const part of text.split(';')) {
    const step = stepInText(part, model);
    if (step === null || workOf(model, [...past, step]) > MOST_WORK) return past;
    past.push(step);
  }
  return past;
}

function stepInText(part, model) {
  const found = /^([^@!]+)@(all|\d+)\*([1-9]\d{0,6})(?:~([^!]+))?((?:![^!]+)*)$/.exec(part);
  if (found === null) return null;
  const [eta, row, count] = [Number(found[1]), found[2] === 'all' ? null : Number(found[2]), Number(found[3])];
  const isThere = row === null || model.rows.some((each) => each.number === row);
  const pairs = found[5].split('!').slice(1).map((each) => each.split(':'));
  const isGood = ([id, value]) => isMovableText(model, id) && value?.trim() && Number.isFinite(Number(value));
  const cost = found[4] ?? null;
  const isCost = cost === null || model.costs.some((each) => each.name === cost);
  if (!isRate(eta) || !isThere || !isCost || !pairs.every(isGood)) return null;
  return { eta, row, moved: new Map(pairs.map(([id, value]) => [id, Number(value)])), count, cost };
}
