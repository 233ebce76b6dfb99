// The steps of one pass as a row of buttons: those that are done are filled, and the next one is named.

import { disabledIf } from './drawn.js';

const GROUPS = { a: 'forward', C: '', d: 'backward', w: 'gradient', b: '' };

// steps: [{ kind, text, words }]; step: how many are done
export function stepsView({ steps, step, canUpdate, isAsking }) {
  return ['div', { class: 'steps', role: 'group', 'aria-label': 'steps of a pass' },
    walkButton('step', 0, '|◀', 'to the beginning: nothing is computed, key {', step === 0),
    walkButton('step-back', null, '◀', 'one step back, key [', step === 0 && !canUpdate.isUndoable),
    walkButton('step-on', null, '▶', 'one step on, key ]', step === steps.length && !canUpdate.isPossible),
    walkButton('step', steps.length, '▶|', 'to the end: every number is shown, key }', step === steps.length),
    steps.map((each, place) => [groupName(each, steps[place - 1]), stepButton(each, place, step)]),
    ['button', { type: 'button', class: 'step update', 'data-act': 'update', ...disabledIf(!canUpdate.isPossible),
      title: 'one step of the delta rule on this row: then a new pass begins' }, 'update'],
    ['button', { type: 'button', class: 'ask', 'data-act': 'ask', 'aria-pressed': isAsking ? 'true' : 'false',
      title: 'the next number becomes a question, key q' }, 'hide the next number']];
}

function walkButton(act, step, sign, words, isDisabled) {
  return ['button', { type: 'button', class: 'walk', 'data-act': act, 'data-step': step, 'aria-label': words, title: words,
    ...disabledIf(isDisabled) }, sign];
}

function groupName({ kind }, before) {
  const name = GROUPS[kind];
  return name === '' || before?.kind === kind ? null : ['span', { class: 'group' }, name];
}

function stepButton({ text, words }, place, step) {
  const look = place < step ? ' done' : place === step ? ' next' : '';
  return ['button', { type: 'button', class: `step${look}`, 'data-act': 'step', 'data-step': place + 1, title: words,
    'aria-label': `${words}${place < step ? ', done' : ''}`, 'aria-current': place === step - 1 ? 'step' : null }, text];
}
