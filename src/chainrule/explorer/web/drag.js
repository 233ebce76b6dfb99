// Dragging: from a press on an element with data-drag, through moves, to its end; also by touch and by pen, and by keys.

import { roundedTo, scaleOf } from './scale.js';

const STEPS_OF_A_RANGE = 100; // of an arrow key; with Shift ten times as many

// Where arrow keys take a value in a range; at its end the scales are fitted anew, so that it goes on.
export function steppedOn(store, rangeIn, value, steps, isFine) {
  const unitOf = ([low, high]) => (high - low) / STEPS_OF_A_RANGE / (isFine ? 10 : 1);
  const first = rangeIn(store.state.frame);
  if ((steps > 0 ? first[1] - value : value - first[0]) < unitOf(first) / 2) {
    store.set({ frame: null });
    store.flush();
  }
  const range = rangeIn(store.state.frame);
  const unit = unitOf(range);
  return roundedTo(Math.min(Math.max(value + steps * unit, range[0]), range[1]), unit / 10);
}

export function listenToDrags(root, { begin, move, end }) {
  let held = null;

  root.addEventListener('pointerdown', (event) => {
    const target = event.target.closest('[data-drag]');
    if (target === null || event.button !== 0 || held !== null) return;
    event.preventDefault(); // no text is selected
    held = { pointer: event.pointerId, name: target.dataset.drag, target };
    root.setPointerCapture(event.pointerId); // the element itself may be drawn anew
    target.focus({ preventScroll: true });
    begin(held.name, event);
  });
  root.addEventListener('pointermove', (event) => {
    if (held !== null && event.pointerId === held.pointer) move(held.name, event);
  });
  for (const kind of ['pointerup', 'pointercancel']) {
    root.addEventListener(kind, (event) => {
      if (held === null || event.pointerId !== held.pointer) return;
      const { name } = held;
      held = null;
      end(name);
    });
  }
}

// What a slider says at a pixel of the part that it is in, and how much a pixel is.
export function placeOnSlider(slider, pixel) {
  const [low, high] = ['aria-valuemin', 'aria-valuemax'].map((name) => Number(slider.getAttribute(name)));
  const scale = scaleOf(low, high, Number(slider.dataset.from), Number(slider.dataset.to));
  const within = Math.min(Math.max(pixel, scale.from), scale.to);
  return { value: scale.back(within), perPixel: (high - low) / (scale.to - scale.from) };
}
