// The demon at what is selected: the cost against Δ, a slider for Δ below the curve, and between tangent and curve the miss.

import { kinksUpTo, signedShort } from '../demon.js';
import { writeId } from '../ids.js';
import { exact, short } from '../numbers.js';
import { marksOf, scaleOf } from '../scale.js';
import { brokenLine } from './drawn.js';

const DEMON_SIDES = { left: 60, right: 28, up: 10, down: 46 };
const DEMON_RAIL = 24; // pixels of the slider above the lower edge
const DEMON_HOLD = 22; // half of what a finger can hold
const DEMON_NARROW = 660; // pixels of a part below which its controls take two lines
const DEMON_TIGHT = 400; // and below which three

export function stripHeight(width) {
  if (width < DEMON_TIGHT) return 136;
  return width < DEMON_NARROW ? 104 : 64;
}

// change and texts: of demon.js; places: [{ id, name, isHere }]; curve: { values, C, kinks }; value: without Δ
export function demonView({ change, texts, places, curve, frame, value, rate, names, said, isDragged, size }) {
  const high = stripHeight(size.width);
  const drawing = { width: size.width, height: Math.max(80, size.height - high) };
  const remarks = [kinksText(change, curve, value), said];
  return ['div', { class: 'demon' },
    ['div', { class: 'strip' }, demonControls(change, places, rate, names),
      demonResults(change, texts, names, isDragged, remarks)],
    demonDrawing({ change, texts, curve, frame, value, names, size: drawing })];
}

function demonControls({ by }, places, rate, names) {
  return ['div', { class: 'controls' },
    ['span', { role: 'group', 'aria-label': 'what the demon moves' }, places.map((each) => ['button',
      { type: 'button', 'data-act': 'sit', 'data-at': each.id, 'aria-pressed': each.isHere ? 'true' : 'false',
        title: each.words }, each.name])],
    ['label', {}, 'Δ ', ['input', { type: 'text', inputmode: 'decimal', size: 8, 'data-act': 'by', value: exact(by),
      'aria-label': `Δ of ${names.id}` }]],
    ['button', { type: 'button', 'data-act': 'best' }, 'best Δ in range'],
    ['button', { type: 'button', 'data-act': 'downhill', title: `Δ = −η ∂${names.C}/∂${names.id}, η = ${short(rate)}` },
      `gradient step, η = ${short(rate)}`]];
}

function demonResults({ predicted, actual }, texts, names, isDragged, remarks) {
  const all = [predicted < 0 && actual > 0 ? 'overshot' : '', ...remarks].filter((each) => each !== '').join(', ');
  const results = [[`predicted ∂${names.C}/∂${names.id} · Δ`, 'predicted', texts.predicted],
    [`actual Δ${names.C}`, 'actual', texts.actual], ['miss', 'miss', texts.miss]];
  return ['div', { class: 'results', 'aria-live': isDragged ? 'off' : 'polite' },
    results.map(([words, kind, text]) => ['span', { class: kind }, `${words} `, ['b', {}, text]]),
    all === '' ? null : ['span', { class: 'remark' }, all]];
}

function kinksText({ by }, { kinks }, value) {
  const passed = kinksUpTo(kinks, value, by);
  return passed === 0 ? '' : passed === 1 ? 'over 1 kink' : `over ${passed} kinks`;
}

function demonDrawing({ change, texts, curve, frame, value, names, size }) {
  const { width, height } = size;
  const [low, high] = frame.ranges[0];
  const [bottom, top] = frame.ranges[frame.ranges.length - 1];
  const across = scaleOf(low - value, high - value, DEMON_SIDES.left, width - DEMON_SIDES.right);
  const up = scaleOf(bottom, top, height - DEMON_SIDES.down, DEMON_SIDES.up);
  const points = Array.from(curve.values, (each, place) => [across.at(each - value), up.at(curve.C[place])]);
  const described = `${names.C} against Δ of ${names.id}: predicted ${texts.predicted}, actual ${texts.actual}`;
  return ['svg', { class: 'drawing', width, height, role: 'group', 'aria-label': described, 'data-id': writeId(change.id) },
    demonAxes(across, up, size, names),
    curve.kinks.filter((each) => each > low && each < high).map((each) =>
      ['path', { class: 'kink', d: `M${across.at(each - value)} ${DEMON_SIDES.up}V${height - DEMON_SIDES.down}` },
        ['title', {}, `a kink at Δ ${signedShort(each - value)}`]]),
    ['path', { class: 'curve', d: brokenLine(points, height) }],
    predictionLine(across, up, change),
    missDrawing(across, up, change, texts, size),
    demonRail(across, change, texts, names, size)];
}

