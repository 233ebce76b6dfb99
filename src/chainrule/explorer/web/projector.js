// For a projector: one view at a time, in type of at least 20 pixels.

export const SCREEN_START = { view: '', tables: false };
export const VIEWS = ['network', 'lines', 'curve', 'formula'];
const LEAST_WIDTH = 480; // pixels that a drawing has, however large it is
const LARGER = 5 / 3; // the smallest letters of a drawing have 12 pixels

// the view behind one in the order of the keys, from the last to the first
function viewAfter(view, step) {
  return VIEWS[(VIEWS.indexOf(view) + step + VIEWS.length) % VIEWS.length];
}

// not on a phone, where a drawing needs all the pixels that there are
export function scaleFor({ view, sizes }) {
  return view === '' ? 1 : Math.min(LARGER, Math.max(1, (sizes[view]?.width ?? LEAST_WIDTH * LARGER) / LEAST_WIDTH));
}

export function isViewShown(state, part) {
  return state.view === '' || state.view === part;
}

// A view drawn for a smaller place, larger: pixels of its drawing are then so many of the page.
export function enlarged(draw, { width, height }, scale) {
  if (scale === 1) return draw({ width, height });
  return drawingsLarger(draw({ width: Math.floor(width / scale), height: Math.floor(height / scale) }), scale);
}

function drawingsLarger(view, scale) {
  if (!Array.isArray(view)) return view;
  if (view[0] !== 'svg') return view.map((each) => drawingsLarger(each, scale));
  const [tag, attributes, ...children] = view;
  const { width, height } = attributes;
  const larger = { width: width * scale, height: height * scale, viewBox: `0 0 ${width} ${height}` };
  return [tag, { ...attributes, ...larger }, ...children];
}

export function screenButtons({ view, tables }) {
  return [
    screenButton('tables', 't', 'numbers as tables', tables),
    screenButton('projector', 'p', 'one view at a time, in large type', view !== ''),
    screenButton('save', 's', 'take away a picture, the formula, the numbers, or a link'),
    screenButton('keys', '?', 'which keys there are'),
  ];
}

function screenButton(act, key, title, isOn = null) {
  const pressed = isOn === null ? null : isOn ? 'true' : 'false';
  const attributes = { class: 'small', 'data-act': act, title: `${title} (${key})`, 'aria-pressed': pressed };
  return ['button', { type: 'button', ...attributes }, act];
}

export function screenControl({ store }) {
  const projector = () => store.set({ view: store.state.view === '' ? VIEWS[0] : '' });
  const tables = () => store.set({ tables: !store.state.tables });
  const isOn = () => store.state.view !== '';
  const numbered = VIEWS.map((view, place) => [String(place + 1), () => isOn() && store.set({ view })]);
  return {
    presses: { projector, tables },
    letters: { p: projector, t: tables, ...Object.fromEntries(numbered) },
    // tables, else the projector; false where neither is there
    leave: () => {
      const { tables: areTables } = store.state;
      if (!areTables && !isOn()) return false;
      store.set(areTables ? { tables: false } : { view: '' });
      return true;
    },
    // to the view before or behind; false where all are shown at once
    turn: (step) => {
      if (isOn()) store.set({ view: viewAfter(store.state.view, step) });
      return isOn();
    },
  };
}
