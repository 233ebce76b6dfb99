// Pieces that several views draw.

import { heldAt, sideOff } from '../scale.js';

const FAR = 10; // heights of a drawing beyond which a line is not followed

// a path through points of pixels; where a height is not finite, or far away, it breaks off
export function brokenLine(points, height) {
  let pen = 'M';
  let path = '';
  for (const [x, y] of points) {
    const isNear = Number.isFinite(y) && Math.abs(y) < FAR * height;
    if (isNear) path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = isNear ? 'L' : 'M';
  }
  return path;
}

// a path along the line through (x, y) with a slope, as far as it is within both scales and so near
export function lineWithin(across, up, [x, y], slope, reach = Infinity) {
  if (!Number.isFinite(slope) || !Number.isFinite(y)) return null;
  const ends = slope === 0 ? [across.low, across.high] : [up.low, up.high].map((each) => x + (each - y) / slope);
  const [low, high] = [Math.max(across.low, x - reach), Math.min(across.high, x + reach)];
  const [from, to] = ends.map((each) => Math.min(Math.max(each, low), high));
  const at = (each) => `${across.at(each)} ${up.at(y + slope * (each - x))}`;
  return from === to ? null : `M${at(from)}L${at(to)}`;
}

const WAYS = { right: [1, 0], left: [-1, 0], down: [0, 1], up: [0, -1] };

// an arrow at the end of a scale: what is meant is beyond it
export function arrowBeyond(x, y, way, look) {
  const [dx, dy] = WAYS[way];
  const at = (along, aside) => `${x + along * dx - aside * dy} ${y + along * dy + aside * dx}`;
  return ['path', { class: `beyond ${look}`, d: `M${at(4, 0)}L${at(-6, 7)}L${at(-6, -7)}Z` },
    ['title', {}, 'beyond this scale']];
}

// a dot at a height of a plot, or an arrow at its edge
export function dotInPlot(x, up, value, { look = 'spot', r = 6 } = {}) {
  const side = sideOff(up, value);
  if (side === 0) return ['circle', { class: look, cx: x, cy: up.at(value), r }];
  return arrowBeyond(x, heldAt(up, value), side > 0 ? 'up' : 'down', look);
}

// Δ +0.0123
export function changeText(change, show) {
  return `Δ ${change > 0 ? '+' : ''}${show(change)}`;
}

// Attributes of a button that does nothing now; it keeps the focus that it has.
export function disabledIf(isDisabled) {
  return { 'aria-disabled': isDisabled ? 'true' : null };
}

const NARROW_LETTERS = /[\sijltfrI.,:;|'!()[\]{}⁽⁾¹²³⁰-⁹₀-₉·]/u;
const WIDE_LETTERS = /[A-Zmw@%−+=×δσ∂…—]/u;
const SQUARE_LETTERS = /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFF00-\uFF60\u{1F000}-\u{1FAFF}]/u;

// about how wide a text is at most, in heights of its letters
export function widthOf(text) {
  return [...text].reduce((sum, each) => sum + widthOfLetter(each), 0);
}

function widthOfLetter(letter) {
  if (SQUARE_LETTERS.test(letter)) return 1.05;
  if (WIDE_LETTERS.test(letter)) return 0.85;
  return NARROW_LETTERS.test(letter) ? 0.46 : 0.66;
}

// a text, or as much of it as is so wide
export function cutTo(text, most) {
  if (widthOf(text) <= most) return text;
  const letters = [...text];
  while (letters.length > 0 && widthOf(`${letters.join('')}…`) > most) letters.pop();
  return `${letters.join('')}…`;
}
