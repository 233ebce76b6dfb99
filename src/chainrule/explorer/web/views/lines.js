// Number lines below each other, from what is selected to the cost: a dot each, and a bracket from where it was before.

import { exact, short } from '../numbers.js';
import { marksOf, scaleOf } from '../scale.js';
import { changeText } from './drawn.js';

const LINE_SIDES = { left: 66, right: 98 };
const HIGHEST = 84; // pixels of a line
const HANDLE = 22; // half of what a finger can hold
const MARKS = 40; // pixels of a line from which on it has marks
const BELOW = 26; // pixels that marks take below it

// lines: [{ id, name, words, value, before, range, own }], own a text above the line or ''
// drags: what dragging the first does, 'nudge', 'demon' to try it, or null
export function linesView({ lines, drags, size }) {
  const { width, height } = size;
  const step = Math.min(HIGHEST, height / lines.length);
  return ['svg', { class: 'drawing', width, height, role: 'group', 'aria-label': 'number lines' },
    lines.map((line, place) => {
      const y = step * place + (step < MARKS ? 0.62 * step : Math.min(0.62 * step, step - BELOW));
      const scale = scaleOf(line.range[0], line.range[1], LINE_SIDES.left, width - LINE_SIDES.right);
      return ['g', { class: `line ${line.id.slice(0, 1)}`, 'data-id': line.id },
        axis(scale, y, step, line),
        bracket(scale, y, line),
        place === 0 && drags !== null ? handle(scale, y, line, drags) : spot(scale, y, line),
        ['text', { class: 'value', x: width - LINE_SIDES.right + 14, y: y + 5 }, short(line.value)]];
    })];
}

function axis(scale, y, step, line) {
  const marks = step < MARKS ? [] : marksOf(scale, (scale.to - scale.from) / 70);
  return ['g', { 'aria-hidden': 'true' },
    ['text', { class: 'name', x: LINE_SIDES.left - 14, y: y + 5, 'text-anchor': 'end' }, line.name],
    ['path', { class: 'axis', d: `M${scale.from} ${y}H${scale.to}` }],
    line.own === '' || step < MARKS ? null : ['text', { class: 'note start', x: scale.from, y: y - 30 }, line.own],
    marks.map((mark) => [
      ['path', { class: 'axis', d: `M${scale.at(mark)} ${y - 4}v8` }],
      ['text', { class: 'mark', x: scale.at(mark), y: y + 20 }, short(mark)]])];
}

function bracket(scale, y, line) {
  const change = line.value - line.before;
  if (change === 0 || !Number.isFinite(change)) return null;
  const [from, to] = [held(scale, line.before), held(scale, line.value)];
  const sign = change > 0 ? 'positive' : 'negative';
  return ['g', { class: `bracket ${sign}` },
    ['path', { d: `M${from} ${y - 9}V${y - 16}H${to}V${y - 9}` }],
    ['text', { x: Math.min(Math.max(from, to) + 6, scale.to - 40), y: y - 14 }, changeText(change, short)]];
}

function spot(scale, y, line) {
  return ['circle', { class: 'spot', cx: held(scale, line.value), cy: y, r: 6 },
    ['title', {}, `${line.words}: ${short(line.value)}`]];
}

function handle(scale, y, line, drags) {
  const x = held(scale, line.value);
  return ['g', { class: 'handle', role: 'slider', tabindex: 0, 'data-drag': 'line', 'data-act': drags,
    'aria-label': line.words, 'aria-valuemin': line.range[0], 'aria-valuemax': line.range[1],
    'aria-valuenow': line.value, 'aria-valuetext': `${exact(line.value)}` },
  ['circle', { class: 'reach', cx: x, cy: y, r: HANDLE }],
  ['circle', { class: 'grip', cx: x, cy: y, r: 10 }]];
}

// within the line, whose scale stays while something is dragged
function held(scale, value) {
  return Math.min(Math.max(scale.at(value), scale.from), scale.to);
}

// where a pixel of this drawing is on the line of what is dragged
export function valueAtPixel(range, width, pixel) {
  const scale = scaleOf(range[0], range[1], LINE_SIDES.left, width - LINE_SIDES.right);
  const within = Math.min(Math.max(pixel, scale.from), scale.to);
  return { value: scale.back(within), perPixel: (range[1] - range[0]) / (scale.to - scale.from) };
}
