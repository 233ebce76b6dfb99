// A row that a reader draws: ink in sixteen levels for each pixel of the input, and the target that they choose.

export const LEVELS = 15;
const BRUSH = 0.045; // the radius of a stroke as a part of the picture
const THINNEST = 0.75; // pixels
const SOFT = 0.5;

// True where the inputs are a picture and the targets classes.
export function canDraw({ pixels, classNames, net: { sizes } }) {
  return pixels !== null && (classNames !== null || sizes[sizes.length - 1] > 1);
}

export function ownTargets({ classNames, net: { sizes } }) {
  const outputs = sizes[sizes.length - 1];
  return classNames ?? Array.from({ length: outputs }, (_, j) => String(j));
}

export function ownRow(model, levels, target) {
  const { mean, scale, blank, full } = model.pixels;
  const pixel = (level) => blank + (level / LEVELS) * (full - blank);
  const x = Float64Array.from(levels, (level, k) => (pixel(level) - mean[k]) / scale[k]);
  const outputs = model.net.sizes[model.net.depth];
  const y = outputs === 1 ? Float64Array.of(target)
    : Float64Array.from({ length: outputs }, (_, j) => (j === target ? 1 : 0));
  return { number: 'drawn', x, y, levels, target };
}

export function blankRow(model, target) {
  return ownRow(model, new Uint8Array(model.net.sizes[0]), target);
}

// How dark each pixel of a row is, 0 … 1.
export function inkOf({ pixels: { mean, scale, blank, full } }, x) {
  return x.map((value, k) => Math.min(1, Math.max(0, (value * scale[k] + mean[k] - blank) / (full - blank))));
}

// Levels with a stroke from one place to another, both as [column, row] in pixels; `erases` takes ink away.
export function stroked(levels, columns, [from, to], erases = false) {
  const radius = Math.max(THINNEST, BRUSH * columns);
  return levels.map((level, place) => {
    const middle = [(place % columns) + 0.5, Math.floor(place / columns) + 0.5];
    const ink = Math.round(LEVELS * Math.min(1, Math.max(0, radius + SOFT - distanceToStroke(middle, from, to))));
    return erases ? Math.min(level, LEVELS - ink) : Math.max(level, ink);
  });
}

function distanceToStroke([x, y], [fromX, fromY], [toX, toY]) {
  const [dx, dy] = [toX - fromX, toY - fromY];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - fromX) * dx + (y - fromY) * dy) / length));
  return Math.hypot(fromX + along * dx - x, fromY + along * dy - y);
}

export function withInkTurned(levels, place) {
  return levels.map((level, each) => (each === place ? (level > LEVELS / 2 ? 0 : LEVELS) : level));
}

// For the address: the target, and a digit of sixteen for each pixel.
export function ownRowText({ levels, target }) {
  return `${target}:${Array.from(levels, (level) => level.toString(16)).join('')}`;
}

// The way back; null for what cannot be meant.
export function ownRowOf(model, text) {
  const found = /^(\d{1,4}):([0-9a-f]+)$/.exec(text);
  if (!canDraw(model) || found === null || found[2].length !== model.net.sizes[0]) return null;
  if (Number(found[1]) >= ownTargets(model).length) return null;
  return ownRow(model, Uint8Array.from(found[2], (digit) => parseInt(digit, 16)), Number(found[1]));
}
