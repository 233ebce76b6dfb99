// What a reader does with the demon: its state, its buttons, its field and its slider.

import { bestChange, changeBy, changeTexts, demonPlaces, needsDemon } from './demon.js';
import { steppedOn } from './drag.js';
import { placeOf, withTheta } from './engine.js';
import { parseId, writeId } from './ids.js';
import { slopeAt, valueAt } from './model.js';
import { remarkOn } from './remark.js';
import { roundedTo } from './scale.js';
import { demonView } from './views/demon.js';

export const DEMON_START = { demon: false, change: 0, said: null };

// On a z and an a it always sits, for they have no number of their own to set; elsewhere where it is asked for.
export function isDemonThere(state, id) {
  return needsDemon(id) || (state.demon && id.kind !== 'C');
}

// what its Δ does, or null where it is not there or Δ is 0
export function trialOf(state, now, id) {
  return isDemonThere(state, id) && state.change !== 0 ? changeBy(now, id, state.change) : null;
}

// the network as the demon leaves it: what comes after the moved quantity follows
export function afterTrial(now, trial) {
  if (trial === null) return now;
  const { pass, id, by } = trial;
  const after = { ...now, pass: { x: pass.x, z: pass.z, a: pass.a }, x: pass.a[0], C: trial.after };
  if (id.kind === 'y') return { ...after, y: now.y.map((each, place) => (place === id.neuron ? each + by : each)) };
  return 'wb'.includes(id.kind) ? { ...after, net: withMoved(now.net, id, by) } : after;
}

function withMoved(net, id, by) {
  const theta = Float64Array.from(net.theta);
  theta[placeOf(net, id)] += by;
  return withTheta(net, theta);
}

export function demonPart({ state, id, now, frame, name, words, trial }, model, curve, size) {
  const change = trial ?? changeBy(now, id, 0);
  const places = demonPlaces(model, now, id).map((each) => ({
    id: writeId(each), name: name(each), words: words(each), isHere: writeId(each) === state.id,
  }));
  return demonView({
    change, texts: changeTexts(change), places, curve, frame, value: valueAt(now, id), rate: state.eta,
    names: { id: name(id), C: name({ kind: 'C' }) }, said: state.said?.now === now ? state.said.text : '',
    remark: remarkOn(now, id), isDragged: state.isDragged, size,
  });
}

export function demonControl({ store, model, work, select }) {
  const here = () => {
    const { state } = store;
    const id = parseId(state.id, model.shape);
    const now = work(state);
    return { state, id, now, value: valueAt(now, id) };
  };
  const range = () => {
    const { state, value } = here();
    return state.frame.ranges[0].map((each) => each - value);
  };

  // `text` is what is to be known of it, as long as the network and the row are these
  function setChange(change, text = '') {
    if (!Number.isFinite(change)) return;
    const { state, now } = here();
    const [low, high] = range();
    const isOutside = change < low || change > high;
    store.set({ change, said: { text, now }, frame: isOutside ? null : state.frame });
  }

  return {
    actions: {
      by: (text) => {
        const given = text.trim().replace('−', '-');
        if (given !== '') setChange(Number(given));
      },
    },
    presses: {
      sit: (button) => {
        store.set({ demon: true });
        select(button.dataset.at);
      },
      best: () => {
        const { now, id } = here();
        const best = bestChange(now, id, range());
        const isAtEnd = range().includes(best);
        setChange(best, best === 0 ? 'no Δ in this range lowers it' : isAtEnd ? 'at the end of the range' : '');
      },
      downhill: () => {
        const { state, now, id } = here();
        setChange(-state.eta * slopeAt(now, id) + 0);
      },
    },
    dragTo: (change, perPixel) => setChange(roundedTo(change, perPixel)),
    // so that the quantity has a value
    moveTo: (value, perPixel) => setChange(roundedTo(value - here().value, perPixel)),
    // by arrow keys
    step: (steps, isFine) => setChange(steppedOn(store, range, store.state.change, steps, isFine)),
    toggle: () => store.set({ demon: !store.state.demon, change: 0 }),
    // false where there was none, and nothing tried
    leave: () => {
      const { demon, change } = store.state;
      if (!demon && change === 0) return false;
      store.set(DEMON_START);
      return true;
    },
  };
}
