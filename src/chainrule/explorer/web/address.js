// The state as the part of the address behind the #, there and back; a notebook's frame sends it to the page around it.

import { faultOfId, isMovableText } from './model.js';
import { ownRowOf, ownRowText } from './own_row.js';
import { cutTo } from './views/drawn.js';

const QUOTED = /^(['"]).*?\1:? /; // what a fault begins with
const LONGEST_PART = 24; // of an address, as it is said: as wide as so many of the largest letters
const SHOWN = ['id', 'row', 'convention', 'cost', 'keepsCost', 'theme', 'demon', 'change', 'view', 'tables'];

// more: parts [name, text] of what has a form of its own
export function addressOf(state, first, more = []) {
  const parts = SHOWN.filter((name) => state[name] !== first[name]).map((name) => [name, String(state[name])]);
  const moved = [...state.moved].map(([id, value]) => `${id}:${value}`);
  if (state.own !== null) parts.push(['own', ownRowText(state.own)]);
  if (moved.length > 0) parts.push(['moved', moved.join(',')]);
  return [...parts, ...more].map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%2F', '/')}`).join('&');
}

// What an address says: changes of the state, and in `doubts` a sentence about each part that cannot be meant.
export function stateOf(address, readers) {
  const parts = address.replace(/^#/, '').split('&').filter((part) => part !== '');
  const [changes, doubts] = [{}, []];
  for (const part of parts) {
    const { doubt, ...found } = readPart(part, readers, changes);
    Object.assign(changes, found);
    if (doubt !== undefined) doubts.push(`${cutTo(decoded(part) ?? part, LONGEST_PART)}: ${doubt}`);
  }
  return { ...changes, doubts };
}

function readPart(part, readers, soFar) {
  const [name, ...rest] = part.split('=');
  const text = decoded(rest.join('='));
  if (text === null) return { doubt: 'it has a % that is no code, and is left out' };
  if (!Object.hasOwn(readers, name)) return { doubt: 'the page has nothing of that name' };
  return readers[name](text, soFar);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

// What each part of an address changes, by its name; { doubt } says why it cannot be meant, and what holds instead.
export function readersOf(model, first, views) {
  const instead = (text, holds) => ({ doubt: `there is no ${text}; ${holds}` });
  const known = (name, names, text) => (names.includes(text) ? { [name]: text }
    : instead(cutTo(text, LONGEST_PART), `${first[name]} is used`));
  const isTrue = (name) => (text) => (text === 'true' ? { [name]: true } : { doubt: 'only true can be said of it' });
  return {
    id: (text) => {
      const fault = faultOfId(model, text);
      if (fault === null) return { id: text.trim() };
      return { doubt: `${fault.replace(QUOTED, '')}; ${first.id} is selected` };
    },
    row: (text) => {
      const row = model.rows.find(({ number }) => String(number) === text);
      return row === undefined ? instead('such row on this page', `row ${first.row} is shown`) : { row: row.number };
    },
    convention: (text) => {
      const other = model.unfitting.find(({ name }) => name === text);
      if (other !== undefined) return { doubt: `${other.why}; ${first.convention} is used` };
      return known('convention', model.conventions.map(({ name }) => name), text);
    },
    cost: (text) => known('cost', model.costs.map(({ name }) => name), text),
    theme: (text) => known('theme', ['light', 'dark'], text),
    view: (text) => (views.includes(text) ? { view: text } : instead('such view', 'all are shown')),
    keepsCost: isTrue('keepsCost'),
    demon: isTrue('demon'),
    tables: isTrue('tables'),
    change: (text) => (isNumber(text) ? { change: Number(text) } : { doubt: 'that is no number; nothing is tried' }),
    own: (text) => {
      const own = ownRowOf(model, text);
      return own === null ? instead('such picture for these inputs', `row ${first.row} is shown`) : { own };
    },
    moved: (text) => movedOf(text, model),
  };
}

function movedOf(text, model) {
  const pairs = text.split(',').map((each) => each.split(':'));
  const isGood = ([id, value]) => isMovableText(model, id) && isNumber(value);
  const bad = pairs.find((each) => !isGood(each));
  const moved = new Map(pairs.filter(isGood).map(([id, value]) => [id, Number(value)]));
  if (bad === undefined) return { moved };
  const named = cutTo(bad.join(':'), LONGEST_PART);
  return { moved, doubt: `${named} is no weight, bias, input or target and its number; it is left out` };
}

function isNumber(text) {
  return text !== undefined && text.trim() !== '' && Number.isFinite(Number(text));
}

export function writeAddress(address) {
  try {
    history.replaceState(null, '', `#${address}`);
  } catch {
    parent.postMessage({ chainrule: 'explorer', address }, '*'); // a frame of a notebook has no address of its own
  }
}
