// Dragging: from a press on an element with data-drag, through moves, to its end; also by touch and by pen.

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
