// The next number of a pass as a question: what is asked, what is told for it, and what an answer is worth.

import { derivationOf, joinedBy } from './derivation.js';
import { activationId, biasCount, hasSharedBias, makeId } from './ids.js';
import { neuronsOf } from './neurons.js';
import { number, short } from './numbers.js';
import { stepsOfPass } from './passes.js';
import { isSameNumber, readNumber } from './replies.js';
import { slipsOf, slipsOfCost, toldApart } from './slips.js';
import { filled, partial, quantitySymbol, symbolOf } from './symbols.js';

const MOST_TOLD = 12; // numbers of a layer that a question lists
const NO_FORMULA = 'C(a, y)'; // of an own cost for which nobody wrote one: nothing can be worked out from it
const [SMALLEST, LARGEST] = [1e-9, 1e9]; // beyond these a question would be about powers of ten

// The quantity of a step that a question is about: of the neuron that is selected, else of that where it is largest; null
// where there is none.
export function askedAt(model, all, { step, id }) {
  const { kind, layer } = stepsOfPass(model.net.depth)[step];
  if (kind === 'C') return makeId('C');
  if (kind === 'a' || kind === 'd') return makeId(kind, layer, neuronAsked(all, id, layer, kind));
  const weight = id.kind === 'w' ? id : largestWeight(model, all, id);
  if (kind === 'w') return weight;
  if (id.kind === 'b') return id;
  const withBias = [weight.layer, ...model.net.sizes.keys()].find((each) => each > 0 && biasCount(model.shape, each) > 0);
  if (withBias === undefined) return null;
  const isOwn = withBias === weight.layer && !hasSharedBias(model.shape, withBias);
  return makeId('b', withBias, isOwn ? weight.neuron : 0);
}

// Of the outputs the target is asked for, not the answer: that would say which one it is.
function neuronAsked({ net, pass, back, y }, id, layer, kind) {
  const selected = neuronsOf(id).find((each) => each.layer === layer);
  if (selected !== undefined) return selected.neuron;
  if (kind === 'd') return largestPlace(back.delta[layer]);
  return largestPlace(layer === net.depth ? y : pass.a[layer]);
}

function largestWeight(model, { pass, back }, id) {
  const own = neuronsOf(id).find((each) => each.layer > 0);
  const layer = own?.layer ?? 1;
  return makeId('w', layer, own?.neuron ?? largestPlace(back.delta[layer]), largestPlace(pass.a[layer - 1]));
}

function largestPlace(values) {
  return values.reduce((found, each, place) => (Math.abs(each) > Math.abs(values[found]) ? place : found), 0);
}

// { symbol, value, told, slips, hint } of a quantity, formulas but for the value; `how` is { convention, cost, rate, asked },
// the cost as it is written. Null where its number is not fit to ask for.
export function questionOn(model, all, id, how) {
  const asked = { w: 'w', b: 'b', d: 'z' }[id.kind];
  const { net, pass, back, y } = all;
  const at = { net, cost: how.cost, valueOf: all.cost.value, pass, back, y, activationNames: model.shape.activationNames };
  const question = asked === undefined
    ? forwardQuestion(model, at, id, how) : slopeQuestion(at, { ...id, kind: asked }, id, how);
  if (question === null || (isOfCost(net, id) && how.cost.text === NO_FORMULA)) return null;
  const size = Math.abs(question.value);
  return size === 0 || (size > SMALLEST && size < LARGEST) ? question : null;
}

// whether the derivative that the backward pass begins with is written out
function hasFormula({ slope, delta }) {
  return !(delta ?? slope).startsWith('∂C');
}

// C and what is worked out from it at once
function isOfCost({ depth }, { kind, layer }) {
  return kind === 'C' || (kind === 'd' && layer === depth);
}

// δ, ∂C/∂w or ∂C/∂b: its factors are in the formula on the page
function slopeQuestion(at, id, target, how) {
  const [block] = derivationOf(at, id, how.convention);
  const written = target.kind === 'd' ? quantitySymbol(how.convention, at.net, target) : partialOf(at, target, how);
  const right = block.factors ? joinedBy(block.factors.map((each) => each.symbol), ' · ') : block.right;
  const isWritten = !isOfCost(at.net, target) || hasFormula(at.cost);
  const hint = isWritten ? ['Here ', block.left, ' = ', right, '.']
    : ['Here ', block.left, ', which follows from the formula of ', how.convention.letter, '.'];
  const told = isOfCost(at.net, target) ? outputText(at, target.neuron, block.value, how) : '';
  return { symbol: written, value: block.value, told, slips: slipsOf(at, target, block.value, how), hint };
}

// a and y of an output, z where the cost is a function of it: in as many digits as their difference needs; of all outputs
// where slopes of a softmax enter, or where δ has no formula, and then that of the cost.
function outputText(at, j, value, { convention }) {
  const { depth } = at.net;
  const { pass, y, cost } = at;
  const digits = Math.min(6 + Math.max(0, Math.ceil(-Math.log10(Math.abs(value) || 1))), 16);
  const isWritten = hasFormula(cost);
  const isWhole = (at.net.sigma[depth].full && cost.delta === null) || !isWritten;
  const places = isWhole && y.length <= MOST_TOLD ? [...y.keys()] : [j];
  const letters = isWritten ? ['a', ...(/\{z\}/.test(cost.delta ?? '') ? ['z'] : []), 'y'] : [cost.of, 'y'];
  const values = Object.fromEntries(letters.map((letter) => [letter, letter === 'y' ? y : pass[letter][depth]]));
  const told = Object.entries(values).flatMap(([kind, numbers]) => places.map((place) => {
    const id = makeId(kind, kind === 'y' ? 0 : depth, place);
    return [quantitySymbol(convention, at.net, id), ` = ${short(numbers[place], digits)}`];
  }));
  const formula = isWritten ? [] : [convention.letter, ` = ${cost.text}; `];
  return [...formula, ...told.flatMap((each, place) => (place === 0 ? each : [', ', ...each]))];
}

