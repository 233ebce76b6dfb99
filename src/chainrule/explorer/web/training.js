// Stepping through a pass, with questions, and through training: what buttons, fields and keys do to the state, and views.

import { costWritten } from './cost_choice.js';
import { parseId, writeId } from './ids.js';
import { faultOfId, isSelectable } from './model.js';
import { number } from './numbers.js';
import { readNumber } from './replies.js';
import { stepsOfPass } from './passes.js';
import { askedAt, gradeOf, questionOn, selectedFor } from './question.js';
import { symbol, textOf } from './symbols.js';
import {
  RATES, countOfSteps, epochChosen, firstEpoch, hasRoom, isRate, pastOf, pastText, stepTaken, stepUndone, stopsOf,
} from './timeline.js';
import { questionView } from './views/question.js';
import { stepsView } from './views/steps.js';
import { stopText, timeView } from './views/time.js';

const FIRST_RATE = 0.1; // η
const REFIT = { frame: null, before: null };

// What of the state belongs to this, at the beginning. `step` is how many steps of the pass are done, null for all; `asks`,
// while the next number is asked for, what comes back when that ends: { id, step, change }.
export function firstOfTraining(model) {
  return { step: null, epoch: firstEpoch(model), past: [], eta: FIRST_RATE, isOfAll: false, asks: null, feedback: null,
    unreadRate: null };
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

// What each of these parts changes; { doubt } where it cannot be meant.
export function trainingReaders(model, first) {
  const stops = stopsOf(model);
  const last = stepsOfPass(model.net.depth).length;
  return {
    epoch: (text) => {
      const stop = stops.find(({ epoch }) => String(epoch) === text);
      if (stop !== undefined) return { epoch: stop.epoch };
      return { doubt: `there are no weights of that epoch; shown are those of ${stopText(first.epoch)}` };
    },
    eta: (text) => {
      const eta = readNumber(text);
      return isRate(eta) ? { eta } : { doubt: `${RATES}; it is ${first.eta}` };
    },
    step: (text) => (/^\d{1,4}$/.test(text) && Number(text) < last ? { step: Number(text) }
      : { doubt: `the steps of a pass are 0 … ${last - 1} here; all are shown` }),
    past: (text) => {
      const past = pastOf(text, model);
      const count = text.split(';').length;
      return past.length === count ? { past }
        : { past, doubt: `of its ${count} parts ${past.length} can be taken here, up to the first that cannot` };
    },
    of: (text) => (text === 'all' ? { isOfAll: true } : { doubt: 'a step is of this row' }),
    // "3/w/1/0/0": where a reader was before the questions; "1" does not say it, and nothing comes back
    ask: (text, { step = null }) => {
      const found = /^(all|\d+)\/(.+)$/.exec(text);
      const isSaid = found !== null && faultOfId(model, found[2]) === null;
      if (isSaid) return { asks: { id: found[2], step: Number(found[1]) < last ? Number(found[1]) : null, change: 0 } };
      const asks = { id: null, step, change: 0 };
      return text === '1' ? { asks } : { asks, doubt: 'it does not say what was selected before the questions' };
    },
  };
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
    else store.set({ feedback: { ...feedback, to: keyOf(question) } });
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
    store.set({ ...stepTaken(model, store.state, row), step, feedback: null, frame: null });
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
      eta: (text) => {
        const eta = readNumber(text);
        const isLeft = text.trim() === '';
        store.set(isRate(eta) ? { eta, unreadRate: null } : { unreadRate: isLeft ? null : text });
      },
      'step-rows': (value) => store.set({ isOfAll: value === 'all' }),
    },
    moves: {
      epoch: (value) => store.set({ ...epochChosen(store.state, stops[Number(value)].epoch), ...REFIT }),
    },
    enters: { reply },
    letters: { '[': stepBack, ']': stepOn, '{': () => goTo(0), '}': () => goTo(last), q: ask },
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

// what a wrong answer was an answer to; another row, cost or selection asks for another number
function keyOf(question) {
  return question === null ? '' : `${textOf(question.symbol)} ${question.value}`;
}

export function trainingView({ state, convention, all, model }) {
  const steps = stepsOfPass(model.net.depth);
  const stops = stopsOf(model).map(({ epoch }) => epoch);
  const isPossible = canTakeStep(model, state, false);
  const canStep = canTakeStep(model, state, state.isOfAll);
  const asks = state.asks !== null;
  const question = questionIn(state, model, all);
  const isStale = state.feedback?.to !== undefined && state.feedback.to !== keyOf(question);
  return [
    !asks && state.feedback === null ? null : questionView({ question, feedback: isStale ? null : state.feedback, asks }),
    stepsView({
      steps: steps.map((each) => namedStep(each, convention)), step: state.step ?? steps.length, isAsking: asks,
      canUpdate: { isPossible, isUndoable: state.past.length > 0 },
    }),
    timeView({
      stops, at: stops.indexOf(state.epoch), taken: countOfSteps(state.past), eta: state.eta,
      unreadRate: state.unreadRate, isOfAll: state.isOfAll, rows: model.rows.length, canStep,
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
