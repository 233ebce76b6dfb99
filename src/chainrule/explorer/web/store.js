// The state of the page in one place: what changes is merged, and whoever listens is called once in a frame.

export function storeOf(first) {
  const listeners = [];
  let state = first;
  let shown = null;
  let waiting = false;

  function tell() {
    waiting = false;
    const before = shown;
    shown = state;
    for (const listener of listeners) listener(state, before);
  }

  return {
    get state() {
      return state;
    },
    set(changes) {
      state = { ...state, ...changes };
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(tell);
    },
    subscribe(listener) {
      listeners.push(listener);
    },
    // at once, for what has to be on the page before the next frame
    flush() {
      if (waiting || shown === null) tell();
    },
  };
}
