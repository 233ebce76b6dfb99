// The demon at what is selected: the cost against Δ, a slider for Δ below the curve, and between tangent and curve the miss.

import { kinksUpTo, signedShort } from '../demon.js';
import { writeId } from '../ids.js';
import { exact, short } from '../numbers.js';
import { heldAt, marksOf, scaleOf, sideOff } from '../scale.js';
import { brokenLine, dotInPlot, lineWithin } from './drawn.js';

const DEMON_SIDES = { left: 60, right: 28, up: 10, down: 46 };
const DEMON_RAIL = 24; // pixels of the slider above the lower edge
const BELOW_NAME = 28; // pixels from the upper edge, where C stands
const DEMON_HOLD = 22; // half of what a finger can hold
const DEMON_NARROW = 660; // pixels of a part below which its controls take two lines
const DEMON_TIGHT = 400; // and below which three

export function stripHeight(width) {
  if (width < DEMON_TIGHT) return 136;
  return width < DEMON_NARROW ? 104 : 64;
}

// change and texts: of demon.js; places: [{ id, name, isHere }]; curve: of model.js; value: without Δ
export function demonView({ change, texts, places, curve, frame, value, rate, remark, names, said, isDragged, size }) {
  const high = stripHeight(size.width);
  const drawing = { width: size.width, height: Math.max(80, size.height - high) };
  const isOvershot = remark === null && change.predicted < 0 && change.actual > 0;
  const remarks = [remark?.text ?? '', isOvershot ? 'overshot' : '', kinksText(change, curve, value), said];
  return ['div', { class: 'demon' },
    ['div', { class: 'strip' }, demonControls(change, places, rate, names),
      demonResults(texts, names, isDragged, remarks, remark?.why)],
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

function demonResults(texts, names, isDragged, remarks, why) {
  const all = remarks.filter((each) => each !== '').join(', ');
  const results = [[`predicted ∂${names.C}/∂${names.id} · Δ`, 'predicted', texts.predicted],
    [`actual Δ${names.C}`, 'actual', texts.actual], ['miss', 'miss', texts.miss]];
  return ['div', { class: 'results', 'aria-live': isDragged ? 'off' : 'polite' },
    results.map(([words, kind, text]) => ['span', { class: kind }, `${words} `, ['b', {}, text]]),
    all === '' ? null : ['span', { class: 'remark', title: why }, all]];
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
  const points = curve.points.map(([each, C]) => [across.at(each - value), up.at(C)]);
  const prediction = lineWithin(across, up, [0, change.before], change.slope);
  const described = `${names.C} against Δ of ${names.id}: predicted ${texts.predicted}, actual ${texts.actual}`;
  return ['svg', { class: 'drawing', width, height, role: 'group', 'aria-label': described, 'data-id': writeId(change.id) },
    demonAxes(across, up, size, names),
    curve.kinks.filter((each) => each > low && each < high).map((each) =>
      ['path', { class: 'kink', d: `M${across.at(each - value)} ${DEMON_SIDES.up}V${height - DEMON_SIDES.down}` },
        ['title', {}, `a kink at Δ ${signedShort(each - value)}`]]),
    ['path', { class: 'curve', d: brokenLine(points, height) }],
    prediction === null ? null : ['path', { class: 'tangent', d: prediction }],
    missDrawing(across, up, change, texts, { ...size, letter: names.C }),
    demonRail(across, change, texts, names, size)];
}

function demonAxes(across, up, { width, height }, names) {
  const foot = height - DEMON_SIDES.down;
  return ['g', { class: 'axes', 'aria-hidden': 'true' },
    ['text', { class: 'name', x: 12, y: 16, 'data-id': 'C' }, names.C],
    marksOf(across, width / 90).map((mark) => [
      ['path', { class: 'rule', d: `M${across.at(mark)} ${DEMON_SIDES.up}V${foot}` }],
      ['text', { class: 'mark', x: across.at(mark), y: height - 4 }, signedShort(mark)]]),
    marksOf(up, height / 50).filter((mark) => up.at(mark) > BELOW_NAME).map((mark) =>
      ['text', { class: 'mark side', x: DEMON_SIDES.left - 8, y: up.at(mark) + 4 }, short(mark)])];
}

// from where the tangent is at Δ to where the cost is; a ring and a spot, so that the two differ without colour
function missDrawing(across, up, { by, before, predicted, after }, texts, { width, letter }) {
  const x = heldAt(across, by);
  const ends = [before + predicted, after];
  const [said, happened] = ends.map((each) => heldAt(up, each));
  if (!Number.isFinite(said) || !Number.isFinite(happened)) return null;
  const isRight = x < width - 130;
  const beside = { class: `miss at-${isRight ? 'start' : 'end'}`, x: isRight ? x + 12 : x - 12 };
  const level = (value, y) => (sideOff(up, value) === 0 ? null
    : ['text', { ...beside, y: y + 5 }, `${letter} ${short(value)}`]);
  return ['g', { class: 'missed' },
    ['path', { class: 'gap', d: `M${x} ${said}V${happened}` }],
    dotInPlot(x, up, ends[0], { look: 'said', r: 5 }),
    dotInPlot(x, up, after),
    level(ends[0], said),
    level(after, happened),
    Math.abs(said - happened) < 18 ? null : ['text', { ...beside, y: (said + happened) / 2 + 4 },
      `miss ${texts.miss}`]];
}

function demonRail(across, { by, id }, texts, names, { height }) {
  const y = height - DEMON_RAIL;
  const x = heldAt(across, by);
  return ['g', { class: 'demon-slider', role: 'slider', tabindex: 0, 'data-drag': 'demon', 'data-act': 'demon',
    'aria-label': `Δ of ${names.id}`, 'aria-valuemin': across.low, 'aria-valuemax': across.high, 'aria-valuenow': by,
    'aria-valuetext': `Δ ${exact(by)}: predicted ${texts.predicted}, actual ${texts.actual}, miss ${texts.miss}`,
    'data-from': across.from, 'data-to': across.to, 'data-id': writeId(id) },
  ['path', { class: 'axis', d: `M${across.from} ${y}H${across.to}` }],
  ['path', { class: 'moved', d: `M${across.at(0)} ${y}H${x}` }],
  ['circle', { class: 'reach', cx: x, cy: y, r: DEMON_HOLD }],
  ['circle', { class: 'grip', cx: x, cy: y, r: 10 }]];
}
