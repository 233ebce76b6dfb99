// Numbers as the cells of a picture, the deeper the larger: an input, weights into a neuron, a layer of many neurons.

const CELL_SHADES = 15;
const MARKED_CELL = 6; // pixels from which on a negative cell is marked by a stroke

// A grid of so many cells, as large as fits a box; in so many columns where they are a picture.
export function gridIn(count, box, columns = null) {
  const most = columns === null ? Math.min(count, Math.floor(box.width)) : columns;
  const grids = (columns === null ? Array.from({ length: most }, (_, place) => place + 1) : [columns]).map((wide) => {
    const rows = Math.ceil(count / wide);
    return { count, rows, columns: wide, cell: Math.min(box.width / wide, box.height / rows) };
  });
  const best = grids.reduce((one, next) => (next.cell > one.cell ? next : one));
  const cell = best.cell >= 2 ? Math.floor(best.cell) : best.cell;
  return { ...best, cell, x: box.x, y: box.y, width: cell * best.columns, height: cell * best.rows };
}

// values: −1 … 1, blue and orange; as `ink` in the colour of text. `prefix` and the place of a cell are its id.
export function cellsView({ grid, values, ink = false, prefix, label, chosen = null, drag = null }) {
  const shades = new Map();
  const negative = [];
  values.forEach((value, place) => {
    const shade = Math.round(CELL_SHADES * Math.max(-1, Math.min(1, value)));
    if (shade === 0 || Number.isNaN(shade)) return;
    shades.set(shade, (shades.get(shade) ?? '') + cellPath(grid, place));
    if (shade < 0 && grid.cell >= MARKED_CELL) negative.push(minusPath(grid, place));
  });
  const sign = (shade) => (ink ? 'ink' : shade > 0 ? 'positive' : 'negative');
  const { x, y, width, height } = grid;
  return ['g', { class: 'cells' },
    ['rect', { class: 'frame', x: x - 0.5, y: y - 0.5, width: width + 1, height: height + 1 }],
    [...shades].sort(([one], [next]) => one - next).map(([shade, d]) =>
      ['path', { class: `cell ${sign(shade)}`, d, 'fill-opacity': (Math.abs(shade) / CELL_SHADES).toFixed(3) }]),
    negative.length === 0 ? null : ['path', { class: 'minus', d: negative.join('') }],
    chosen === null ? null : ['path', { class: 'chosen', d: cellPath(grid, chosen) }],
    ['rect', { class: 'reach', x, y, width, height, role: 'group', tabindex: 0, 'aria-label': label,
      'data-grid': prefix, 'data-rows': grid.rows, 'data-columns': grid.columns, 'data-count': grid.count,
      'data-chosen': chosen, 'data-drag': drag }, ['title', {}, label]]];
}

function cellPath({ x, y, cell, columns }, place) {
  const [left, top] = [x + (place % columns) * cell, y + Math.floor(place / columns) * cell];
  return `M${rounded(left)} ${rounded(top)}h${rounded(cell)}v${rounded(cell)}h${rounded(-cell)}z`;
}

function minusPath({ x, y, cell, columns }, place) {
  const [left, top] = [x + (place % columns) * cell, y + Math.floor(place / columns) * cell];
  return `M${rounded(left + cell / 4)} ${rounded(top + cell / 2)}h${rounded(cell / 2)}`;
}

function rounded(pixels) {
  return Math.round(100 * pixels) / 100;
}

// Where an event is in a grid, as [column, row] in cells.
export function placeInGrid(element, event) {
  const box = element.getBoundingClientRect();
  const { columns, rows } = element.dataset;
  const [across, down] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  return [across * Number(columns), down * Number(rows)];
}

// The cell that an event is in, or null beyond the last one.
export function cellAt(element, event) {
  const [column, row] = placeInGrid(element, event).map(Math.floor);
  const { columns, rows, count } = element.dataset;
  const inside = Math.min(Math.max(row, 0), rows - 1) * columns + Math.min(Math.max(column, 0), columns - 1);
  return inside < Number(count) ? inside : null;
}

// The cell beside the chosen one in the direction of an arrow key; the first one where none is chosen.
export function cellBeside(element, key) {
  const { columns, count, chosen } = element.dataset;
  if (chosen === undefined) return 0;
  const [here, wide] = [Number(chosen), Number(columns)];
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide }[key];
  const isAcross = key === 'ArrowLeft' || key === 'ArrowRight';
  const there = here + step;
  const isInRow = Math.floor(there / wide) === Math.floor(here / wide);
  return there < 0 || there >= Number(count) || (isAcross && !isInRow) ? here : there;
}
