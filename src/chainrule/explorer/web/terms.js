// Inputs and targets in a user's own terms: what columns and classes are called, and values as the table has them.

import { short } from './numbers.js';

// What an input is called, or what an output stands for; null where that is not known.
export function ownName(model, { kind, layer, neuron }) {
  if (kind === 'x') return model.inputNames === null ? null : model.inputNames[neuron];
  const { sizes } = model.shape;
  const isOutput = kind === 'y' || ('za'.includes(kind) && layer === sizes.length - 1);
  if (!isOutput) return null;
  if (model.classNames?.length === sizes.at(-1)) return className(model.classNames[neuron]);
  return model.targetName === 'target' ? null : model.targetName;
}

// A class that is called 3 is not a mark of a scale, nor a number of a neuron.
function className(name) {
  return name.trim() !== '' && Number.isFinite(Number(name)) ? `class ${name}` : name;
}

// "1.4", where the table has that and the network reads −1.34; null where it reads what the table has.
export function unscaledText(model, { kind, neuron }, value) {
  const scaling = { x: model.scaling, y: model.targetScaling }[kind] ?? null;
  if (scaling === null || Number.isNaN(value)) return null;
  const [mean, scale] = [scaling.mean[neuron], scaling.scale[neuron]];
  return mean === 0 && scale === 1 ? null : short(value * scale + mean);
}

// "petal length, 1.4 before scaling", as much of it as is known
export function ownText(model, id, value) {
  const unscaled = unscaledText(model, id, value);
  const parts = [ownName(model, id), unscaled === null ? null : `${unscaled} before scaling`];
  return parts.filter((each) => each !== null).join(', ');
}

// The target of a row as its table has it: "setosa" or "152"; null where neither is known, or there are several.
export function targetText(model, y) {
  if (model.classNames !== null) return model.classNames[classOf(y)];
  return y.length === 1 ? unscaledText(model, { kind: 'y', neuron: 0 }, y[0]) : null;
}

// "3, read as 5", or the target and the answer as numbers
export function readingOf(model, now) {
  const output = now.pass.a[model.net.depth];
  if (model.classNames === null) {
    const answer = output.some(Number.isNaN) ? '—' : fewNumbers(model, output);
    return `${model.targetName} ${fewNumbers(model, now.y)}, answer ${answer}`;
  }
  const target = targetText(model, now.y);
  if (output.some(Number.isNaN)) return `${target}, not read yet`;
  const answer = model.classNames[classOf(output, model.shape.activationNames.at(-1) === 'identity' ? 0 : 0.5)];
  return target === answer ? `${target}, read rightly` : `${target}, read as ${answer}`;
}

// "152 → 0.31": before scaling, and as the network has it
function fewNumbers(model, values) {
  const shown = Array.from(values.slice(0, 4), (each, neuron) => {
    const unscaled = unscaledText(model, { kind: 'y', neuron }, each);
    return unscaled === null ? short(each) : `${unscaled} → ${short(each)}`;
  });
  return shown.join(', ') + (values.length > 4 ? ', …' : '');
}

function classOf(values, threshold = 0.5) {
  if (values.length === 1) return values[0] > threshold ? 1 : 0;
  return values.indexOf(Math.max(...values));
}
