// Views in which numbers that are not computed yet are dashes, and what would be drawn from them is not drawn.

const NO_NUMBER = /(?<![\p{L}\p{N}])[−-]?(?:no number|NaN|nan)(?![\p{L}\p{N}])/gu;
const SAID = ['aria-label', 'aria-valuetext', 'title'];

// The same view, or views, with "—" where a number is NaN.
export function withDashes(view) {
  if (typeof view === 'string') return dashed(view);
  if (typeof view === 'number') return Number.isNaN(view) ? '—' : view;
  if (!Array.isArray(view)) return view;
  const [tag, attributes, ...children] = view;
  if (typeof tag !== 'string' || !isPlain(attributes)) return view.map(withDashes);
  if (Object.entries(attributes).some(isUndrawable)) return null;
  return [tag, withWords(attributes), ...children.map(withDashes)];
}

export function dashed(text) {
  return text.replace(NO_NUMBER, '—');
}

function isPlain(given) {
  return given !== null && typeof given === 'object' && !Array.isArray(given);
}

// a place or a width that is no number, or a path through such places
function isUndrawable([name, value]) {
  if (name.startsWith('aria-') || name === 'value' || name.startsWith('data-')) return false;
  return Number.isNaN(value) || (typeof value === 'string' && !SAID.includes(name) && /(?<!\p{L})NaN(?!\p{L})/u.test(value));
}

function withWords(attributes) {
  const shown = Object.entries(attributes).map(([name, value]) => {
    if (Number.isNaN(value)) return [name, null];
    return [name, SAID.includes(name) ? dashed(value) : value];
  });
  return Object.fromEntries(shown);
}
