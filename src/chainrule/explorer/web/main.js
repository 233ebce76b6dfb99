// The page: its state, its views side by side, and what clicks, keys and drags do.

import { addressOf, readersOf, stateOf, writeAddress } from './address.js';
import { arrangementOf, isLarge, withScales } from './arrangement.js';
import { cellActions } from './cell_actions.js';
import { COST_START, costControl, costView, costWritten } from './cost_choice.js';
import { needsDemon } from './demon.js';
import { dashed, withDashes } from './dashes.js';
import { DEMON_START, afterTrial, demonControl, demonPart, isDemonThere, trialOf } from './demon_control.js';
import { listenToDrags, placeOnSlider, steppedOn } from './drag.js';
import { parseId, wordsOf, writeId } from './ids.js';
import { focusKeeper } from './focus.js';
import { listenToKeys } from './keys.js';
import { lightUp } from './lit.js';
import {
  checkOf, chainFrom, conventionOf, curveOf, faultOfId, frameOf, isMovable, isOnScales, modelOf, shownNeurons, REFITTED,
  slopeAt, valueAt, workerOf,
} from './model.js';
import { neuronsOf } from './neurons.js';
import { exact, short } from './numbers.js';
import { OVERLAY_START, overlayControl } from './overlay.js';
import { hiderOf, isKnown, stepsUntilSlope } from './passes.js';
import { patch } from './patch.js';
import { SCREEN_START, VIEWS, enlarged, isViewShown, scaleFor, screenButtons, screenControl } from './projector.js';
import { rowActions, rowChoiceView } from './row_actions.js';
import { readNumber } from './replies.js';
import { roundedTo } from './scale.js';
import { storeOf } from './store.js';
import { quantitySymbol, symbolOf, textOf } from './symbols.js';
import { linesAsDrawing } from './takeaway.js';
import { ownName, ownText, readingOf, unscaledText } from './terms.js';
import { weightsOverTime } from './timeline.js';
import { firstOfTraining, trainingControl, trainingInAddress, trainingReaders, trainingView } from './training.js';
import { curveView, noCurveView } from './views/curve.js';
import { disabledIf } from './views/drawn.js';
import { conventionOptions, doubtsView } from './views/doubts.js';
import { formulaLatex, formulaText, formulaView } from './views/formula.js';
import { largeView } from './views/large.js';
import { linesView } from './views/lines.js';
import { curveOrDemonTable, linesTable, networkTable, tableView } from './views/table.js';
import { idAt, layoutOf } from './views/layout.js';
import { networkView } from './views/network.js';

const PARTS = ['network', 'lines', 'curve'];
const HINT = 'Drag the dot of the first number line, or press an arrow key on it; click an edge or a neuron to select it; '
  + '? lists the keys.';
const STEPPING_HINT = 'A number that is not computed yet is “—”: ▶ computes the next ones, ▶| or } all of them.';

