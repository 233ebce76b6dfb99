// What lies over the page: the keys, the field for an id, and what can be taken away; opened, answered and closed.

import { faultOfId } from './model.js';
import { patch } from './patch.js';
import { csvText, download, drawingSize, pngOf, svgText } from './takeaway.js';
import { overlayView } from './views/help.js';

export const OVERLAY_START = { open: null, fault: null };
const PARTS_TO_SAVE = [
  { part: 'network', words: 'the network' }, { part: 'lines', words: 'the number lines' },
  { part: 'curve', words: 'the curve' }, { part: 'formula', words: 'the formula' },
];

// drawAlone(part) is a view as it is without a table or a larger scale, latexNow() the
// formula, address() the part behind the #
export function overlayControl({ root, store, model, work, select, focus, drawAlone, latexNow, address }) {
  const show = (open) => store.set({ open, fault: null });

  // brings the dialog of the browser, which keeps the focus inside and gives it back, to the state
  function follow({ open }) {
    const dialog = root.querySelector('dialog');
    if (open !== null && !dialog.open) dialog.showModal();
    if (open === null && dialog.open) dialog.close();
    const field = dialog.querySelector('[data-act="goto"]');
    if (field !== null && document.activeElement !== field) field.focus();
  }

  function goTo(text) {
    const fault = faultOfId(model, text);
    if (fault !== null) {
      store.set({ fault });
      return;
    }
    select(text.trim());
    store.set({ open: null, fault: null });
    store.flush();
    focus.goHome();
  }

  // a view drawn for a moment where nobody sees it, with the style that it has on the page
  function drawn(part) {
    const place = document.createElement('div');
    place.className = 'screen unseen';
    document.body.append(place);
    patch(place, [['section', { class: part }, drawAlone(part)]]);
    const drawing = place.querySelector('svg');
    const text = svgText(drawing, getComputedStyle(document.body).backgroundColor);
    const size = drawingSize(drawing);
    place.remove();
    return { text, size };
  }

  async function savePicture(part) {
    const { text, size } = drawn(part);
    download(`${part}.png`, await pngOf(text, size));
  }

  root.addEventListener('close', () => show(null), true); // it does not bubble
  root.addEventListener('focusin', ({ target }) => {
    if (target.dataset.whole !== undefined) target.select();
  });

  return {
    presses: {
      keys: () => show('help'),
      save: () => show('save'),
      close: () => show(null),
      svg: ({ dataset: { of } }) => download(`${of}.svg`, new Blob([drawn(of).text], { type: 'image/svg+xml' })),
      png: ({ dataset: { of } }) => savePicture(of),
      csv: () => download('numbers.csv', new Blob([csvText(work(store.state), model.shape)], { type: 'text/csv' })),
    },
    view: ({ state }) => overlayView({
      ...state, example: model.start.id, parts: PARTS_TO_SAVE, latex: state.open === 'save' ? latexNow() : '',
      link: location.protocol === 'about:' ? `#${address()}` : location.href, // a frame has no address of its own
    }),
    show,
    follow,
    goTo,
  };
}
