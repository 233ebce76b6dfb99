// What clicks and arrow keys do in grids of cells: each selects the quantity that a cell stands for, a pull its weight.

import { pullId } from './arrangement.js';
import { activationId, writeId } from './ids.js';
import { cellAt, cellBeside } from './views/cells.js';

const CELL_ARROWS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'];

export function cellActions({ model, store, select }) {
  function selectCell(grid, place) {
    const { arranged, id } = store.state;
    const prefix = grid.dataset.grid;
    select(prefix === 'pull/' ? pullId(arranged, model.net.depth, arranged.order[place], id) : `${prefix}${place}`);
  }

  return {
    // the id of the cell at an event, of a pull that of its neuron; null where there is none
    under(event) {
      const grid = event.target.closest('[data-grid]');
      const place = grid === null ? null : cellAt(grid, event);
      if (place === null) return null;
      if (grid.dataset.grid !== 'pull/') return `${grid.dataset.grid}${place}`;
      return writeId(activationId(model.net.depth - 1, store.state.arranged.order[place]));
    },
    // both true where what happened was meant for a cell
    clicked(event) {
      const grid = event.target.closest('[data-grid]');
      if (grid === null || grid.dataset.drag !== undefined) return false;
      const place = cellAt(grid, event);
      if (place !== null) selectCell(grid, place);
      return true;
    },
    pressed(event) {
      const grid = event.target.closest('[data-grid]');
      if (grid === null || !CELL_ARROWS.includes(event.key)) return false;
      event.preventDefault();
      selectCell(grid, placeAfter(grid, event.key));
      return true;
    },
  };
}

// Up and down through the pulls; to the sides the same pull, which then selects its other weight.
function placeAfter(grid, key) {
  const { grid: prefix, chosen } = grid.dataset;
  const isAcross = key === 'ArrowLeft' || key === 'ArrowRight';
  return prefix === 'pull/' && isAcross && chosen !== undefined ? Number(chosen) : cellBeside(grid, key);
}
