// The cost against what is selected: its curve, the tangent where it is now, and kinks; on scales that stay in a drag.

import { short } from '../numbers.js';
import { heldAt, marksOf, scaleOf } from '../scale.js';
import { brokenLine, dotInPlot, lineWithin } from './drawn.js';

const VALUE_WIDTH = 70; // pixels of the cost in figures
const CURVE_SIDES = { left: 56, right: 20, up: 26, down: 40 };

export function curveView({ curve, frame, value, C, slope, names, size }) {
  const { width, height } = size;
  const [low, high] = frame.ranges[0];
  const [bottom, top] = frame.ranges[frame.ranges.length - 1];
  const across = scaleOf(low, high, CURVE_SIDES.left, width - CURVE_SIDES.right);
  const up = scaleOf(bottom, top, height - CURVE_SIDES.down, CURVE_SIDES.up);
  const drawn = curve.points.map(([x, y]) => [across.at(x), up.at(y)]);
  const named = placeOfValue(heldAt(across, value), heldAt(up, C), slope, size);
  const tangent = lineWithin(across, up, [value, C], slope, (high - low) / 4);
  const described = `${names.C} against ${names.id}; at ${short(value)} it is ${short(C)}, its slope ${short(slope)}`;
  return ['svg', { class: 'drawing', width, height, role: 'img', 'aria-label': described, 'data-id': frame.id },
    axes(across, up, size, names),
    curve.kinks.filter((each) => each > low && each < high).map((each) => kinkMark(across.at(each), height)),
    ['path', { class: 'curve', d: brokenLine(drawn, height) }],
    tangent === null ? null : ['path', { class: 'tangent', d: tangent }],
    dotInPlot(heldAt(across, value), up, C),
    ['text', { class: `value ${named.isBefore ? 'at-end' : 'at-start'}`, x: named.x, y: named.y }, short(C)]];
}

// while C is not computed
export function noCurveView(name, { width, height }) {
  const text = ['text', { class: 'name', x: width / 2, y: height / 2 }, `${name} = —`];
  return ['svg', { class: 'drawing', width, height, role: 'img', 'aria-label': `${name} is not computed yet` }, text];
}

function axes(across, up, { width, height }, names) {
  const foot = height - CURVE_SIDES.down;
  return ['g', { class: 'axes', 'aria-hidden': 'true' },
    ['text', { class: 'name', x: 12, y: 18, 'data-id': 'C' }, names.C],
    marksOf(across, width / 90).map((mark) => [
      ['path', { class: 'rule', d: `M${across.at(mark)} ${CURVE_SIDES.up}V${foot}` }],
      ['text', { class: 'mark', x: across.at(mark), y: foot + 16 }, short(mark)]]),
    marksOf(up, height / 60).map((mark) =>
      ['text', { class: 'mark side', x: CURVE_SIDES.left - 8, y: up.at(mark) + 4 }, short(mark)]),
    ['text', { class: 'name', x: width - CURVE_SIDES.right, y: height - 6, 'text-anchor': 'end' }, names.id]];
}

function kinkMark(x, height) {
  const foot = height - CURVE_SIDES.down;
  return ['path', { class: 'kink', d: `M${x} ${CURVE_SIDES.up}V${foot}` }, ['title', {}, 'a kink']];
}

// Where the cost is written: above a curve that falls to the right, below one that rises; where there is no room below, above
// it to the left.
function placeOfValue(x, y, slope, { width, height }) {
  const foot = height - CURVE_SIDES.down - 4;
  const isBefore = x > width - VALUE_WIDTH - 10 || (slope > 0 && y + 24 > foot && x > CURVE_SIDES.left + VALUE_WIDTH);
  const isBelow = slope > 0 !== isBefore && y + 24 <= foot;
  return { isBefore, x: isBefore ? x - 10 : x + 10, y: isBelow ? y + 24 : Math.max(y - 12, 14) };
}
