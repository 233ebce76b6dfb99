// The state as the part of the address behind the #, there and back; a notebook's frame sends it to the page around it.

import { ownRowText } from './own_row.js';

const SHOWN = ['id', 'row', 'convention', 'cost', 'keepsCost', 'theme', 'demon', 'change', 'view', 'tables'];

// more: parts [name, text] of what has a form of its own
export function addressOf(state, first, more = []) {
  const parts = SHOWN.filter((name) => state[name] !== first[name]).map((name) => [name, String(state[name])]);
  const moved = [...state.moved].map(([id, value]) => `${id}:${value}`);
  if (state.own !== null) parts.push(['own', ownRowText(state.own)]);
  if (moved.length > 0) parts.push(['moved', moved.join(',')]);
  return [...parts, ...more].map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%2F', '/')}`).join('&');
}

// what an address says, as changes of the state; what cannot be meant is left out
export function stateOf(address, { isId, isMovable, rows, conventions, costs, views, ownRow, more }) {
  const given = new Map(address.replace(/^#/, '').split('&').map(pairOf));
  const found = {};
  if (given.has('id') && isId(given.get('id'))) found.id = given.get('id');
  if (given.has('row') && rows.includes(Number(given.get('row')))) found.row = Number(given.get('row'));
  if (conventions.includes(given.get('convention'))) found.convention = given.get('convention');
  if (costs.includes(given.get('cost'))) found.cost = given.get('cost');
  if (['light', 'dark'].includes(given.get('theme'))) found.theme = given.get('theme');
  for (const name of ['keepsCost', 'demon', 'tables']) if (given.get(name) === 'true') found[name] = true;
  if (isNumber(given.get('change'))) found.change = Number(given.get('change'));
  if (views.includes(given.get('view'))) found.view = given.get('view');
  if (given.has('own')) found.own = ownRow(given.get('own'));
  if (given.has('moved')) found.moved = movedOf(given.get('moved'), isMovable);
  return { ...found, ...more(given) };
}

function pairOf(part) {
  const [name, ...rest] = part.split('=');
  try {
    return [name, decodeURIComponent(rest.join('='))];
  } catch {
    return [name, '']; // a % that is no code
  }
}

function movedOf(text, isMovable) {
  const pairs = text.split(',').map((each) => each.split(':'));
  const good = pairs.filter(([id, value]) => isMovable(id) && isNumber(value));
  return new Map(good.map(([id, value]) => [id, Number(value)]));
}

function isNumber(text) {
  return text !== undefined && text !== '' && Number.isFinite(Number(text));
}

export function writeAddress(address) {
  try {
    history.replaceState(null, '', `#${address}`);
  } catch {
    parent.postMessage({ chainrule: 'explorer', address }, '*'); // a frame of a notebook has no address of its own
  }
}
