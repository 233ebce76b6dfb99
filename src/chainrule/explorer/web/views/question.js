// The question that stands for the next number: what is asked, a field for the answer, and what it was worth.

import { htmlOf } from '../symbols.js';

const SIGNS = { right: '✓', wrong: '✗', unread: '?', shown: '' };

// question: of question.js, or null where there is nothing to ask; feedback: { kind, says } or null
export function questionView({ question, feedback, asks }) {
  return ['div', { class: 'question', role: 'group', 'aria-label': 'question' },
    !asks ? null : question === null ? ['span', {}, 'There is no number to ask for in this step: go on.'] : asking(question),
    ['output', { class: `feedback ${feedback?.kind ?? ''}`, 'aria-live': 'polite' },
      feedback === null ? '' : [`${SIGNS[feedback.kind]} `, htmlOf(feedback.says)]]];
}

function asking({ symbol, told }) {
  return ['span', { class: 'asking' },
    ['label', {}, 'What is ', htmlOf(symbol), ', to three significant digits? ',
      ['input', { type: 'text', inputmode: 'decimal', 'data-act': 'reply', size: 9, autocomplete: 'off' }]],
    ['button', { type: 'button', 'data-act': 'answer' }, 'answer'],
    ['button', { type: 'button', 'data-act': 'reveal' }, 'show it'],
    told === '' ? null : ['span', { class: 'told' }, htmlOf(told)]];
}
