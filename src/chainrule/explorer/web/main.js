// The page: its state, its views side by side, and what clicks, keys and drags do.

import { addressOf, stateOf, writeAddress } from './address.js';
import { listenToDrags } from './drag.js';
import { parseId, wordsOf, writeId } from './ids.js';
import {
  checkOf, chainFrom, conventionOf, curveOf, frameOf, isMovable, isSelectable, modelOf, readingOf, shownNeurons,
  slopeAt, valueAt, workerOf, worstRow,
} from './model.js';
import { neuronsOf } from './neurons.js';
import { exact, short } from './numbers.js';
import { patch } from './patch.js';
import { roundedTo } from './scale.js';
import { storeOf } from './store.js';
import { quantitySymbol, symbolOf, textOf } from './symbols.js';
import { curveView } from './views/curve.js';
import { formulaView } from './views/formula.js';
import { linesView, valueAtPixel } from './views/lines.js';
import { idAt, layoutOf, networkView } from './views/network.js';

const PARTS = ['network', 'lines', 'curve'];
const FINE = 100; // steps of an arrow key over the range of a line

function startPage(root) {
  const contents = JSON.parse(document.getElementById('contents').textContent);
  const model = modelOf(contents);
  const work = workerOf(model);
  const first = { id: model.start.id, row: model.start.row, convention: model.start.convention, theme: 'system' };
  const known = {
    isId: (text) => isSelected(idOrNull(text, 'wbzaxy')),
    isMovable: (text) => idOrNull(text, 'wbxy') !== null,
    rows: model.rows.map((row) => row.number),
    conventions: model.conventions.map((each) => each.name),
  };
  const readAddress = (address) => stateOf(address, known);
  const start = { ...first, moved: new Map(), before: null, frame: null, shown: null, isDragged: false, sizes: {} };
  const store = storeOf({ ...start, ...readAddress(location.hash) });
  const kept = { curve: null, check: null, layout: null, address: null };

  function isSelected(id) {
    return id !== null && isSelectable(model, id);
  }

  function idOrNull(text, kinds) {
    try {
      return parseId(text, model.shape, kinds);
    } catch {
      return null;
    }
  }

  // what is worked out for a state ------------------------------------------------------------------------------------
  function fitted(state, now, id) {
    const fits = state.frame !== null && state.frame.id === state.id;
    return fits ? state.frame : frameOf(model, now, id);
  }

  function shownWith(state, now, id) {
    const isShown = ({ layer, neuron }) => state.shown[layer].includes(neuron);
    return state.shown !== null && neuronsOf(id).every(isShown) ? state.shown : shownNeurons(model, now, id);
  }

  function curveFor(state, now, id, frame) {
    const others = [...state.moved].filter(([each]) => each !== state.id).join();
    const key = [state.row, state.id, others, frame];
    if (kept.curve === null || key.some((each, place) => each !== kept.curve.key[place])) {
      kept.curve = { key, found: curveOf(now, id, frame) };
    }
    return kept.curve.found;
  }

  function checkFor(state, now, id) {
    if (kept.check === null || kept.check.now !== now || kept.check.id !== state.id || kept.check.found === null) {
      kept.check = { now, id: state.id, found: checkOf(now, id, state.isDragged) };
    }
    return kept.check.found;
  }

  function layoutFor(shown, size) {
    const key = [shown, size];
    if (kept.layout === null || key.some((each, place) => each !== kept.layout.key[place])) {
      kept.layout = { key, found: layoutOf({ shape: model.shape, shown, picture: model.picture, size }) };
    }
    return kept.layout.found;
  }

  // drawing -----------------------------------------------------------------------------------------------------------
  function draw(state) {
    const id = parseId(state.id, model.shape);
    const now = work(state);
    const frame = fitted(state, now, id);
    const shown = shownWith(state, now, id);
    if (frame !== state.frame || shown !== state.shown) Object.assign(store.state, { frame, shown });
    const convention = conventionOf(model, state);
    const name = (each) => nameOf(convention, each);
    const words = (each) => wordsOf(each, convention);
    const seen = { state, id, now, frame, shown, convention, name, words };
    document.documentElement.className = state.theme === 'system' ? '' : state.theme;
    patch(root, [headView(seen), screenView(seen), footView()]);
    if (!state.isDragged) keepAddress(state);
  }

  function keepAddress(state) {
    const address = addressOf(state, first);
    if (address === kept.address) return;
    const isFirst = kept.address === null;
    kept.address = address;
    if (!isFirst || address !== '') writeAddress(address);
  }

  function headView({ state, now, id, convention, words }) {
    return ['header', { class: 'head' },
      ['h1', {}, model.title],
      ['label', {}, 'row ', ['select', { 'data-act': 'row', value: String(state.row) },
        model.rows.map((row) => ['option', { value: row.number }, String(row.number)])]],
      model.rows.length > 1 ? ['button', { type: 'button', 'data-act': 'worst' }, 'most wrong'] : null,
      ['span', { class: 'reading' }, readingOf(model, now, short)],
      ['output', { class: 'cost', 'aria-live': state.isDragged ? 'off' : 'polite' },
        `${convention.letter} ${short(now.C, 6)}`],
      ['span', { class: 'space' }],
      ['label', {}, 'convention ', ['select', { 'data-act': 'convention', value: state.convention },
        model.conventions.map((each) => ['option', { value: each.name }, each.name])]],
      ['button', { type: 'button', 'data-act': 'theme', 'aria-label': 'light or dark' }, '◐'],
      ['button', { type: 'button', 'data-act': 'reset', disabled: state.moved.size === 0 }, 'undo all'],
      setView(state, now, id, words)];
  }

  function setView(state, now, id, words) {
    if (!isMovable(id)) return ['span', { class: 'set' }, words(id)];
    return ['label', { class: 'set' }, `${words(id)} `,
      ['input', { type: 'text', inputmode: 'decimal', 'data-act': 'set', size: 12, value: exact(valueAt(now, id)) }]];
  }

  function screenView(seen) {
    const { state } = seen;
    const drawn = (part, view) => ['section', { class: part, 'data-part': part, 'aria-label': part },
      state.sizes[part] === undefined ? null : view(state.sizes[part])];
    return ['main', { class: 'screen' },
      drawn('network', (size) => networkPart(seen, size)),
      drawn('lines', (size) => linesPart(seen, size)),
      drawn('curve', (size) => curvePart(seen, size)),
      ['section', { class: 'formula', 'aria-label': 'formula' }, formulaPart(seen)]];
  }

  function networkPart({ id, now, shown, name, words }, size) {
    return networkView({ layout: layoutFor(shown, size), now, selected: id, model, size, name, words });
  }

  function linesPart({ state, id, now, frame, name, words }, size) {
    const lines = chainFrom(model, id).map((each, place) => {
      const value = valueAt(now, each);
      const before = state.before?.id === state.id ? state.before.values[place] : value;
      return { id: writeId(each), name: name(each), words: words(each), value, before, range: frame.ranges[place] };
    });
    return linesView({ lines, isMovable: isMovable(id), size });
  }

  function curvePart({ state, id, now, frame, name }, size) {
    return curveView({
      curve: curveFor(state, now, id, frame), frame, value: valueAt(now, id), C: now.C, slope: slopeAt(now, id),
      names: { id: name(id), C: name({ kind: 'C' }) }, size,
    });
  }

  function formulaPart({ state, id, now, convention }) {
    const at = { net: now.net, cost: model.cost, pass: now.pass, back: now.back };
    return formulaView(at, id, convention, checkFor(state, now, id));
  }

  function footView() {
    return ['footer', { class: 'foot' },
      'Drag the dot of the first number line, or press an arrow key on it; click an edge or a neuron to select it; ',
      '0 fits the scales.',
      model.isFloat32 ? ' This float32 network is computed here in float64.' : ''];
  }

  function nameOf(convention, id) {
    const isGiven = id.kind === 'x' || id.kind === 'y';
    return textOf(isGiven ? symbolOf(convention, id) : quantitySymbol(convention, model.shape, id));
  }

  // what is done ------------------------------------------------------------------------------------------------------
  function select(text) {
    if (text === null || !known.isId(text) || text === store.state.id) return;
    store.set({ id: text, frame: null, before: null });
  }

  // before the first change: where everything on the way was
  function remember() {
    const { state } = store;
    if (state.before !== null && state.before.id === state.id) return;
    const now = work(state);
    const chain = chainFrom(model, parseId(state.id, model.shape));
    store.set({ before: { id: state.id, values: chain.map((each) => valueAt(now, each)) } });
  }

  function setValue(value) {
    if (!Number.isFinite(value)) return;
    remember();
    const movedTo = new Map(store.state.moved);
    movedTo.set(store.state.id, value);
    store.set({ moved: movedTo });
  }

  function fit() {
    store.set({ frame: null, before: null, shown: null });
  }

  const actions = {
    row: (value) => store.set({ row: Number(value), frame: null, before: null, shown: null }),
    convention: (value) => store.set({ convention: value }),
    set: (value) => {
      const given = value.trim().replace('−', '-');
      if (given === '') return;
      setValue(Number(given));
      if (isOutside(store.state.frame, Number(given))) store.set({ frame: null });
    },
  };
  const presses = {
    worst: () => actions.row(worstRow(model, store.state)),
    theme: () => store.set({ theme: nextTheme(store.state.theme) }),
    reset: () => store.set({ moved: new Map(), frame: null, before: null }),
  };

  function isOutside(frame, value) {
    return frame !== null && (value < frame.ranges[0][0] || value > frame.ranges[0][1]);
  }

  function nextTheme(theme) {
    const isDark = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
    return isDark ? 'light' : 'dark';
  }

  function pixelIn(element, event) {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  root.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-act]');
    if (button !== null) {
      presses[button.dataset.act]();
      return;
    }
    const picture = event.target.closest('[data-act="pick"]');
    if (picture !== null) {
      const found = kept.layout === null ? null : idAt(kept.layout.found, ...pixelIn(picture, event));
      if (found !== null) select(writeId(found));
      return;
    }
    select(event.target.closest('[data-id]')?.dataset.id ?? null);
  });

  root.addEventListener('change', (event) => {
    const { act } = event.target.dataset;
    if (Object.hasOwn(actions, act)) actions[act](event.target.value);
  });

  root.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const slider = event.target.closest('[role="slider"]');
    if (slider !== null && nudged(event)) return;
    const button = event.target.closest('[role="button"][data-id]');
    if (button !== null && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      select(button.dataset.id);
    }
    if (event.key === '0' && !['INPUT', 'SELECT'].includes(event.target.tagName)) fit();
  });

  // an arrow key on the dot of a number line
  function nudged(event) {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 10, PageDown: -10 }[event.key];
    if (step === undefined) return false;
    event.preventDefault();
    const [low, high] = store.state.frame.ranges[0];
    const unit = (high - low) / FINE / (event.shiftKey ? 10 : 1);
    const value = valueAt(work(store.state), parseId(store.state.id, model.shape)) + step * unit;
    setValue(roundedTo(Math.min(Math.max(value, low), high), unit / 10));
    return true;
  }

  listenToDrags(root, {
    begin: () => {
      store.set({ before: null, isDragged: true });
      remember();
    },
    move: (_, event) => {
      const section = root.querySelector('[data-part="lines"]');
      const { frame, sizes } = store.state;
      const { value, perPixel } = valueAtPixel(frame.ranges[0], sizes.lines.width, pixelIn(section, event)[0]);
      setValue(roundedTo(value, perPixel));
    },
    end: () => store.set({ isDragged: false }),
  });

  addEventListener('hashchange', () => {
    if (location.hash.slice(1) === kept.address) return;
    store.set({ ...first, moved: new Map(), ...readAddress(location.hash), frame: null, before: null, shown: null });
  });

  // beginning ---------------------------------------------------------------------------------------------------------
  store.subscribe(draw);
  store.flush();
  const observer = new ResizeObserver((entries) => {
    const sizes = { ...store.state.sizes };
    for (const { target, contentRect } of entries) {
      sizes[target.dataset.part] = { width: Math.floor(contentRect.width), height: Math.floor(contentRect.height) };
    }
    store.set({ sizes });
  });
  for (const part of PARTS) observer.observe(root.querySelector(`[data-part="${part}"]`));
}

function sayFault(root, error) {
  patch(root, [['p', { class: 'fault' }, `This page cannot be shown in this browser: ${error.message}`]]);
  throw error; // for the browser's console
}

const page = document.getElementById('app');
try {
  patch(page, []); // without the sentence for browsers that run no modules
  startPage(page);
} catch (error) {
  sayFault(page, error);
}
