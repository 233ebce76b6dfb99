// What is to be said where a demon can do little, in the words of nudges/demon.py: near its optimum, saturated, or of little
// effect (S0.16, S2.3).

import { slopeOf } from './engine.js';
import { fixedPercent, short } from './numbers.js';

const TRIED_CHANGE = 0.1; // the Δ whose prediction decides
const LITTLE = 1e-3; // of C: a prediction of less promises little
const FLAT_SLOPE = 0.05; // of the largest |σ′|: a neuron with less is saturated
const [LARGEST_Z, SLOPES] = [8, 1601]; // where the largest |σ′| is looked for

const largestSlopes = new WeakMap();

// { text, why }, or null where its slope promises something.
export function remarkOn(now, id) {
  const slope = slopeOf(now.net, now.pass, now.back, id);
  if (!(TRIED_CHANGE * Math.abs(slope) <= LITTLE * Math.abs(now.C))) return null;
  const promise = `Δ ${short(TRIED_CHANGE)} promises less than ${fixedPercent(100 * LITTLE).replace('+', '')} % of C`;
  if (areOutputsRight(now)) return { text: 'near optimal', why: `${promise}, and the outputs are right` };
  const stopped = stoppedBy(now, id);
  if (stopped === '') return { text: 'little effect', why: `${promise}, though the outputs are not right` };
  return { text: stopped, why: `${promise}: σ′ lets next to nothing through, so the slope does not tell what would help` };
}

// Whether C is next to nothing, or no output that is moved alone promises to lower it by more than that.
function areOutputsRight({ net, cost, back, C }) {
  if (Math.abs(C) <= LITTLE) return true;
  const errors = cost.delta ? back.delta[net.depth] : back.raw[net.depth];
  return errors.every((each) => TRIED_CHANGE * Math.abs(each) <= LITTLE * Math.abs(C));
}

// What lets nothing of the error through: σ′ of the neuron itself, or of a whole layer after it; '' where none does. No σ′ is
// passed where the cost is a function of z of the output (S3.14), and a softmax has a matrix.
function stoppedBy({ net, cost, pass }, { kind, layer, neuron }) {
  if (kind === 'y') return '';
  const hasOwn = 'zwb'.includes(kind);
  for (let l = kind === 'x' ? 1 : layer + (hasOwn ? 0 : 1); l <= net.depth; l += 1) {
    const sigma = net.sigma[l];
    if (sigma.full || (l === net.depth && cost.delta)) continue;
    const slopes = sigma.slope(pass.z[l], new Float64Array(net.sizes[l])).map(Math.abs);
    const isOwn = hasOwn && l === layer;
    const most = isOwn ? slopes[neuron] : Math.max(...slopes);
    const state = most === 0 ? 'off' : most < FLAT_SLOPE * largestSlope(sigma) ? 'saturated' : '';
    if (state !== '') return isOwn ? `${state} (σ′ = ${short(most, 3)})` : `layer ${l} is ${state}`;
  }
  return '';
}

function largestSlope(sigma) {
  if (!largestSlopes.has(sigma)) {
    const z = Float64Array.from({ length: SLOPES }, (_, place) => LARGEST_Z * ((2 * place) / (SLOPES - 1) - 1));
    const slopes = sigma.slope(z, new Float64Array(SLOPES)).filter((each) => !Number.isNaN(each));
    largestSlopes.set(sigma, slopes.reduce((most, each) => Math.max(most, Math.abs(each)), 0));
  }
  return largestSlopes.get(sigma);
}
