// Stepping through a pass, with questions, and through training: what buttons, fields and keys do to the state, and views.

import { costWritten } from './cost_choice.js';
import { parseId, writeId } from './ids.js';
import { isSelectable } from './model.js';
import { number } from './numbers.js';
import { stepsOfPass } from './passes.js';
import { askedAt, gradeOf, questionOn, selectedFor } from './question.js';
import { symbol, textOf } from './symbols.js';
import {
  countOfSteps, epochChosen, firstEpoch, hasRoom, pastOf, pastText, stepTaken, stepUndone, stopsOf,
} from './timeline.js';
import { questionView } from './views/question.js';
import { stepsView } from './views/steps.js';
import { timeView } from './views/time.js';

const FIRST_RATE = 0.1; // η
const REFIT = { frame: null, before: null };

// What of the state belongs to this, at the beginning. `step` is how many steps of the pass are done, null for all; `asks`,
// while the next number is asked for, what comes back when that ends: { id, step, change }.
export function firstOfTraining(model) {
  return { step: null, epoch: firstEpoch(model), past: [], eta: FIRST_RATE, isOfAll: false, asks: null, feedback: null };
}

// As parts of the address, [name, text], and back from a Map of them.
export function trainingInAddress(state, first) {
  const parts = [];
  for (const name of ['epoch', 'eta']) if (state[name] !== first[name]) parts.push([name, String(state[name])]);
  if (state.past.length > 0) parts.push(['past', pastText(state.past)]);
  if (state.step !== null) parts.push(['step', String(state.step)]);
  if (state.isOfAll) parts.push(['of', 'all']);
  if (state.asks !== null) parts.push(['ask', state.asks.id === null ? '1' : `${state.asks.step ?? 'all'}/${state.asks.id}`]);
  return parts;
}

export function trainingOf(given, model, { isId, isMovable }) {
  const found = {};
  const last = stepsOfPass(model.net.depth).length;
  const epoch = stopsOf(model).find((each) => String(each.epoch) === given.get('epoch'));
  if (epoch !== undefined) found.epoch = epoch.epoch;
  const [eta, step] = ['eta', 'step'].map((name) => (given.get(name) ? Number(given.get(name)) : NaN));
  if (Number.isFinite(eta)) found.eta = eta;
  if (Number.isInteger(step) && step >= 0 && step < last) found.step = step;
  if (given.has('past')) found.past = pastOf(given.get('past'), model, isMovable);
  if (given.get('of') === 'all') found.isOfAll = true;
  if (given.has('ask')) found.asks = askedFrom(given.get('ask'), found, isId, last);
  return found;
}

// "3/w/1/0/0": where a reader was before the questions; any other text does not say it, and nothing comes back
function askedFrom(text, { step }, isId, last) {
  const found = /^(all|\d+)\/(.+)$/.exec(text);
  if (found === null || !isId(found[2])) return { id: null, step: step ?? null, change: 0 };
  return { id: found[2], step: Number(found[1]) < last ? Number(found[1]) : null, change: 0 };
}

