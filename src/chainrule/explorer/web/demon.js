// The demon: one quantity moved by Δ, what its slope predicts for the cost, what then happens, and the miss between them.

import { largestTerm } from './check.js';
import { moved, slopeOf, sweep } from './engine.js';
import { activationId, makeId } from './ids.js';
import { isSelectable } from './model.js';
import { fixedPercent, inStyle, number, short, styleOf } from './numbers.js';

const GRID_POINTS = 257; // of a range in which the lowest cost is looked for
const DECADES = 12; // of smaller and smaller Δ on both sides of 0
const MOST_VALLEYS = 24; // that are searched to the last digit
const ROUNDING_UNIT = 2 ** -52;
const SECTIONS = 75; // golden sections of a valley
const GOLDEN = (3 - Math.sqrt(5)) / 2;
const HIDDEN_BY_ROUNDING = 1e-3; // the part of a change from which on rounding hides the miss

// A Δ and what came of it; `miss` is null where there is none to speak of, and `note` says why (S2.2).
export function changeBy(now, id, by) {
  const pass = moved(now.net, now.cost, now.pass, now.y, id, by);
  const slope = slopeOf(now.net, now.pass, now.back, id);
  const change = { id, by, slope, pass, before: now.C, after: pass.C, predicted: slope * by + 0 };
  const rounding = 8 * ROUNDING_UNIT * Math.max(Math.abs(now.C), Math.abs(pass.C), largestTerm(now.net, now.pass));
  const found = pass.C - now.C;
  change.actual = Math.abs(found) <= rounding ? 0 : found;
  change.note = noteOn(change, rounding);
  change.miss = change.note === '' ? missOf(change) : null;
  return change;
}

function missOf({ predicted, actual }) {
  return predicted === 0 ? Infinity : (actual - predicted) / predicted;
}

function noteOn({ pass, by, slope, predicted, actual }, rounding) {
  if (Number.isNaN(pass.C) && isFinitePass(pass)) return 'undefined'; // as the logarithm of an output below 0
  if (!Number.isFinite(actual) || !Number.isFinite(predicted)) return 'overflow';
  if (slope === 0 || by === 0) return 'nothing predicted';
  if (predicted === 0 && actual === 0) return 'underflow';
  const isHidden = rounding > HIDDEN_BY_ROUNDING * Math.max(Math.abs(predicted), Math.abs(actual));
  return isHidden ? 'lost in rounding' : '';
}

function isFinitePass({ z, a }) {
  return [...z.slice(1), ...a].every((layer) => layer.every(Number.isFinite));
}

// predicted and actual with as many digits, and the miss in percent: as the command line writes them
export function changeTexts({ predicted, actual, miss, note }) {
  const style = styleOf([predicted, actual]);
  const [said, happened] = [predicted, actual].map((each) => inStyle(style, each, true));
  return { predicted: said, actual: happened, miss: missText(miss, note) };
}

export function missText(miss, note) {
  if (miss === null) return note === 'nothing predicted' ? '—' : note;
  if (miss === 0) return '0 %';
  const percent = 100 * miss;
  if (Math.abs(percent) >= 1e5) return `${number(percent, true)} %`;
  return `${fixedPercent(percent)} %`;
}

export function signedShort(value, digits = 6) {
  return `${value > 0 ? '+' : ''}${short(value, digits)}`;
}

// The Δ within a range that lowers the cost most; of those that are equal to rounding none, a kink or an end, else the
// smallest. The range is looked at on a grid that holds every kink; each valley is then searched by golden sections.
export function bestChange(now, id, [low, high]) {
  const first = gridOf(low, high);
  const { kinks } = sweep(now.net, now.cost, now.pass, now.y, id, first);
  const marked = [0, low, high, ...kinks].filter((each) => each >= low && each <= high);
  const grid = risingOnce([...first, ...marked]);
  const costs = Array.from(sweep(now.net, now.cost, now.pass, now.y, id, grid).C, ofSearch);
  const costAt = (by) => ofSearch(moved(now.net, now.cost, now.pass, now.y, id, by).C);
  const valleys = valleysOf(costs).slice(0, MOST_VALLEYS);
  const refined = valleys.map((place) => goldenSections(costAt, grid[Math.max(place - 1, 0)], grid[place + 1] ?? high));
  const tried = [...valleys.map((place) => grid[place]), ...refined, ...marked].map((by) => ({ by, C: costAt(by) }));
  const least = Math.min(...tried.map((each) => each.C));
  if (!Number.isFinite(least)) return 0;
  const equal = tried.filter((each) => Math.abs(each.C - least) <= 4 * ROUNDING_UNIT * Math.abs(least)).map((each) => each.by);
  const preferred = equal.filter((each) => marked.includes(each));
  return smallest(preferred.length > 0 ? preferred : equal);
}