function startPage(root) {
  const contents = JSON.parse(document.getElementById('contents').textContent);
  const model = modelOf(contents);
  const work = workerOf(model, weightsOverTime(model));
  const hide = hiderOf(model.net.depth);
  const first = { id: model.start.id, row: model.start.row, convention: model.start.convention, theme: 'system',
    cost: model.costs[0].name, ...COST_START, ...DEMON_START, ...SCREEN_START, ...firstOfTraining(model) };
  const readers = { ...readersOf(model, first, VIEWS), ...trainingReaders(model, first) };
  const readAddress = (address) => stateOf(address, readers);
  const start = { ...first, ...REFITTED, moved: new Map(), own: null, rank: null, isDragged: false, sizes: {},
    ...OVERLAY_START };
  const store = storeOf({ ...start, ...readAddress(location.hash) });
  const kept = { curve: null, check: null, layout: null, address: null };

  function isId(text) {
    return faultOfId(model, text) === null;
  }

  // what is worked out for a state ------------------------------------------------------------------------------------
  function fitted(state, now, id) {
    const { frame } = state;
    const before = state.before?.id === state.id ? state.before.values : [];
    const isOfThis = frame !== null && frame.id === state.id;
    const values = () => chainFrom(model, id).map((each) => valueAt(now, each));
    const fits = isOfThis && (state.isDragged || isOnScales(frame, values()));
    return fits ? frame : frameOf(model, now, id, state.change, before);
  }

  function shownWith(state, now, id) {
    const isShown = ({ layer, neuron }) => state.shown[layer].includes(neuron);
    return state.shown !== null && neuronsOf(id).every(isShown) ? state.shown : shownNeurons(model, now, id);
  }

  function arrangedWith(state, now, trial) {
    if (!isLarge(model) || (state.arranged !== null && state.isDragged)) return state.arranged;
    return withScales(state.arranged ?? arrangementOf(now, state.cost), afterTrial(now, trial));
  }

  function curveFor(state, now, id, frame) {
    const others = [...state.moved].filter(([each]) => each !== state.id).join();
    const key = [now.weights, state.row, state.own, state.cost, state.id, others, frame];
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
    const key = [shown, size.width, size.height];
    if (kept.layout === null || key.some((each, place) => each !== kept.layout.key[place])) {
      const { shape, inputNames, classNames } = model;
      kept.layout = { key, found: layoutOf({ shape, shown, size, inputNames, classNames }) };
    }
    return kept.layout.found;
  }

  // everything that views need
  function seenIn(state) {
    const id = parseId(state.id, model.shape);
    const now = work(state);
    const convention = conventionOf(model, state);
    const name = (each) => nameOf(convention, each);
    const words = (each) => [wordsOf(each, convention), ownName(model, each) ?? []].flat().join(', ');
    const slopeIsKnown = isKnown(state.step, stepsUntilSlope(id, model.net.depth));
    const trial = slopeIsKnown ? trialOf(state, now, id) : null;
    const [frame, shown, arranged] = [fitted(state, now, id), shownWith(state, now, id), arrangedWith(state, now, trial)];
    const fits = { frame, shown, arranged };
    return { state, id, now: hide(now, state.step), all: now, slopeIsKnown, ...fits, convention, name, words, trial };
  }

  // drawing -----------------------------------------------------------------------------------------------------------
  function draw(state) {
    const seen = seenIn(state);
    const { frame, shown, arranged } = seen;
    Object.assign(store.state, { frame, shown, arranged });
    const theme = state.theme === 'system' ? '' : state.theme;
    document.documentElement.className = state.view === '' ? theme : `projector ${theme}`;
    focus.during(() => patch(root, [headView(seen), screenView(seen), footView(seen), overlay.view(seen)]));
    overlay.follow(state);
    lights.again();
    if (!state.isDragged) keepAddress(state);
  }

  function keepAddress(state) {
    const address = addressOf(state, first, trainingInAddress(state, first));
    if (address === kept.address) return;
    const isFirst = kept.address === null;
    kept.address = address;
    if (!isFirst || address !== '') writeAddress(address);
  }

  function headView({ state, now, id, convention, words, trial }) {
    return ['header', { class: 'head' },
      ['h1', {}, model.title],
      rowChoiceView(model, state),
      ['span', { class: 'reading' }, readingOf(model, now)],
      ['output', { class: 'cost', 'data-id': 'C', title: dashed(exact(now.C)),
        'aria-live': state.isDragged ? 'off' : 'polite' },
        dashed(`${convention.letter} ${short(now.C, 6)}`)],
      ['span', { class: 'space' }],
      ['label', {}, 'convention ', ['select', { 'data-act': 'convention', value: state.convention },
        conventionOptions(model)]],
      costView(model, state),
      ['div', { class: 'second' }, setView(state, now, id, words),
        trial === null ? null : ['span', { class: 'tried' }, `as tried: ${convention.letter} ${short(trial.after, 6)}`],
        ['span', { class: 'space' }],
        ['button', { type: 'button', class: 'small', 'data-act': 'reset', ...disabledIf(isUnmoved(state)) }, 'undo all'],
        screenButtons(state),
        ['button', { type: 'button', class: 'small', 'data-act': 'theme', 'aria-label': 'light or dark' }, '◐']],
      doubtsView(state)];
  }

  function isUnmoved({ moved, change, past }) {
    return moved.size === 0 && change === 0 && past.length === 0;
  }

  function setView(state, now, id, words) {
    if (!isMovable(id)) return ['span', { class: 'set' }, words(id)];
    const unscaled = unscaledText(model, id, valueAt(now, id));
    const unread = state.unread?.id === state.id ? state.unread.text : null;
    return ['label', { class: 'set' }, `${words(id)} `,
      ['input', { type: 'text', inputmode: 'decimal', 'data-act': 'set', size: 12, value: exact(valueAt(now, id)),
        'aria-invalid': unread === null ? null : 'true' }],
      unread === null ? null : ['span', { class: 'unread', role: 'alert' },
        ` “${unread}” is not a number: write one as 0.5, −2 or 1/3`],
      unscaled === null ? null : ['span', { class: 'unscaled' }, ` ${unscaled} before scaling`]];
  }

  function screenView(seen) {
    const { state } = seen;
    const drawn = (part, view) => ['section', { class: part, 'data-part': part, 'aria-label': part },
      state.sizes[part] === undefined || !isViewShown(state, part) ? null
        : shownAs(state.tables ? tableFor(part, seen) : enlarged(view, state.sizes[part], scaleFor(state)), state)];
    return ['main', { class: 'screen', tabindex: -1, 'data-view': state.view === '' ? null : state.view },
      drawn('network', (size) => networkPart(seen, size)),
      drawn('lines', (size) => linesPart(seen, size)),
      drawn('curve', (size) => curvePart(seen, size)),
      ['section', { class: 'formula', 'aria-label': 'formula' }, shownAs(formulaPart(seen), state)]];
  }

  // while a pass is stepped through
  function shownAs(view, { step }) {
    return step === null ? view : withDashes(view);
  }

  function tableFor(part, seen) {
    if (part === 'network') return tableView(networkTable(seen, model));
    if (part === 'lines') return tableView(linesTable(linesOf(seen)));
    return tableView(curveOrDemonTable(seen, () => curveFor(seen.state, seen.all, seen.id, seen.frame)));
  }

  function networkPart(seen, size) {
    const { id, shown, arranged, name, words, trial } = seen;
    const now = afterTrial(seen.now, trial);
    if (arranged !== null) return largeView({ ...seen, now, model, selected: id, size });
    return networkView({ layout: layoutFor(shown, size), now, selected: id, model, size, name, words });
  }

  // a view as a picture to take away: without a table, and not enlarged
  function drawAlone(part) {
    const { state } = store;
    const size = state.sizes[part]?.width > 0 ? state.sizes[part] : { width: 640, height: 360 };
    const seen = seenIn(state);
    if (part === 'formula') return linesAsDrawing(formulaLines(seen), size);
    return shownAs({ network: networkPart, lines: linesPart, curve: curvePart }[part](seen, size), state);
  }

  function linesOf({ state, id, now, frame, name, words, trial }) {
    return chainFrom(model, id).map((each, place) => {
      const value = valueAt(afterTrial(now, trial), each);
      const isMoved = trial === null && state.before?.id === state.id;
      const isHidden = state.step !== null && Number.isNaN(value); // then neither where it was nor its scale is shown
      const before = isMoved && !isHidden ? state.before.values[place] : valueAt(now, each);
      const range = isHidden ? [NaN, NaN] : frame.ranges[place];
      const own = ownText(model, each, value);
      return { id: writeId(each), name: name(each), words: words(each), own, value, before, range };
    });
  }

  // what dragging the first number line does: where the demon sits it tries
  function dragsOf({ state, id, slopeIsKnown }) {
    if (isDemonThere(state, id)) return slopeIsKnown ? 'demon' : null;
    return isMovable(id) ? 'nudge' : null;
  }

  function linesPart(seen, size) {
    return linesView({ lines: linesOf(seen), drags: dragsOf(seen), size });
  }

  function curvePart(seen, size) {
    const { state, id, now, all, slopeIsKnown, frame, name } = seen;
    if (Number.isNaN(now.C) && state.step !== null) return noCurveView(name({ kind: 'C' }), size);
    const curve = curveFor(state, all, id, frame);
    if (isDemonThere(state, id) && slopeIsKnown) return demonPart({ ...seen, now: all }, model, curve, size);
    return curveView({
      curve, frame, value: valueAt(all, id), C: all.C, slope: slopeIsKnown ? slopeAt(all, id) : NaN,
      names: { id: name(id), C: name({ kind: 'C' }) }, size,
    });
  }

  function formulaPart(seen) {
    const { state, id, all, slopeIsKnown, convention } = seen;
    return formulaView(writtenAt(seen), id, convention, slopeIsKnown ? checkFor(state, all, id) : null);
  }

  function writtenAt({ state, now, slopeIsKnown }) {
    const cost = costWritten(model, state);
    return { net: now.net, cost, pass: now.pass, back: now.back, isUnknown: !slopeIsKnown };
  }

  function formulaLines(seen) {
    return formulaText(writtenAt(seen), seen.id, seen.convention).map(dashed);
  }

  function latexNow() {
    const seen = seenIn(store.state);
    return dashed(formulaLatex(writtenAt(seen), seen.id, seen.convention));
  }

  function footView({ state, convention, all }) {
    return ['footer', { class: 'foot' },
      ['div', { class: 'pace' }, trainingView({ state, convention, all, model }),
        ['span', { class: state.step === null ? 'hint' : 'hint stepping' }, state.step === null ? HINT : STEPPING_HINT,
          model.isFloat32 ? ' This float32 network is computed here in float64.' : '']]];
  }

  function nameOf(convention, id) {
    const isGiven = id.kind === 'x' || id.kind === 'y';
    return textOf(isGiven ? symbolOf(convention, id) : quantitySymbol(convention, model.shape, id));
  }

  // what is done ------------------------------------------------------------------------------------------------------
  function select(text) {
    if (text === null || !isId(text) || text === store.state.id) return;
    store.set({ id: text, frame: null, before: null, change: 0, said: null });
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
    store.set(REFITTED);
  }

  const actions = {
    set: (value) => {
      const given = readNumber(value);
      const isUnread = given === null && value.trim() !== '';
      store.set({ unread: isUnread ? { id: store.state.id, text: value } : null });
      if (given === null) return;
      setValue(given);
    },
  };
  const presses = {
    theme: () => store.set({ theme: nextTheme(store.state.theme) }),
    'forget-doubts': () => store.set({ doubts: [] }),
    reset: () => store.set({ ...REFITTED, moved: new Map(), past: [], change: 0 }),
  };

  function nextTheme(theme) {
    const isDark = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
    return isDark ? 'light' : 'dark';
  }

  function pixelIn(element, event) {
    const box = element.getBoundingClientRect();
    const scale = scaleFor(store.state);
    return [(event.clientX - box.left) / scale, (event.clientY - box.top) / scale];
  }

  // the id at an event on the drawn network, where no element of its own has it
  function idUnder(event) {
    const picture = event.target.closest('[data-act="pick"]');
    const found = picture === null || kept.layout === null ? null : idAt(kept.layout.found, ...pixelIn(picture, event));
    return found === null ? cells.under(event) : writeId(found);
  }

  root.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-act]');
    if (button !== null) {
      if (!button.matches('[aria-disabled="true"]')) presses[button.dataset.act](button);
      return;
    }
    if (cells.clicked(event)) return;
    if (event.target.closest('[data-act="pick"]') !== null) {
      select(idUnder(event));
      return;
    }
    select(event.target.closest('[data-id]')?.dataset.id ?? null);
  });

  root.addEventListener('change', (event) => {
    const { act } = event.target.dataset;
    if (Object.hasOwn(actions, act)) actions[act](event.target.value);
  });

  // to the demon and its slider; back where it sits only because it was asked for
  function sitDown() {
    focus.remember();
    if (!needsDemon(parseId(store.state.id, model.shape))) demon.toggle();
    goToView('curve');
    (root.querySelector('[data-drag="demon"]') ?? root.querySelector('[data-drag="line"]'))?.focus();
  }

  // from what is selected to the dot of its number line, and back
  function goToLine(isThere) {
    goToView(isThere ? 'network' : 'lines');
    if (isThere) focus.goHome();
    else root.querySelector('[data-drag="line"]')?.focus();
  }

  // where one view is shown at a time
  function goToView(view) {
    if (store.state.view !== '') store.set({ view });
    store.flush();
  }

  // an arrow key on the dot of a number line
  function nudgeBy(steps, isFine) {
    const value = valueAt(work(store.state), parseId(store.state.id, model.shape));
    setValue(steppedOn(store, (frame) => frame.ranges[0], value, steps, isFine));
  }

  function isTried(dragged) {
    return dragged === 'demon' || isDemonThere(store.state, parseId(store.state.id, model.shape));
  }

  listenToDrags(root, {
    begin: (name, event) => {
      if (name === 'paint') {
        rows.paint.begin(event);
        return;
      }
      store.set({ before: null, isDragged: true });
      if (!isTried(name)) remember();
    },
    move: (name, event) => {
      if (name === 'paint') {
        rows.paint.move(event);
        return;
      }
      const slider = root.querySelector(`[data-drag="${name}"]`);
      const { value, perPixel } = placeOnSlider(slider, pixelIn(slider.closest('[data-part]'), event)[0]);
      if (name === 'demon') demon.dragTo(value, perPixel);
      else if (isTried(name)) demon.moveTo(value, perPixel);
      else setValue(roundedTo(value, perPixel));
    },
    end: (name) => (name === 'paint' ? rows.paint.end() : store.set({ isDragged: false })),
  });

  root.addEventListener('input', (event) => {
    const { live } = event.target.dataset;
    if (Object.hasOwn(training.moves, live)) training.moves[live](event.target.value);
  });

  addEventListener('hashchange', () => {
    if (location.hash.slice(1) === kept.address) return;
    store.set({ ...first, ...REFITTED, moved: new Map(), own: null, rank: null, ...readAddress(location.hash) });
  });

  // what lies around: the demon, what lies over the page, and what lights up
  const focus = focusKeeper(root, { model, selected: () => store.state.id });
  const control = { root, store, model, work, select, focus, isId };
  const cells = cellActions(control);
  const rows = rowActions(control);
  const demon = demonControl(control);
  const screen = screenControl(control);
  const training = trainingControl({ ...control, remember });
  const hidden = (state) => hide(work(state), state.step);
  const overlay = overlayControl({ ...control, work: hidden, drawAlone, latexNow, address: () => kept.address });
  const lights = lightUp(root, { idUnder, isOff: () => store.state.isDragged });
  Object.assign(actions, demon.actions, rows.actions, training.actions, costControl(control).actions);
  Object.assign(presses, demon.presses, rows.presses, screen.presses, overlay.presses, training.presses);

  listenToKeys(root, {
    model, select, isId, selected: () => store.state.id,
    slide: (slider, steps, isFine) => (slider.dataset.act === 'demon' ? demon.step(steps, isFine) : nudgeBy(steps, isFine)),
    goToLine, letters: { 0: fit, d: sitDown, '/': () => overlay.show('goto'), '?': () => overlay.show('help'),
      s: () => overlay.show('save'), ...screen.letters, ...training.letters },
    enters: { goto: overlay.goTo, ...training.enters }, turn: screen.turn,
    onCells: (event) => cells.pressed(event) || rows.pressed(event),
    leave: () => [training, demon, screen].some((each) => each.leave()) && focus.comeBack(store),
    leaveField: () => {
      store.set({ unread: null });
      focus.goHome();
    },
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
