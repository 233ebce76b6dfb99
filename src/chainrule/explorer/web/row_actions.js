// Which row is shown: by number, by how wrong the network is on it, or one that a reader draws.

import { REFITTED, rowsByCost } from './model.js';
import { blankRow, canDraw, ownRow, ownTargets, stroked, withInkTurned } from './own_row.js';
import { targetText } from './terms.js';
import { placeInGrid } from './views/cells.js';

export function rowActions({ root, model, store }) {
  let last = null; // where the stroke that is being drawn came to

  function draw(levels, more) {
    store.set({ own: ownRow(model, levels, store.state.own.target), moved: weightsOf(store.state.moved), ...more });
  }

  function strokeTo(event) {
    const picture = root.querySelector('[data-drag="paint"]');
    const there = placeInGrid(picture, event);
    const { columns } = picture.dataset;
    draw(stroked(store.state.own.levels, Number(columns), [last ?? there, there], event.shiftKey), { isDragged: true });
    last = there;
  }

  return {
    actions: {
      row: (value) => store.set({ ...REFITTED, row: Number(value), rank: null, own: null }),
      ownTarget: (value) => store.set({ ...REFITTED, own: ownRow(model, store.state.own.levels, Number(value)) }),
    },
    presses: {
      // the row of the largest cost, then the one after it
      worst: () => {
        const ranked = rowsByCost(model, store.state);
        const rank = store.state.rank === null ? 0 : (store.state.rank + 1) % ranked.length;
        store.set({ ...REFITTED, row: ranked[rank], rank, own: null });
      },
      draw: () => {
        const own = store.state.own === null ? blankRow(model, 0) : null;
        store.set({ ...REFITTED, own, moved: weightsOf(store.state.moved) });
      },
      clear: () => draw(new Uint8Array(model.net.sizes[0]), REFITTED),
    },
    paint: {
      begin: (event) => {
        last = null;
        strokeTo(event);
      },
      move: strokeTo,
      end: () => store.set({ ...REFITTED, isDragged: false }),
    },
    // true where Space was pressed on the picture that is drawn: its chosen pixel is turned
    pressed(event) {
      const picture = event.target.closest('[data-drag="paint"]');
      if (picture === null || event.key !== ' ') return false;
      event.preventDefault();
      draw(withInkTurned(store.state.own.levels, Number(picture.dataset.chosen ?? 0)), REFITTED);
      return true;
    },
  };
}

// Inputs that were moved belong to the row before.
function weightsOf(moved) {
  return new Map([...moved].filter(([id]) => 'wb'.includes(id[0])));
}

// For the head of the page.
export function rowChoiceView(model, { row, rank, own }) {
  if (own !== null) {
    return [
      chooser('drawn as ', 'ownTarget', own.target, ownTargets(model).map((each, place) => [place, each])),
      actButton('clear', 'clear'),
      actButton('draw', 'back to the rows'),
    ];
  }
  return [
    chooser('row ', 'row', row, model.rows.map((each) => [each.number, rowText(model, each)])),
    model.rows.length > 1 ? actButton('worst', rank === null ? 'most wrong' : 'next most wrong') : null,
    canDraw(model) ? actButton('draw', 'draw your own') : null,
  ];
}

// "12: setosa", as far as the target is known
function rowText(model, { number, y }) {
  const target = targetText(model, y);
  return target === null ? String(number) : `${number}: ${target}`;
}

function chooser(label, act, value, options) {
  return ['label', {}, label, ['select', { 'data-act': act, value: String(value) },
    options.map(([each, text]) => ['option', { value: String(each) }, text])]];
}

function actButton(act, text) {
  return ['button', { type: 'button', 'data-act': act }, text];
}
