// Where the focus goes when what had it is taken away or hidden: back to where it was before, or else to what is selected.

import { focusPlace } from './keys.js';
import { parseId } from './ids.js';

const TOLD_APART_BY = ['data-part', 'data-act', 'data-id', 'data-drag', 'data-grid', 'data-step', 'data-at', 'tabindex'];
const OTHER_PLACES = '.screen [data-grid][data-chosen], .screen [role="slider"], .screen .table';

// `selected` gives the id that is selected
export function focusKeeper(root, { model, selected }) {
  let before = null; // where the focus was before it was moved, as a selector

  // what is selected where it is drawn, else what moves it, else the views
  function home() {
    const place = focusPlace(root, parseId(selected(), model.shape));
    return [place, ...root.querySelectorAll(OTHER_PLACES), root.querySelector('.screen')].find(hasPlace);
  }

  return {
    goHome: () => home().focus(),
    // from the views as a whole, which had it where there was nothing else
    comeBack({ flush }) {
      flush();
      if (document.activeElement.matches('.screen')) home().focus();
      return true;
    },
    // what opens something says so before it takes the focus
    remember() {
      const held = document.activeElement;
      before = root.contains(held) ? selectorOf(held) : null;
    },
    // changes the page, and keeps the focus on it
    during(change) {
      const held = document.activeElement;
      const isOnPage = root.contains(held) && held.closest('dialog') === null; // a dialog gives it back by itself
      const place = isOnPage ? selectorOf(held) : null;
      change();
      if (!isOnPage || (document.activeElement === held && hasPlace(held))) return;
      const back = before === null ? null : root.querySelector(before);
      before = place;
      (hasPlace(back) ? back : home()).focus();
    },
  };
}

function hasPlace(element) {
  return element !== null && element.isConnected && element.getClientRects().length > 0;
}

function selectorOf(element) {
  const marks = TOLD_APART_BY.filter((name) => element.hasAttribute(name));
  const own = marks.map((name) => `[${name}="${CSS.escape(element.getAttribute(name))}"]`).join('');
  const part = element.closest('[data-part]');
  const within = part === null || part === element ? '' : `[data-part="${part.dataset.part}"] `;
  return `${within}${element.localName}${own}`;
}
