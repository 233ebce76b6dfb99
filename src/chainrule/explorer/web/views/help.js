// What lies over the page when it is asked for: the keys, the field for an id, and what can be taken away.

import { KEYS } from '../keys.js';

// open: null, 'help', 'goto' or 'save'; found: what the last answer in the field for an id was, or null
export function overlayView({ open, fault, example, parts, latex, link }) {
  const inside = { help: helpView, goto: gotoView, save: saveView }[open];
  return ['dialog', { class: 'over', 'data-over': open, 'aria-labelledby': 'over-head' },
    inside === undefined ? null : inside({ fault, example, parts, latex, link })];
}

function framedView(head, ...inside) {
  return ['div', { class: 'framed' },
    ['div', { class: 'top' }, ['h2', { id: 'over-head' }, head],
      ['button', { type: 'button', 'data-act': 'close', 'aria-label': 'close' }, '✕']],
    ...inside];
}

function helpView() {
  return framedView('Keys', ['table', { class: 'keys' }, ['tbody', {}, KEYS.map(([key, words]) =>
    ['tr', {}, ['th', { scope: 'row' }, ['kbd', {}, key]], ['td', {}, words]])]]);
}

function gotoView({ fault, example }) {
  return framedView('Go to a quantity',
    ['label', { class: 'goto' }, 'its id, as ', ['code', {}, example], ' ',
      ['input', { type: 'text', 'data-act': 'goto', autocapitalize: 'off', autocomplete: 'off', spellcheck: 'false',
        size: 14, 'aria-invalid': fault === null ? null : 'true', 'aria-describedby': 'goto-fault' }]],
    ['p', { id: 'goto-fault', class: 'fault', role: 'alert' }, fault ?? '']);
}

function saveView({ parts, latex, link }) {
  return framedView('Take away',
    ['table', { class: 'saves' }, ['tbody', {}, parts.map(({ part, words }) =>
      ['tr', {}, ['th', { scope: 'row' }, words],
        ['td', {}, saveButton('svg', part, `${words} as SVG`, 'SVG'), ' ',
          saveButton('png', part, `${words} as PNG`, 'PNG')]])]],
    ['p', {}, saveButton('csv', '', 'every number as CSV', 'all numbers as CSV')],
    ['label', { class: 'long' }, 'the formula as LaTeX',
      ['textarea', { readonly: true, rows: 5, 'data-whole': 'latex', spellcheck: 'false' }, latex]],
    ['label', { class: 'long' }, 'this state as a link',
      ['input', { type: 'text', readonly: true, 'data-whole': 'link', value: link }]]);
}

function saveButton(act, part, label, words) {
  return ['button', { type: 'button', 'data-act': act, 'data-of': part, 'aria-label': label }, words];
}
