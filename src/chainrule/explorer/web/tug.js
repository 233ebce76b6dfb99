// The last layer as a tug of war, as in explanation/parts/tug_of_war.py: how hard each neuron below pulls for the
// target and against the answer.
//
// With z = w a + b, z_target − z_other = Σ_k a_k (w_target,k − w_other,k) + b_target − b_other: one pull for each
// neuron, and one of the biases. Where the answer is right, `other` is the runner-up. Without classes it is null, and
// the pulls on one output add up to its z.

import { inStyle, plain } from './numbers.js';

const FEWEST_DECIMALS = 3; // of an equation; more where the printed terms would not add up to the printed sum
const MOST_TRIED = 9;

// The target of a row and the output that it competes with.
export function rivalsOf(y, a) {
  const target = placeOfLargest(y, -1);
  return { target, other: placeOfLargest(a, target) };
}

// The output with the largest error alone, where targets are no classes.
export function furthestOff(delta) {
  return { target: placeOfLargest(delta.map(Math.abs), -1), other: null };
}

function placeOfLargest(values, without) {
  let found = -1;
  for (let place = 0; place < values.length; place += 1) {
    if (place !== without && (found < 0 || values[place] > values[found])) found = place;
  }
  return found;
}

// { pulls, biases, sides: [for, against], total } of two rivals in a pass.
export function tugOf(net, pass, { target, other }) {
  const [w, a] = [net.w[net.depth], pass.a[net.depth - 1]];
  const row = (neuron) => w.subarray(neuron * a.length, (neuron + 1) * a.length);
  const [mine, theirs] = [row(target), other === null ? null : row(other)];
  const pulls = a.map((value, k) => value * (theirs === null ? mine[k] : mine[k] - theirs[k]));
  const biases = biasBetween(net.b[net.depth], target, other);
  const sides = [sumWithoutLoss(pulls.filter((each) => each > 0)), sumWithoutLoss(pulls.filter((each) => each < 0))];
  return { pulls, biases, sides, total: sumWithoutLoss([...pulls, biases]) };
}

function biasBetween(b, target, other) {
  if (other === null) return b.length === 0 ? 0 : b[b.length > 1 ? target : 0];
  return b.length > 1 ? b[target] - b[other] : 0;
}

// From the strongest for the target to the strongest against it.
export function orderOfPulls(pulls) {
  return Array.from(pulls.keys()).sort((one, next) => pulls[next] - pulls[one] || one - next);
}

// A sum whose rounding errors are added up too (Neumaier 1974).
export function sumWithoutLoss(values) {
  let [sum, lost] = [0, 0];
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? (sum - next) + value : (value - next) + sum;
    sum = next;
  }
  return Number.isFinite(lost) ? sum + lost : sum;
}

// Terms and their sum with as many decimals as make the printed terms add up to the printed sum.
export function printedSum(terms, total) {
  let texts = [];
  for (let decimals = FEWEST_DECIMALS; decimals <= MOST_TRIED; decimals += 1) {
    texts = [...terms, total].map((each) => inStyle({ decimals }, each));
    if (addsUp(texts, decimals)) break;
  }
  return { terms: texts.slice(0, -1), total: texts[texts.length - 1] };
}

function addsUp(texts, decimals) {
  const units = texts.map((text) => Math.round(Number(plain(text)) * 10 ** decimals));
  const total = units.pop();
  return units.reduce((sum, each) => sum + each, 0) === total;
}

// log p of a softmax: z_j − log Σ_i e^(z_i).
export function logSoftmax(z) {
  const most = z.reduce((largest, each) => Math.max(largest, each), -Infinity);
  const sum = z.reduce((sofar, each) => sofar + Math.exp(each - most), 0);
  return z.map((each) => each - most - Math.log(sum));
}
