// One pass in steps, forward and back: a¹ … a^L, C, δ^L … δ¹, ∂C/∂w, ∂C/∂b; what is not computed yet is hidden.
//
// `step` is how many of them are done, or null for all: then nothing is hidden.

// [{ kind: 'a', layer: 1 }, …, { kind: 'C' }, { kind: 'd', layer: L }, …, { kind: 'w' }, { kind: 'b' }]
export function stepsOfPass(depth) {
  const layers = Array.from({ length: depth }, (_, place) => place + 1);
  return [
    ...layers.map((layer) => ({ kind: 'a', layer })), { kind: 'C', layer: 0 },
    ...[...layers].reverse().map((layer) => ({ kind: 'd', layer })), { kind: 'w', layer: 0 }, { kind: 'b', layer: 0 },
  ];
}

// How many steps it takes until a quantity is known.
export function stepsUntil({ kind, layer }, depth) {
  switch (kind) {
    case 'z': return layer;
    case 'a': return layer;
    case 'C': return depth + 1;
    case 'd': return 2 * depth + 2 - layer;
    default: return 0; // x, y, w and b are given
  }
}

// How many until ∂C/∂ of a quantity is: ∂C/∂a is on the way to δ of its layer.
export function stepsUntilSlope({ kind, layer }, depth) {
  switch (kind) {
    case 'z': case 'a': case 'd': return 2 * depth + 2 - layer;
    case 'y': return depth + 2;
    case 'b': return 2 * depth + 3;
    case 'C': return depth + 1;
    default: return 2 * depth + 2; // of w, and of x
  }
}

export function isKnown(step, needed) {
  return step === null || needed <= step;
}

// A function that gives a pass with NaN for whatever is not computed at a step; ∂C/∂w and ∂C/∂b, which anyone works out from
// it, are named in `unknownSlopes`.
export function hiderOf(depth) {
  let kept = { now: null, step: null, found: null };
  return (now, step) => {
    if (step === null) return now;
    if (kept.now !== now || kept.step !== step) kept = { now, step, found: hidden(now, step, depth) };
    return kept.found;
  };
}

function hidden(now, step, depth) {
  const orNaN = (needed) => (values) => (isKnown(step, needed) ? values : values.map(() => NaN));
  const byLayer = (values, neededOf) => values.map((each, layer) => each && orNaN(neededOf(layer))(each));
  const C = isKnown(step, depth + 1) ? now.C : NaN;
  const { pass, back } = now;
  const slopeStep = (layer) => stepsUntilSlope({ kind: layer ? 'a' : 'x', layer }, depth);
  return {
    ...now,
    C,
    unknownSlopes: isKnown(step, 2 * depth + 2) ? 'b' : 'wb',
    pass: { ...pass, z: byLayer(pass.z, (layer) => layer), a: byLayer(pass.a, (layer) => layer) },
    back: {
      C,
      delta: byLayer(back.delta, (layer) => stepsUntil({ kind: 'd', layer }, depth)),
      raw: byLayer(back.raw, slopeStep),
      target: orNaN(depth + 2)(back.target),
    },
  };
}