function ofSearch(C) {
  return Number.isFinite(C) ? C : Infinity; // what is not a number counts as worst
}

function gridOf(low, high) {
  const even = Array.from({ length: GRID_POINTS }, (_, place) => low + ((high - low) * place) / (GRID_POINTS - 1));
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const sizes = Array.from({ length: 4 * DECADES }, (_, place) => largest * 10 ** (-place / 4));
  const all = [...even, ...sizes, ...sizes.map((each) => -each), 0];
  return risingOnce(all.filter((each) => each >= low && each <= high));
}

function risingOnce(values) {
  return Float64Array.from(new Set(values)).sort();
}

// places that no neighbour lies below, the lowest first
function valleysOf(costs) {
  const isBelow = (place, other) => costs[place] <= (costs[other] ?? Infinity);
  const isValley = (place) => isBelow(place, place - 1) && isBelow(place, place + 1);
  const places = costs.map((_, place) => place).filter((place) => isValley(place) && costs[place] < Infinity);
  return places.sort((one, other) => costs[one] - costs[other]);
}

function goldenSections(f, left, right) {
  let [low, high] = [left, right];
  let [one, two] = [low + GOLDEN * (high - low), high - GOLDEN * (high - low)];
  let [atOne, atTwo] = [f(one), f(two)];
  for (let section = 0; section < SECTIONS && one < two; section += 1) {
    if (atOne <= atTwo) {
      [high, two, atTwo] = [two, one, atOne];
      one = low + GOLDEN * (high - low);
      atOne = f(one);
    } else {
      [low, one, atOne] = [one, two, atTwo];
      two = high - GOLDEN * (high - low);
      atTwo = f(two);
    }
  }
  return atOne <= atTwo ? one : two;
}

function smallest(values) {
  return values.reduce((found, each) => (Math.abs(each) < Math.abs(found) ? each : found));
}

// Where the demon can sit instead, from where it is: the neuron's z and a, and of the weights into it and the inputs
// those that the cost depends on most. What is selected stays among them.
export function demonPlaces(model, now, id) {
  const home = homeOf(model, now, id);
  const source = id.kind === 'w' ? id.source : steepest(now.pass.a[home.layer - 1]);
  const places = [makeId('z', home.layer, home.neuron), activationId(home.layer, home.neuron),
    makeId('w', home.layer, home.neuron, source), id.kind === 'x' ? id : makeId('x', 0, inputOf(now, id))];
  const all = 'by'.includes(id.kind) ? [...places, id] : places;
  return all.filter((each) => isSelectable(model, each));
}

function homeOf({ net }, now, id) {
  if (id.kind === 'x') return { layer: 1, neuron: steepest(now.back.delta[1]) };
  return id.kind === 'y' ? { layer: net.depth, neuron: id.neuron } : { layer: id.layer, neuron: id.neuron };
}

function inputOf(now, id) {
  return id.kind === 'w' && id.layer === 1 ? id.source : steepest(now.back.raw[0]);
}

function steepest(slopes) {
  return slopes.reduce((found, each, place) => (Math.abs(each) > Math.abs(slopes[found]) ? place : found), 0);
}

// False for what has no number of its own that a reader could set: there the demon always sits.
export function needsDemon(id) {
  return id.kind === 'z' || id.kind === 'a';
}

export function kinksUpTo(kinks, from, by) {
  const [low, high] = [Math.min(from, from + by), Math.max(from, from + by)];
  return kinks.filter((each) => each > low && each < high).length;
}
