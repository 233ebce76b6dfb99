// Which neurons a quantity belongs to.

// of a weight its two ends
export function neuronsOf(id) {
  if (id.kind === 'w') return [{ layer: id.layer, neuron: id.neuron }, { layer: id.layer - 1, neuron: id.source }];
  if (id.kind === 'x') return [{ layer: 0, neuron: id.neuron }];
  return 'zab'.includes(id.kind) ? [{ layer: id.layer, neuron: id.neuron }] : [];
}
