// One selection: what the mouse or the focus is on lights up in every view, whichever view it is in.

// The ids that light with what an element stands for: a neuron of the network is its z, its a and its δ.
function litIds(element) {
  const id = element.dataset.id;
  const [kind, ...place] = id.split('/');
  const isNeuron = element.matches('.node, .output') && kind === 'z';
  return isNeuron ? ['z', 'a', 'd'].map((each) => [each, ...place].join('/')) : [id];
}

// The elements that stand for one of these ids: those that bear it, and the neuron of a z, an a or a δ.
function elementsOf(root, ids) {
  const bearing = ids.map((id) => `[data-id="${id}"]`);
  const ofNeurons = ids.filter((id) => 'zad'.includes(id[0]));
  const neurons = ofNeurons.map((id) => `:is(.node, .output)[data-id="z${id.slice(1)}"]`);
  return root.querySelectorAll([...bearing, ...neurons].join());
}

// Lights what is pointed at, or else focused, at once. `idUnder` says which id is at an event where no element bears one;
// `isOff` is true while something is dragged. `again` is called when the page has been drawn anew.
export function lightUp(root, { idUnder, isOff }) {
  let pointed = [];
  let lit = [];

  function focused() {
    const element = document.activeElement?.closest('[data-id]');
    return element !== undefined && element !== null && root.contains(element) ? litIds(element) : [];
  }

  function again() {
    const ids = isOff() ? [] : pointed.length > 0 ? pointed : focused();
    const wanted = new Set(ids.length > 0 ? elementsOf(root, ids) : []);
    for (const each of lit) if (!wanted.has(each)) each.removeAttribute('data-lit');
    for (const each of wanted) each.setAttribute('data-lit', '');
    lit = [...wanted];
  }

  function pointAt(event) {
    const element = event.target.closest('[data-id]');
    const under = element === null ? idUnder(event) : null;
    const found = element !== null ? litIds(element) : under === null ? [] : [under];
    if (found.join() === pointed.join()) return;
    pointed = found;
    again();
  }

  root.addEventListener('pointermove', pointAt);
  root.addEventListener('pointerleave', () => {
    pointed = [];
    again();
  });
  root.addEventListener('focusin', again);
  root.addEventListener('focusout', () => queueMicrotask(again));
  return { again };
}
