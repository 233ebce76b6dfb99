// A stretch of numbers and the pixels that they lie on; its marks at round numbers.

const STEPS = [1, 2, 5, 10];

export function scaleOf(low, high, from, to) {
  const perUnit = (to - from) / (high - low);
  const at = (value) => from + (value - low) * perUnit;
  const back = (pixel) => low + (pixel - from) / perUnit;
  return { low, high, from, to, at, back };
}

const ROUNDED = 1e-9; // of a scale

// −1 where a value is beyond the lower end of a scale, 1 beyond the upper one, else 0
export function sideOff({ low, high }, value) {
  const room = ROUNDED * (high - low);
  return value < low - room ? -1 : value > high + room ? 1 : 0;
}

// the pixel of a value, of one that is beyond the scale that of its end
export function heldAt(scale, value) {
  const [first, last] = [Math.min(scale.from, scale.to), Math.max(scale.from, scale.to)];
  return Math.min(Math.max(scale.at(value), first), last);
}

// the numbers from low to high with some room around them, also where there is one number or none
export function rangeAround(values, room = 0.08) {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [-1, 1];
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const width = high - low;
  const least = 1e-9 * Math.max(Math.abs(low), Math.abs(high), 1e-290);
  const margin = width > least ? room * width : Math.max(0.5 * Math.abs(low), 1e-3);
  return [low - margin, high + margin];
}

// how far a quantity is moved at most: as far as a lecturer would, to both sides
export function reachOf(value) {
  return Math.max(2, 1.25 * Math.abs(value));
}

export function marksOf({ low, high }, most = 6) {
  const step = stepOf((high - low) / most);
  if (!(step > 0) || !Number.isFinite(step)) return [];
  const marks = marksAt(step, low, high, most);
  return marks.length > 1 || most < 2 ? marks : marksAt(finerOf(step), low, high, most); // one mark alone is no scale
}

function marksAt(step, low, high, most) {
  const marks = [];
  for (let place = Math.ceil(low / step); place * step <= high && marks.length <= 2 * most; place += 1) {
    marks.push(place === 0 ? 0 : Number((place * step).toPrecision(12)));
  }
  return marks;
}

function stepOf(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * STEPS.find((each) => each * power >= least * (1 - 1e-9));
}

// 2 of 5, and 5 of 10
function finerOf(step) {
  return stepOf(0.4 * step);
}

// a value that a pixel stands for, without digits that no pixel tells apart
export function roundedTo(value, perPixel) {
  const unit = 10 ** Math.floor(Math.log10(perPixel));
  return Number((Math.round(value / unit) * unit).toPrecision(12));
}
