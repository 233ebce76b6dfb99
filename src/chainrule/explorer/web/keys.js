// The keys of the page: what they are, in the words of its help, and where the arrows lead.

import { neighbour, parseId, writeId } from './ids.js';

export const KEYS = [
  ['← → ↑ ↓', 'go through layers and neurons, or from weight to weight'],
  ['Enter, Space', 'select what is focused; Enter once more: to its number line, and from there back'],
  ['← → ↑ ↓ on cells', 'select the cell beside; on a pull to the sides its other weight; Space draws a pixel'],
  ['← → on a slider', 'move it: Shift for a tenth of a step, Page Up and Page Down for ten'],
  ['Tab', 'from one thing to the next, through fields, lists and buttons too'],
  ['d', 'the demon: try a change Δ of what is selected, and back'],
  ['/', 'go to a quantity by its id, as w/2/0/1, b/1/0, z/2/0, a/1/2, x/0, y/0'],
  ['[ ]', 'step back and on through a pass: what is not computed yet is a dash'],
  ['{ }', 'to the beginning of a pass, and to its end, where every number is shown'],
  ['q', 'questions: the next number of the pass is hidden and asked for; Enter answers'],
  ['0', 'fit the scales anew'],
  ['t', 'numbers as tables instead of drawings, and back'],
  ['p', 'for a projector: one view at a time, in large type; 1 … 4, ← and → change it'],
  ['s', 'save a view, the formula, the numbers, or a link to this state'],
  ['?', 'these keys'],
  ['Esc', 'leave what was opened last: a list of keys or a field, a question, the demon, tables, the projector'],
];

const DIRECTIONS = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' };
const KEY_STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 10, PageDown: -10 };
const KEY_TURNS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 };
const TYPING = 'input:not([type="range"]), select, textarea, dialog'; // letters are written there, or mean nothing
const OWN_ARROWS = 'summary, input'; // a slider of the browser's, which they move
const SCROLLED = '.table, .formula';
const WITH_ALT = '[]{}/?'; // letters that need Alt on some keyboards

// One listener for every key: what is typed stays with its field, arrows on a slider move it, and others lead through the
// network; `letters` are what single keys do, `enters` what Enter does in a field, `turn` what arrows do where they lead
// nowhere, `leave` what Esc does.
export function listenToKeys(root, page) {
  const { model, select, selected, isId, slide, letters, enters, goToLine, turn, onCells, leave, leaveField } = page;

  document.addEventListener('keydown', (event) => {
    const isCommand = event.metaKey || (event.ctrlKey && !event.altKey);
    if (isCommand || (event.altKey && !WITH_ALT.includes(event.key))) return;
    if (answered(event)) event.preventDefault();
  });

  function answered(event) {
    const { target, key } = event;
    const { act } = target.dataset;
    if (key === 'Enter' && Object.hasOwn(enters, act)) return answeredBy(enters[act](target.value));
    if (key === 'Escape') return target.closest('dialog') === null && escaped(target);
    if (target.closest(TYPING) !== null) return false;
    if (onCells(event)) return true;
    const slider = target.closest('[role="slider"]');
    if (slider !== null && key in KEY_STEPS) return answeredBy(slide(slider, KEY_STEPS[key], event.shiftKey));
    const button = target.closest('[role="button"][data-id]');
    const isSelected = button?.dataset.id === selected() || target.closest('[data-grid]') !== null;
    if (key === 'Enter' && (slider !== null || isSelected)) return answeredBy(goToLine(slider !== null));
    if (button !== null && (key === 'Enter' || key === ' ')) return answeredBy(select(button.dataset.id));
    if (Object.hasOwn(letters, key)) return answeredBy(letters[key]());
    if (target.closest(OWN_ARROWS) !== null) return false;
    const isOnNetwork = target.closest('[data-part="network"] [data-id]') !== null;
    const isScrolled = target.closest(SCROLLED) !== null;
    const turns = key in KEY_TURNS && !(isScrolled && key.startsWith('Page'));
    if (turns && !isOnNetwork && turn(KEY_TURNS[key])) return true;
    if (isScrolled) return false;
    return key in DIRECTIONS && goOn(target, DIRECTIONS[key]);
  }

  // a field is left as it was before something was typed there; that of a question is left with the question
  function escaped(target) {
    if (!target.matches('input[type="text"]') || target.dataset.act === 'reply') return leave();
    target.value = target.getAttribute('value') ?? '';
    leaveField();
    return true;
  }

  // to the neighbour: focused where it is drawn, else selected
  function goOn(target, direction) {
    const from = target.closest('[data-part="network"] [data-id]')?.dataset.id ?? selected();
    const next = nextId(model, parseId(from, model.shape), direction, isId);
    if (next === null) return false;
    const place = focusPlace(root, next);
    if (place === null) select(writeId(next));
    else place.focus();
    return true;
  }
}

function answeredBy() {
  return true;
}

// The next quantity in a direction that can be selected; null at the end.
function nextId(model, id, direction, canBe) {
  for (let next = neighbour(model.shape, id, direction); next !== null; next = neighbour(model.shape, next, direction)) {
    if (canBe(writeId(next))) return next;
  }
  return null;
}

// The neuron or edge of the drawn network that stands for an id and can have the focus; null where none is drawn.
export function focusPlace(root, id) {
  const kind = id.kind === 'a' ? 'z' : id.kind;
  const shown = root.querySelector(`[data-part="network"] [data-id="${writeId({ ...id, kind })}"]`);
  return shown !== null && shown.hasAttribute('tabindex') ? shown : null;
}
