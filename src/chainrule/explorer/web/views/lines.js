// Number lines below each other, from what is selected to the cost: a dot each, and a bracket from where it was before.

import { exact, short } from '../numbers.js';
import { heldAt, marksOf, scaleOf, sideOff } from '../scale.js';
import { arrowBeyond, changeText, widthOf } from './drawn.js';

const LINE_SIDES = { left: 66, right: 104 };
const NAME_GAP = 14; // pixels between a name and its line
const NAME_SIZE = 14; // of its letters
const NOTE_SIZE = 12;
const NOTE_GAP = 26;
const VALUE_GAP = 16; // and between a line and its value
const HIGHEST = 84; // pixels of a line
const HANDLE = 22; // half of what a finger can hold
const MARKS = 40; // pixels of a line from which on it has marks
const ABOVE_LINES = 4;
const ROOM_ABOVE = 64; // pixels of a line from which on a text has room above it
const BELOW = 24; // pixels that marks take below it

// lines: [{ id, name, words, value, before, range, own }], own a text above the line or ''
// drags: what dragging the first does, 'nudge', 'demon' to try it, or null
export function linesView({ lines, drags, size }) {
  const { width, height } = size;
  const step = Math.min(HIGHEST, (height - ABOVE_LINES) / lines.length);
  const longest = Math.max(...lines.map((line) => NAME_SIZE * widthOf(line.name)));
  const left = Math.max(LINE_SIDES.left, Math.ceil(longest) + NAME_GAP + 8);
  return ['svg', { class: 'drawing', width, height, role: 'group', 'aria-label': 'number lines' },
    lines.map((line, place) => {
      const y = ABOVE_LINES + step * place + (step < MARKS ? 0.62 * step : Math.min(0.62 * step, step - BELOW));
      const scale = scaleOf(line.range[0], line.range[1], left, width - LINE_SIDES.right);
      return ['g', { class: `line ${line.id.slice(0, 1)}`, 'data-id': line.id },
        axis(scale, y, step, line),
        bracket(scale, y, line),
        place === 0 && drags !== null ? handle(scale, y, line, drags) : spot(scale, y, line),
        ['text', { class: 'value', x: scale.to + VALUE_GAP, y: y + 7 }, short(line.value)]];
    })];
}

function axis(scale, y, step, line) {
  const marks = step < MARKS ? [] : marksOf(scale, (scale.to - scale.from) / 70);
  return ['g', { 'aria-hidden': 'true' },
    ['text', { class: 'name', x: scale.from - NAME_GAP, y: y + 5, 'text-anchor': 'end' }, line.name],
    ['path', { class: 'axis', d: `M${scale.from} ${y}H${scale.to}` }],
    ownNote(scale, y, step, line.own),
    marks.map((mark) => [
      ['path', { class: 'axis', d: `M${scale.at(mark)} ${y - 4}v8` }],
      ['text', { class: 'mark', x: scale.at(mark), y: y + 20 }, short(mark)]])];
}

// below the name where it is as short, else above the line
function ownNote(scale, y, step, own) {
  if (own === '' || step < ROOM_ABOVE) return null;
  const isShort = NOTE_SIZE * widthOf(own) < scale.from - NOTE_GAP;
  const place = isShort ? { class: 'note at-end', x: scale.from - NOTE_GAP, y: y + 20 }
    : { class: 'note at-start', x: scale.from, y: y - 26 };
  return ['text', place, own];
}

function bracket(scale, y, line) {
  const change = line.value - line.before;
  if (change === 0 || !Number.isFinite(change)) return null;
  const [from, to] = [heldAt(scale, line.before), heldAt(scale, line.value)];
  const sign = change > 0 ? 'positive' : 'negative';
  return ['g', { class: `bracket ${sign}` },
    ['path', { d: `M${from} ${y - 9}V${y - 16}H${to}V${y - 9}` }],
    ['text', { class: 'at-start', x: scale.to + VALUE_GAP, y: y - 8 }, changeText(change, short)]];
}

function spot(scale, y, line) {
  const side = sideOff(scale, line.value);
  if (side !== 0) return arrowBeyond(heldAt(scale, line.value), y, side > 0 ? 'right' : 'left', 'spot');
  return ['circle', { class: 'spot', cx: heldAt(scale, line.value), cy: y, r: 6 },
    ['title', {}, `${line.words}: ${short(line.value)}`]];
}

function handle(scale, y, line, drags) {
  const x = heldAt(scale, line.value);
  return ['g', { class: 'handle', role: 'slider', tabindex: 0, 'data-drag': 'line', 'data-act': drags,
    'data-from': scale.from, 'data-to': scale.to, 'aria-label': line.words,
    'aria-valuemin': line.range[0], 'aria-valuemax': line.range[1],
    'aria-valuenow': line.value, 'aria-valuetext': `${exact(line.value)}` },
  ['circle', { class: 'reach', cx: x, cy: y, r: HANDLE }],
  ['circle', { class: 'grip', cx: x, cy: y, r: 10 }]];
}
