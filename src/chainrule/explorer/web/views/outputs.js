// The outputs of a large network as bars: of log p, where the target's distance from p = 1 is C; else of a beside y.

import { brief, short } from '../numbers.js';
import { heldAt, scaleOf, sideOff } from '../scale.js';
import { logSoftmax } from '../tug.js';
import { arrowBeyond, cutTo, widthOf } from './drawn.js';

const TALLEST_ROW = 42;
const TIGHT_ROW = 17; // pixels of height below which letters are smaller, and C is not written
const BAR_HEAD = 20; // pixels above the first bar
const LETTER = 16; // pixels of the largest letters of a name
const LONGEST_NAME = 5; // in such letters
const VALUE_ROOM = 116;
const PAIR_ROOM = 126; // where a stands beside y
const ROOM_FOR_MARKS = 90; // pixels of the axis from which on both its ends are named
const GAP_ROOM = 50; // from which on C is written into the gap between the target's bar and p = 1

// outputs: places of those that are shown; lit: the place of the selected one
export function outputsView({ now, model, arranged, box, lit, convention, words }) {
  const { outputs, asLogs, scales } = arranged;
  const names = outputs.map((j) => outputName(model, j, convention.base));
  const nameRoom = 12 + LETTER * Math.max(...names.map(widthOf));
  const more = now.y.length - outputs.length;
  const pitch = Math.min(TALLEST_ROW, (box.height - BAR_HEAD) / (outputs.length + (more > 0 ? 1 : 0)));
  const [low, high] = asLogs ? [scales.log, 0] : scales.output;
  const scale = scaleOf(low, high, box.x + nameRoom, box.x + box.width - (asLogs ? VALUE_ROOM : PAIR_ROOM));
  const values = asLogs ? logSoftmax(now.pass.z[now.net.depth]) : now.pass.a[now.net.depth];
  const answer = outputs.length > 1 ? placeOfMost(now.pass.a[now.net.depth]) : -1;
  const drawn = { now, model, arranged, box, scale, values, answer, pitch, letter: convention.letter, words };
  const foot = box.y + BAR_HEAD + pitch * outputs.length;
  return ['g', { class: pitch < TIGHT_ROW ? 'outputs tight' : 'outputs' },
    outputAxis(drawn, low, foot),
    outputs.map((j, row) => outputRow(drawn, j, names[row], box.y + BAR_HEAD + pitch * row, j === lit)),
    more > 0 ? ['text', { class: 'note', x: box.x + nameRoom, y: foot + 16 }, `${more} more`] : null];
}

function placeOfMost(values) {
  return values.indexOf(values.reduce((most, each) => Math.max(most, each), -Infinity));
}

export function outputName({ classNames, net: { sizes } }, j, base) {
  const isNamed = classNames !== null && classNames.length === sizes[sizes.length - 1];
  return isNamed ? cutTo(classNames[j], LONGEST_NAME) : String(j + base);
}

function outputAxis({ arranged, scale, box }, low, foot) {
  const at = scale.at(0);
  const marks = arranged.asLogs
    ? [arranged.isWaiting || scale.to - scale.from < ROOM_FOR_MARKS ? null
      : ['text', { class: 'mark start', x: scale.from, y: box.y + 12 }, `p = ${short(Math.exp(low), 1)}`],
      ['text', { class: 'mark', x: at, y: box.y + 12 }, 'p = 1']]
    : [['text', { class: 'mark', x: at, y: box.y + 12 }, '0']];
  const line = `M${at} ${box.y + BAR_HEAD - 3}V${foot}`;
  return ['g', { 'aria-hidden': 'true' }, marks, ['path', { class: 'axis', d: line }]];
}

function outputRow(drawn, j, shownName, y, isLit) {
  const { now, arranged, box, scale, values, answer, pitch, words } = drawn;
  const role = roleOf(drawn, j);
  const a = now.pass.a[now.net.depth][j];
  const start = arranged.asLogs ? scale.from : scale.at(0);
  const end = heldAt(scale, values[j]);
  const side = sideOff(scale, values[j]);
  const middle = y + pitch / 2;
  const bar = { x: Math.min(start, end), y: y + 0.14 * pitch, width: Math.abs(end - start), height: 0.72 * pitch };
  const id = `z/${now.net.depth}/${j}`;
  const what = words({ kind: 'z', layer: now.net.depth, neuron: j });
  const said = `output ${shownName}, ${what}: a ${brief(a)}, y ${brief(now.y[j])}`;
  return ['g', { class: `output ${role}${isLit ? ' lit' : ''}`, role: 'button', tabindex: 0, 'data-id': id,
    'aria-label': said, 'aria-pressed': isLit ? 'true' : 'false' },
  ['rect', { class: 'reach', x: box.x, y, width: box.width, height: pitch }, ['title', {}, said]],
  ['text', { class: 'label', x: scale.from - 8, y: middle + 5 }, shownName],
  Number.isFinite(end) ? ['rect', { class: 'bar', ...bar }] : null,
  side === 0 ? null : arrowBeyond(end, middle, side > 0 ? 'right' : 'left', 'bar'),
  arranged.asLogs ? costGap(drawn, j, end, middle) : targetMark(drawn, j, y),
  ['text', { class: 'amount', x: scale.to + 10, y: middle + 4 }, amountText(drawn, j, a, answer)]];
}

function roleOf({ now, arranged, answer }, j) {
  if (!arranged.asLogs && arranged.pair.other === null) return '';
  if (j === arranged.pair.target) return 'target';
  return j === answer && now.y[j] === 0 ? 'answer' : '';
}

function amountText({ now, arranged, answer }, j, a) {
  if (!arranged.asLogs) return `${brief(a)}, y ${brief(now.y[j])}`;
  if (j === arranged.pair.target) return `${brief(a)} target${j === answer ? ' ✓' : ''}`;
  return j === answer ? `${brief(a)} answer` : brief(a);
}

// From the end of the target's bar to p = 1: that is C.
function costGap({ now, arranged, scale, pitch, letter }, j, end, middle) {
  if (j !== arranged.pair.target || !(scale.to - end > 1)) return null;
  const text = `${letter} ${brief(now.C)}`;
  return ['g', { class: 'gap' },
    ['path', { d: `M${end} ${middle}H${scale.to}` }],
    scale.to - end < GAP_ROOM || pitch < TIGHT_ROW ? null : ['text', { x: (end + scale.to) / 2, y: middle + 4 }, text]];
}

function targetMark({ now, scale, pitch }, j, y) {
  const at = heldAt(scale, now.y[j]);
  const side = sideOff(scale, now.y[j]);
  if (side !== 0) return arrowBeyond(at, y + 0.2 * pitch, side > 0 ? 'right' : 'left', 'aim');
  return ['path', { class: 'aim', d: `M${at} ${y + 0.06 * pitch}v${0.88 * pitch}`, 'data-id': `y/${j}` },
    ['title', {}, `target ${brief(now.y[j])}`]];
}
