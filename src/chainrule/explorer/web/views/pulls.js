// The tug of war between two outputs: a bar for each neuron below them, from the strongest pull for the target down to
// the strongest for the answer, and their sum.

import { activationId, makeId, writeId } from '../ids.js';
import { brief, plain, short } from '../numbers.js';
import { heldAt, scaleOf, sideOff } from '../scale.js';
import { printedSum } from '../tug.js';
import { arrowBeyond } from './drawn.js';

const PULL_HEAD = 44; // pixels above the first bar
const ONE_LINE = 190; // pixels of width in which the names of both sides stand beside each other
const SECOND_LINE = 15;
const WIDEST_PULL = 24;
const NAMED_PULL = 15; // the height of a bar from which on its neuron is named

// lit: the neuron that the selection is about; text names the outputs
export function pullsView({ tug, arranged, box, lit, depth, texts, name, words }) {
  const { order, scales } = arranged;
  const head = PULL_HEAD + (box.width < ONE_LINE ? SECOND_LINE : 0);
  const pitch = Math.min(WIDEST_PULL, (box.height - head) / order.length);
  const scale = scaleOf(scales.pull[0], scales.pull[1], box.x, box.x + box.width);
  const [middle, top] = [scale.at(0), box.y + head];
  const along = (pull) => heldAt(scale, pull) - middle;
  const source = (k) => activationId(depth - 1, k);
  const barOf = (k, place) => {
    const long = along(tug.pulls[k]);
    if (!Number.isFinite(long)) return null;
    const look = `pull ${long < 0 ? 'negative' : 'positive'}${k === lit ? ' lit' : ''}`;
    return ['rect', { class: look, 'data-neuron': k, 'data-id': writeId(source(k)), x: middle + Math.min(long, 0),
      width: Math.abs(long), y: top + pitch * place, height: pitch > 3 ? 0.84 * pitch : pitch }];
  };
  const chosen = lit === null ? null : order.indexOf(lit);
  const said = lit === null ? '' : `; selected: ${words(source(lit))}, pull ${brief(tug.pulls[lit])}`;
  const foot = top + pitch * order.length;
  return ['g', { class: 'pulls' },
    pullHeads(tug, box, texts),
    order.map(barOf),
    order.map((k, place) => pullBeyond(tug.pulls[k], scale, top + pitch * (place + 0.42))),
    ['path', { class: 'axis', d: `M${middle} ${top - 4}V${foot + 4}` }],
    pitch < NAMED_PULL ? null
      : order.map((k, place) => pullName(name(source(k)), tug.pulls[k], middle, top + pitch * (place + 0.5))),
    chosen === null ? null : litMark(box, top + pitch * (chosen + 0.5)),
    ['rect', { class: 'reach', x: box.x, y: top, width: box.width, height: foot - top, role: 'group', tabindex: 0,
      'aria-label': `pulls, one for each neuron; arrow keys select one${said}`, 'data-grid': 'pull/', 'data-columns': 1,
      'data-rows': order.length, 'data-count': order.length, 'data-chosen': chosen }]];
}

function pullHeads({ sides }, box, { target, other }) {
  const alone = other === null;
  const [raises, lowers] = alone ? [`raises ${target}`, `lowers ${target}`] : [`for ${target}`, `for ${other}`];
  const [left, right, y] = [box.x, box.x + box.width, box.y + 34];
  const second = box.width < ONE_LINE ? SECOND_LINE : 0;
  return ['g', { 'aria-hidden': 'true' },
    ['text', { class: 'side negative', x: left, y }, `← ${lowers} ${short(Math.abs(sides[1]))}`],
    ['text', { class: 'side positive', x: right, y: y + second }, `${raises} ${short(sides[0])} →`]];
}