function partialOf(at, id, { convention }) {
  return partial(symbolOf(convention, makeId('C')), quantitySymbol(convention, at.net, id));
}

function forwardQuestion(model, at, id, how) {
  if (id.kind === 'C') return costQuestion(at, how);
  const { layer: l, neuron: j } = id;
  const name = (kind) => quantitySymbol(how.convention, at.net, makeId(kind, l, j));
  const [value, z] = [at.pass.a[l][j], at.pass.z[l][j]];
  const sigma = at.net.sigma[l];
  const makes = ['; ', sigma.full ? softmaxText(at, l, j, name) : `σ is ${model.shape.activationNames[l - 1]}`];
  const told = [name('z'), ' = ', ...sumText(at, l, j, how), makes];
  const says = (key) => filled(how.asked.forward[key], { z: name('z'), a: name('a') });
  const made = [{ name: 'activation forgotten', value: z, says: says('activation forgotten') }];
  const bias = biasAt(at.net, l, j);
  if (!sigma.full && bias !== 0) {
    const without = sigma.value(Float64Array.of(z - bias), new Float64Array(1))[0];
    made.push({ name: 'bias forgotten', value: without, says: says('bias forgotten') });
  }
  const slips = toldApart(value, made, how.asked.digits);
  return { symbol: name('a'), value, told, slips, hint: says('hint') };
}

function biasAt(net, layer, j) {
  const b = net.b[layer];
  return b.length === 0 ? 0 : b[b.length === 1 ? 0 : j];
}

// w a + w a + b in numbers where that is short, and what it comes to where it is not
function sumText(at, l, j, { asked }) {
  const before = at.pass.a[l - 1];
  if (before.length > asked.spelled) return [short(at.pass.z[l][j], 6)];
  const w = at.net.w[l];
  const terms = Array.from(before, (a, k) => `${inBrackets(w[j * before.length + k])} · ${inBrackets(a)}`);
  const bias = at.net.b[l].length === 0 ? [] : [inBrackets(biasAt(at.net, l, j))];
  return [[...terms, ...bias].join(' + ')];
}

function inBrackets(value) {
  const text = short(value, 6);
  return text.startsWith('−') ? `(${text})` : text;
}

function softmaxText(at, l, j, name) {
  const sum = at.pass.z[l].reduce((total, each) => total + Math.exp(each), 0);
  return [name('a'), ' = e^', name('z'), ` / Σ e^z, and Σ e^z = ${short(sum, 6)}`];
}

function costQuestion(at, how) {
  const { convention, asked } = how;
  const last = at.net.depth;
  const { y } = at;
  const kinds = [['a', at.pass.a[last]], ...(/z/.test(at.cost.text) ? [['z', at.pass.z[last]]] : [])];
  if (at.pass.a[last].length > MOST_TOLD) return null;
  const lists = kinds.map(([letter, values]) => `${letter} = ${listText(values)}`);
  const told = [convention.letter, ` = ${at.cost.text}; `, [...lists, `y = ${listText(y)}`].join(', ')];
  const symbol = symbolOf(convention, makeId('C'));
  const hint = filled(asked.cost[y.length === 1 ? 'hint' : 'hint, several'], { C: symbol });
  return { symbol, value: at.back.C, told, slips: slipsOfCost(at, at.back.C, how, at.valueOf), hint };
}

function listText(values) {
  const texts = Array.from(values, (each) => short(each, 6));
  return texts.length === 1 ? texts[0] : `(${texts.join(', ')})`;
}

// What an answer is worth: { kind: 'right', 'wrong' or 'unread', says: a formula }.
export function gradeOf({ value, symbol, slips, hint }, text, asked) {
  const given = readNumber(text);
  if (given === null) return { kind: 'unread', says: `This is to be ${asked.wanted}.` };
  if (isSameNumber(value, given, asked.digits)) return { kind: 'right', says: [symbol, ` = ${number(value)}`] };
  const slip = slips.find((each) => isSameNumber(each.value, given, asked.digits));
  if (slip !== undefined) return { kind: 'wrong', says: slip.says };
  if (isSameNumber(value, given, asked.digits - 1)) return { kind: 'wrong', says: asked.close };
  const factor = offBy(value, given, asked);
  return { kind: 'wrong', says: factor === '' ? hint : [`${factor} `, hint] };
}

// What a wrong number has to do with the right one, if it is a factor that people lose.
export function offBy(right, given, { digits, lost }) {
  if (right === 0 || given === 0) return right === 0 ? '' : 'It is not 0.';
  const sign = right > 0 === given > 0 ? '' : 'the sign is turned';
  const size = lost.find(([factor]) => isSameNumber(Math.abs(right) * factor, Math.abs(given), digits))?.[1] ?? '';
  if (size === '' && !(sign !== '' && isSameNumber(-right, given, digits))) return '';
  const said = [sign, size].filter((each) => each !== '').join(' and ');
  return `${said[0].toUpperCase()}${said.slice(1)}.`;
}

// What is selected while a quantity is asked for, so that the formula shows what it takes.
export function selectedFor(id) {
  if (id.kind === 'd') return { ...id, kind: 'z' };
  return id.kind === 'a' ? activationId(id.layer, id.neuron) : id;
}