function demonAxes(across, up, { width, height }, names) {
  const foot = height - DEMON_SIDES.down;
  return ['g', { class: 'axes', 'aria-hidden': 'true' },
    ['text', { class: 'name', x: 12, y: 16, 'data-id': 'C' }, names.C],
    marksOf(across, width / 90).map((mark) => [
      ['path', { class: 'rule', d: `M${across.at(mark)} ${DEMON_SIDES.up}V${foot}` }],
      ['text', { class: 'mark', x: across.at(mark), y: height - 4 }, signedShort(mark)]]),
    marksOf(up, height / 50).map((mark) =>
      ['text', { class: 'mark side', x: DEMON_SIDES.left - 8, y: up.at(mark) + 4 }, short(mark)])];
}

// the tangent where Δ is 0, as far as it is within the scales: what it says at Δ is the prediction
function predictionLine(across, up, { before, slope }) {
  if (!Number.isFinite(slope) || !Number.isFinite(before)) return null;
  const ends = slope === 0 ? [across.low, across.high] : [(up.low - before) / slope, (up.high - before) / slope];
  const [from, to] = ends.map((each) => clampedTo(each, across.low, across.high));
  const at = (by) => `${across.at(by)} ${up.at(before + slope * by)}`;
  return ['path', { class: 'tangent', d: `M${at(from)}L${at(to)}` }];
}

// from where the tangent is at Δ to where the cost is; a ring and a spot, so that the two differ without colour
function missDrawing(across, up, { by, before, predicted, after }, texts, { width, height }) {
  const x = clampedTo(across.at(by), across.from, across.to);
  const clip = (y) => clampedTo(y, 8, height - DEMON_SIDES.down);
  const [said, happened] = [clip(up.at(before + predicted)), clip(up.at(after))];
  if (!Number.isFinite(said) || !Number.isFinite(happened)) return null;
  const isRight = x < width - 130;
  const beside = { x: isRight ? x + 12 : x - 12, 'text-anchor': isRight ? 'start' : 'end' };
  return ['g', { class: 'missed' },
    ['path', { class: 'gap', d: `M${x} ${said}V${happened}` }],
    ['circle', { class: 'said', cx: x, cy: said, r: 5 }],
    ['circle', { class: 'spot', cx: x, cy: happened, r: 6 }],
    Math.abs(said - happened) < 18 ? null : ['text', { class: 'miss', ...beside, y: (said + happened) / 2 + 4 },
      `miss ${texts.miss}`]];
}

function demonRail(across, { by, id }, texts, names, { height }) {
  const y = height - DEMON_RAIL;
  const x = clampedTo(across.at(by), across.from, across.to);
  return ['g', { class: 'demon-slider', role: 'slider', tabindex: 0, 'data-drag': 'demon', 'data-act': 'demon',
    'aria-label': `Δ of ${names.id}`, 'aria-valuemin': across.low, 'aria-valuemax': across.high, 'aria-valuenow': by,
    'aria-valuetext': `Δ ${exact(by)}: predicted ${texts.predicted}, actual ${texts.actual}, miss ${texts.miss}`,
    'data-id': writeId(id) },
  ['path', { class: 'axis', d: `M${across.from} ${y}H${across.to}` }],
  ['path', { class: 'moved', d: `M${across.at(0)} ${y}H${x}` }],
  ['circle', { class: 'reach', cx: x, cy: y, r: DEMON_HOLD }],
  ['circle', { class: 'grip', cx: x, cy: y, r: 10 }]];
}

function clampedTo(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

// the Δ that a pixel of the part stands for
export function byAtPixel(frame, value, width, pixel) {
  const [low, high] = frame.ranges[0];
  const scale = scaleOf(low - value, high - value, DEMON_SIDES.left, width - DEMON_SIDES.right);
  return { by: scale.back(clampedTo(pixel, scale.from, scale.to)), perPixel: (high - low) / (scale.to - scale.from) };
}