// at the end of a bar that is longer than the scale, with its number
function pullBeyond(pull, scale, y) {
  const side = sideOff(scale, pull);
  if (side === 0) return null;
  const [way, look] = side > 0 ? ['right', 'positive'] : ['left', 'negative'];
  const x = heldAt(scale, pull);
  return [arrowBeyond(x, y, way, look),
    ['text', { class: `pull-name beyond at-${side > 0 ? 'end' : 'start'}`, x: x - 12 * side, y: y - 6 }, brief(pull)]];
}

// beside the axis, on the side where its bar is not
function pullName(text, pull, middle, y) {
  const side = pull < 0 ? 'after' : 'before';
  return ['text', { class: `pull-name ${side}`, x: middle + (pull < 0 ? 6 : -6), y: y + 4 }, text];
}

function litMark(box, y) {
  const [left, right] = [box.x, box.x + box.width];
  return ['path', { class: 'lit-mark', d: `M${left} ${y - 5}l8 5l-8 5zM${right} ${y - 5}l-8 5l8 5z` }];
}

// z_target − z_other as the sum of both sides and the biases, and what it says of p.
export function equationView({ tug, arranged, x, y, isNarrow, depth, texts, name, asRatio }) {
  const { target, other } = arranged.pair;
  const z = (neuron) => name(makeId('z', depth, neuron));
  const alone = other === null;
  const parts = [
    [tug.sides[0], 'positive', alone ? 'raised' : `for ${texts.target}`],
    [tug.sides[1], 'negative', alone ? 'lowered' : `for ${texts.other}`],
    [tug.biases, '', alone ? 'bias' : 'biases'],
  ];
  const terms = parts.filter(([value]) => value !== 0);
  const printed = printedSum(terms.map(([value]) => value), tug.total);
  const spans = terms.map(([value, kind, what], place) => [
    place === 0 ? null : ['tspan', {}, value < 0 ? ' − ' : ' + '],
    ['tspan', { class: kind }, place === 0 ? printed.terms[place] : plain(printed.terms[place]).replace('-', '')],
    isNarrow ? null : ['tspan', { class: 'faint' }, ` (${what})`],
  ]);
  const left = alone ? z(target) : `${z(target)} − ${z(other)}`;
  const ratio = asRatio && !alone ? ` = ln(p of ${texts.target} / p of ${texts.other})` : '';
  return ['text', { class: isNarrow ? 'equation narrow' : 'equation', x, y }, ['tspan', {}, `${left} = `], spans,
    ['tspan', { class: 'sum' }, `${terms.length > 0 ? ' = ' : ''}${printed.total}`],
    isNarrow ? null : ['tspan', { class: 'faint' }, ratio]];
}

// What the lit pull is made of, or what a bar is.
export function pullText({ tug, arranged, lit, now, texts, name, isNarrow }) {
  const { target, other } = arranged.pair;
  const depth = now.net.depth;
  const weight = (neuron, k) => makeId('w', depth, neuron, k);
  if (lit === null) {
    const silent = tug.pulls.reduce((sum, each) => sum + (each === 0 ? 1 : 0), 0);
    const each = other === null ? 'a · w' : `a · (w to ${texts.target} − w to ${texts.other})`;
    const without = silent === 0 ? '' : `; ${silent} of ${tug.pulls.length} are silent`;
    return isNarrow ? `a bar is ${each}` : `a bar is ${each}${without}; click one to select its weight`;
  }
  const value = (neuron) => brief(now.net.w[depth][neuron * now.net.sizes[depth - 1] + lit]);
  const a = now.pass.a[depth - 1][lit];
  const source = activationId(depth - 1, lit);
  const symbols = other === null ? `${name(source)} · ${name(weight(target, lit))}`
    : `${name(source)} · (${name(weight(target, lit))} − ${name(weight(other, lit))})`;
  const bracket = (text) => (text.startsWith('−') ? `(${text})` : text);
  const numbers = other === null ? `${brief(a)} · ${bracket(value(target))}`
    : `${brief(a)} · (${value(target)} − ${bracket(value(other))})`;
  return `${isNarrow ? `pull of ${name(source)}` : symbols} = ${numbers} = ${brief(tug.pulls[lit])}`;
}
