// The network as it learnt: its epochs on a slider, and steps of the delta rule taken in the page.

import { RATES } from '../timeline.js';
import { disabledIf } from './drawn.js';

// stops: epochs by name; at: which of them; taken: how many steps since then; rows: how many the page holds
export function timeView({ stops, at, taken, eta, unreadRate, isOfAll, rows, canStep }) {
  return ['div', { class: 'time', role: 'group', 'aria-label': 'training' },
    stops.length < 2 ? null : epochSlider(stops, at, taken),
    ['label', { title: 'the learning rate' }, 'η ',
      ['input', { type: 'text', inputmode: 'decimal', 'data-act': 'eta', size: 5, value: String(eta),
        'aria-invalid': unreadRate === null ? null : 'true' }],
      unreadRate === null ? null : ['span', { class: 'unread', role: 'alert' }, ` “${unreadRate}”: ${RATES}`]],
    rows < 2 ? null : ['select', { 'data-act': 'step-rows', 'aria-label': 'of which rows', value: isOfAll ? 'all' : 'one' },
      ['option', { value: 'one' }, 'this row'], ['option', { value: 'all' }, `all ${rows} rows`]],
    ['button', { type: 'button', 'data-act': 'take-step', ...disabledIf(!canStep), title: 'one step of the delta rule' },
      'take one step'],
    ['button', { type: 'button', 'data-act': 'undo-step', 'aria-label': 'undo the last step',
      title: 'the weights before it, bit for bit', ...disabledIf(taken === 0) }, '↶'],
    ['output', { class: 'taken' }, taken === 0 ? '' : `+ ${taken} step${taken === 1 ? '' : 's'}`]];
}

function epochSlider(stops, at, taken) {
  const text = stopText(stops[at]);
  return ['label', { class: 'epochs' }, 'training ',
    ['input', { type: 'range', min: 0, max: stops.length - 1, step: 1, value: at, 'data-live': 'epoch',
      'aria-label': 'epoch of the run', 'aria-valuetext': taken === 0 ? text : `${text}, and ${taken} steps` }],
    ['output', { class: 'epoch' }, text]];
}

export function stopText(epoch) {
  return typeof epoch === 'number' ? `epoch ${epoch}` : 'as saved';
}
