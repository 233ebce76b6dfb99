// What of an address the page cannot show, and which conventions do not fit its network: a sentence each.

const MOST_DOUBTS = 3;

// doubts: sentences; the line stays until it is closed
export function doubtsView({ doubts }) {
  if (doubts.length === 0) return null;
  const more = doubts.length - MOST_DOUBTS;
  const said = [...doubts.slice(0, MOST_DOUBTS), ...(more > 0 ? [`and ${more} more`] : [])];
  return ['p', { class: 'doubts', role: 'alert' },
    ['span', {}, `Not all of the address could be followed. ${said.join(' · ')}`],
    ['button', { type: 'button', 'data-act': 'forget-doubts', 'aria-label': 'close this line' }, '×']];
}

// those of the page, then those that its network does not fit, which cannot be chosen
export function conventionOptions({ conventions, unfitting }) {
  return [
    conventions.map(({ name }) => ['option', { value: name }, name]),
    unfitting.map(({ name, short, why }) =>
      ['option', { value: name, disabled: true, title: why }, `${name}: ${short}`])];
}
