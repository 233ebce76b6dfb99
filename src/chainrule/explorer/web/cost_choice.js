// Which cost the page has: the network's own at first, an author's own with that author's convention, or a reader's choice.

import { REFITTED } from './model.js';

export const COST_START = { keepsCost: false };

export function costWritten(model, state) {
  return model.costs.find((each) => each.name === state.cost);
}

// every cost that this network can have; its own is marked
export function costView(model, state) {
  const [own, ...others] = model.costs;
  const option = ({ name, text }) => ['option', { value: name, title: name }, text];
  return ['label', {}, 'cost ', ['select', { 'data-act': 'cost', value: state.cost },
    ['optgroup', { label: "the network's own" }, option(own)],
    others.length === 0 ? null : ['optgroup', { label: 'others' }, others.map(option)]]];
}

// A convention brings its author's own cost where this network can have it, unless the reader has chosen one.
export function costControl({ store, model }) {
  const withCost = (name) => ({ ...REFITTED, cost: name, rank: null });
  return {
    actions: {
      cost: (name) => store.set({ ...withCost(name), keepsCost: true }),
      convention: (name) => {
        const { state } = store;
        const authors = model.conventions.find((each) => each.name === name).cost?.name;
        const isTaken = !state.keepsCost && authors !== state.cost && model.costs.some((each) => each.name === authors);
        store.set({ convention: name, ...(isTaken ? withCost(authors) : {}) });
      },
    },
  };
}
