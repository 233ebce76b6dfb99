// Stepping through a pass and through training: what their buttons, fields and keys do to the state, and their views.

import { stepsOfPass } from './passes.js';
import { symbol, textOf } from './symbols.js';
import {
  countOfSteps, epochChosen, firstEpoch, hasRoom, pastOf, pastText, stepTaken, stepUndone, stopsOf,
} from './timeline.js';
import { stepsView } from './views/steps.js';
import { timeView } from './views/time.js';

const FIRST_RATE = 0.1; // η
const REFIT = { frame: null, before: null };

// What of the state belongs to this, at the beginning. `step` is how many steps of the pass are done, null for all.
export function firstOfTraining(model) {
  return { step: null, epoch: firstEpoch(model), past: [], eta: FIRST_RATE, isOfAll: false };
}

// As parts of the address, [name, text], and back from a Map of them.
export function trainingInAddress(state, first) {
  const parts = [];
  for (const name of ['epoch', 'eta']) if (state[name] !== first[name]) parts.push([name, String(state[name])]);
  if (state.past.length > 0) parts.push(['past', pastText(state.past)]);
  if (state.step !== null) parts.push(['step', String(state.step)]);
  if (state.isOfAll) parts.push(['of', 'all']);
  return parts;
}

export function trainingOf(given, model, isMovable) {
  const found = {};
  const epoch = stopsOf(model).find((each) => String(each.epoch) === given.get('epoch'));
  if (epoch !== undefined) found.epoch = epoch.epoch;
  const [eta, step] = ['eta', 'step'].map((name) => (given.get(name) ? Number(given.get(name)) : NaN));
  if (Number.isFinite(eta)) found.eta = eta;
  if (Number.isInteger(step) && step >= 0 && step < stepsOfPass(model.net.depth).length) found.step = step;
  if (given.has('past')) found.past = pastOf(given.get('past'), model, isMovable);
  if (given.get('of') === 'all') found.isOfAll = true;
  return found;
}

// What buttons, fields, sliders and keys do; `remember` keeps where the values were.
export function trainingControl({ store, model, remember }) {
  const last = stepsOfPass(model.net.depth).length;
  const stops = stopsOf(model);

  function goTo(step) {
    store.set({ step: step >= last ? null : Math.max(step, 0) });
  }

  function takeStep(row, step) {
    if (!canTakeStep(model, store.state, row === null)) return;
    store.set({ before: null });
    remember();
    store.set({ ...stepTaken(model, store.state, row), step });
  }

  function undoStep(step) {
    if (store.state.past.length === 0) return;
    store.set({ ...stepUndone(store.state), step, ...REFIT });
  }

  function stepOn() {
    const { step, row } = store.state;
    if (step === null) takeStep(row, 0);
    else goTo(step + 1);
  }

  function stepBack() {
    const { step } = store.state;
    if (step === 0) undoStep(null);
    else goTo((step ?? last) - 1);
  }

  return {
    presses: {
      step: (button) => goTo(Number(button.dataset.step)),
      'step-on': stepOn,
      'step-back': stepBack,
      update: () => takeStep(store.state.row, 0),
      'take-step': () => takeStep(store.state.isOfAll ? null : store.state.row, store.state.step),
      'undo-step': () => undoStep(store.state.step),
    },
    actions: {
      eta: (text) => {
        const value = Number(text.trim().replace('−', '-').replace(',', '.') || NaN);
        if (Number.isFinite(value)) store.set({ eta: value });
      },
      'step-rows': (value) => store.set({ isOfAll: value === 'all' }),
    },
    moves: {
      epoch: (value) => store.set({ ...epochChosen(store.state, stops[Number(value)].epoch), ...REFIT }),
    },
    letters: { '[': stepBack, ']': stepOn },
  };
}

// A row that a reader has drawn is no row of the training: on it alone no step is taken.
function canTakeStep(model, { past, own }, isOfAll) {
  return (own === null || isOfAll) && hasRoom(model, past, isOfAll ? model.rows.length : 1);
}

export function trainingView({ state, convention, model }) {
  const steps = stepsOfPass(model.net.depth);
  const stops = stopsOf(model).map(({ epoch }) => epoch);
  const isPossible = canTakeStep(model, state, false);
  const canStep = canTakeStep(model, state, state.isOfAll);
  return [
    stepsView({
      steps: steps.map((each) => namedStep(each, convention)), step: state.step ?? steps.length,
      canUpdate: { isPossible, isUndoable: state.past.length > 0 },
    }),
    timeView({
      stops, at: stops.indexOf(state.epoch), taken: countOfSteps(state.past), eta: state.eta, isOfAll: state.isOfAll,
      rows: model.rows.length, canStep,
    }),
  ];
}

function namedStep({ kind, layer }, convention) {
  const of = (letter) => `∂${convention.letter}/∂${letter}`;
  const name = (letter) => textOf(symbol(convention, letter, layer));
  switch (kind) {
    case 'a': return { kind, text: name('a'), words: `z and a of layer ${layer}` };
    case 'C': return { kind, text: convention.letter, words: 'the cost' };
    case 'd': return { kind, text: name('δ'), words: `δ of layer ${layer}` };
    case 'w': return { kind, text: of('w'), words: `${of('w')} of every weight` };
    default: return { kind, text: of('b'), words: `${of('b')} of every bias` };
  }
}