// What buttons, fields, sliders and keys do; `remember` keeps where the values were.
export function trainingControl({ root, store, model, work, remember, focus }) {
  const last = stepsOfPass(model.net.depth).length;
  const stops = stopsOf(model);

  function goTo(step) {
    if (step >= last) {
      if (store.state.asks !== null) endQuestions();
      store.set({ step: null, feedback: null });
      return;
    }
    store.set({ step: Math.max(step, 0), feedback: null });
    lookAtAsked();
  }

  // what is asked for is selected: its formula shows what it takes
  function lookAtAsked() {
    const { state } = store;
    if (state.asks === null) return;
    const asked = askedIn(state, model, work(state));
    const id = asked === null || asked.kind === 'C' ? null : selectedFor(asked);
    if (id === null) return;
    const chosen = writeId(isSelectable(model, id) ? id : { ...id, kind: 'z' });
    if (chosen !== state.id) store.set({ id: chosen, change: 0, ...REFIT });
  }

  function ask() {
    const { asks, id, step, change } = store.state;
    if (asks !== null) {
      endQuestions();
      return;
    }
    focus.remember();
    store.set({ asks: { id, step, change }, feedback: null, step: step ?? 0 });
    lookAtAsked();
    replyField();
  }

  // what was selected, how far the pass was and what was tried are as before the questions
  function endQuestions() {
    const { asks, id } = store.state;
    const back = asks.id === null || asks.id === id ? {} : { id: asks.id, change: asks.change, said: null, ...REFIT };
    store.set({ ...back, step: asks.step, asks: null, feedback: null });
  }

  // where the answer is typed; in a step without a number, what leads on
  function replyField() {
    store.flush();
    if (store.state.asks === null) return;
    const field = root.querySelector('[data-act="reply"]');
    if (field !== null) field.value = '';
    (field ?? root.querySelector('[data-act="step-on"]')).focus();
  }

  function reply(text) {
    const { state } = store;
    const question = questionIn(state, model, work(state));
    if (text.trim() === '' || question === null) return;
    const feedback = gradeOf(question, text, model.questions);
    if (feedback.kind === 'right') goOnWith(feedback);
    else store.set({ feedback });
  }

  function goOnWith(feedback) {
    goTo(store.state.step + 1);
    store.set({ feedback });
    replyField();
  }

  function reveal() {
    const { state } = store;
    const question = questionIn(state, model, work(state));
    if (question !== null) goOnWith({ kind: 'shown', says: [question.symbol, ` = ${number(question.value)}`] });
  }

  function takeStep(row, step) {
    if (!canTakeStep(model, store.state, row === null)) return;
    store.set({ before: null });
    remember();
    store.set({ ...stepTaken(model, store.state, row), step, feedback: null });
  }

  function undoStep(step) {
    if (store.state.past.length === 0) return;
    store.set({ ...stepUndone(store.state), step, feedback: null, ...REFIT });
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
      ask,
      reveal,
      answer: () => reply(root.querySelector('[data-act="reply"]').value),
      update: () => takeStep(store.state.row, 0),
      'take-step': () => takeStep(store.state.isOfAll ? null : store.state.row, store.state.step),
      'undo-step': () => undoStep(store.state.step),
    },
    actions: {
      reply,
      eta: (text) => {
        const value = Number(text.trim().replace('−', '-').replace(',', '.') || NaN);
        if (Number.isFinite(value)) store.set({ eta: value });
      },
      'step-rows': (value) => store.set({ isOfAll: value === 'all' }),
    },
    moves: {
      epoch: (value) => store.set({ ...epochChosen(store.state, stops[Number(value)].epoch), ...REFIT }),
    },
    letters: { '[': stepBack, ']': stepOn, '{': () => goTo(0), '}': () => goTo(last) },
    // false where nothing is asked, and nothing said to an answer
    leave: () => {
      const { asks, feedback } = store.state;
      if (asks !== null) endQuestions();
      else store.set({ feedback: null });
      return asks !== null || feedback !== null;
    },
  };
}

// A row that a reader has drawn is no row of the training: on it alone no step is taken.
function canTakeStep(model, { past, own }, isOfAll) {
  return (own === null || isOfAll) && hasRoom(model, past, isOfAll ? model.rows.length : 1);
}

function askedIn(state, model, all) {
  return state.step === null ? null : askedAt(model, all, { step: state.step, id: parseId(state.id, model.shape) });
}

function questionIn(state, model, all) {
  const asked = state.asks === null ? null : askedIn(state, model, all);
  const convention = model.conventions.find((each) => each.name === state.convention);
  const how = { convention, cost: costWritten(model, state), rate: state.eta, asked: model.questions };
  return asked === null ? null : questionOn(model, all, asked, how);
}

export function trainingView({ state, convention, all, model }) {
  const steps = stepsOfPass(model.net.depth);
  const stops = stopsOf(model).map(({ epoch }) => epoch);
  const isPossible = canTakeStep(model, state, false);
  const canStep = canTakeStep(model, state, state.isOfAll);
  const asks = state.asks !== null;
  return [
    !asks && state.feedback === null ? null
      : questionView({ question: questionIn(state, model, all), feedback: state.feedback, asks }),
    stepsView({
      steps: steps.map((each) => namedStep(each, convention)), step: state.step ?? steps.length, isAsking: asks,
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
