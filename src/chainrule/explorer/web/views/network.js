// The network on the row: neurons filled by a and ringed by |δ|, edges as wide as |w|, dashed where w is negative.
// Of a layer of many neurons some are drawn, and a band says how many more there are.

import { writeId } from '../ids.js';
import { neuronsOf } from '../neurons.js';
import { brief } from '../numbers.js';
import { ownName, unscaledText } from '../terms.js';
import { cutTo, widthOf } from './drawn.js';
import { BESIDE_NEURON, freePlace, idOfNode, isOver } from './layout.js';

const MOST_EDGES = 64; // that the Tab key stops at
const WIDEST = 5;
const SHORT_HEADS = 66; // pixels between layers below which their heads are numbers
const NAME_LETTER = 13; // pixels of the letters in a neuron
const NOTE = 12; // pixels of the letters below a head or an input

// now: { net, x, y, pass, back }; selected: an id; name and words write an id as the convention does
export function networkView({ layout, now, selected, model, size, name, words }) {
  const scales = scalesOf(layout, now);
  const drawing = { layout, now, selected, model, scales, name, words };
  return ['svg', { class: 'drawing', width: size.width, height: size.height, role: 'group', 'aria-label': 'the network',
    'data-act': 'pick' },
  heads(drawing),
  ['g', {}, edgesDrawn(drawing)],
  ['g', {}, layout.bands.map((band) => bandDrawn(band, layout.apart))],
  ['g', {}, layout.nodes.map((node) => nodeDrawn(node, drawing))]];
}

function scalesOf({ nodes, edges }, { net, pass, back }) {
  const most = (values) => Math.max(1e-300, ...values.filter(Number.isFinite).map(Math.abs));
  const inLayer = (layer) => nodes.filter((each) => each.layer === layer);
  const sizes = net.sizes.map((_, layer) => most(inLayer(layer).map((each) => pass.a[layer][each.neuron])));
  return {
    a: sizes,
    delta: most(nodes.filter((each) => each.layer > 0).map((each) => back.delta[each.layer][each.neuron])),
    w: most(edges.map(({ id }) => weightOf(net, id))),
  };
}

function weightOf(net, { layer, neuron, source }) {
  return net.w[layer][neuron * net.sizes[layer - 1] + source];
}

function heads({ layout, model }) {
  const { sizes, activationNames } = model.shape;
  const last = sizes.length - 1;
  const isShort = layout.apart < SHORT_HEADS;
  const headOf = (layer) => {
    if (layer === 0) return isShort ? 'in' : 'input';
    if (layer === last) return isShort ? 'out' : 'output';
    return isShort ? String(layer) : `layer ${layer}`;
  };
  return ['g', { 'aria-hidden': 'true' }, sizes.map((_, layer) => {
    const x = layout.column(layer);
    return [['text', { class: 'head', x, y: 18 }, headOf(layer)],
      layer === 0 ? null : ['text', { class: 'note', x, y: 34 }, cutTo(activationNames[layer - 1], layout.apart / NOTE)]];
  })];
}

function edgesDrawn({ layout, now, selected, scales, words }) {
  const chosen = writeId(selected);
  const few = layout.edges.length <= MOST_EDGES;
  const drawn = layout.edges.map((edge) => {
    const id = writeId(edge.id);
    const { weight, d, sign, width } = strokeOf(edge, now.net, scales);
    const access = few ? { role: 'button', tabindex: 0, 'aria-label': `${words(edge.id)}: ${brief(weight)}`,
      'aria-pressed': id === chosen ? 'true' : 'false' } : {};
    return ['g', { class: `edge ${sign}${few ? '' : ' faint'}`, 'data-id': id, ...access },
      ['path', { class: 'stroke', d, 'stroke-width': width }]];
  });
  return [drawn, chosenEdge(layout, now.net, scales, chosen), edgeNumbers(layout, now, chosen)];
}

function strokeOf({ id, from, to }, net, scales) {
  const weight = weightOf(net, id);
  const width = 0.5 + WIDEST * Math.sqrt(Math.min(1, Math.abs(weight) / scales.w));
  return { weight, width, d: `M${from.x} ${from.y}L${to.x} ${to.y}`, sign: weight < 0 ? 'negative' : 'positive' };
}

// the selected one once more, above all others
function chosenEdge({ edges }, net, scales, chosen) {
  const edge = edges.find((each) => writeId(each.id) === chosen);
  if (edge === undefined) return null;
  const { d, sign, width } = strokeOf(edge, net, scales);
  return ['g', { class: `edge chosen ${sign}`, 'data-id': chosen, 'aria-hidden': 'true' },
    ['path', { class: 'glow', d, 'stroke-width': width + 9 }],
    ['path', { class: 'stroke', d, 'stroke-width': width }]];
}

// The weights on their edges where there is room; that of the selected one before all others.
function edgeNumbers({ edges, boxes }, now, chosen) {
  const own = edges.find((edge) => writeId(edge.id) === chosen);
  const ownPlace = own === undefined ? undefined : own.place ?? freePlace(own, boxes);
  return edges.map((edge) => {
    const isChosen = edge === own;
    const place = isChosen ? ownPlace : edge.place;
    if (place === undefined || (!isChosen && ownPlace !== undefined && isOver(place, ownPlace))) return null;
    const { x, y } = place;
    const weight = weightOf(now.net, edge.id);
    const look = `weight ${weight < 0 ? 'negative' : 'positive'}${isChosen ? ' chosen' : ''}`;
    return ['text', { class: look, x, y: y + 4 }, brief(weight)];
  });
}

function bandDrawn({ x, y, more }, apart) {
  const isShort = apart < SHORT_HEADS + 8;
  const half = isShort ? 20 : 34;
  return ['g', { class: 'band' },
    ['rect', { x: x - half, y: y - 11, width: 2 * half, height: 22, rx: 11 }],
    ['text', { x, y: y + 4 }, isShort ? `+ ${more}` : `${more} more`]];
}

function nodeDrawn(node, { layout, now, selected, model, scales, name, words }) {
  const { x, y, layer, neuron } = node;
  const id = idOfNode(node);
  const a = now.pass.a[layer][neuron];
  const delta = layer === 0 ? 0 : now.back.delta[layer][neuron];
  const isThis = (each) => each.layer === layer && each.neuron === neuron;
  const isChosen = selected.kind !== 'w' && neuronsOf(selected).some(isThis);
  const isLast = layer === model.shape.sizes.length - 1;
  const activation = { ...id, kind: layer === 0 ? 'x' : 'a' };
  const said = `${words(activation)}: ${brief(a)}${layer === 0 ? '' : `, δ ${brief(delta)}`}`;
  const { radius, isTight } = layout;
  const texts = isTight ? textsBeside(node, layout, isLast, a, layer === 0 ? null : delta) : [
    ['text', { class: 'a', x, y: y - radius - 7 }, brief(a)],
    layer === 0 ? null : ['text', { class: 'delta', x, y: y + radius + 16 }, brief(delta)],
  ];
  if (layer === 0) texts.push(noteOf(node, layout, model, a));
  if (NAME_LETTER * widthOf(name(activation)) < 2.4 * radius) {
    texts.push(['text', { class: 'name', x, y: y + 4 }, name(activation)]);
  }
  const besides = x + radius + (isTight ? BESIDE_NEURON : 12);
  if (isLast) texts.push(...targetTexts(model, now, neuron, layout, besides, y + 4));
  return ['g', { class: `node${isChosen ? ' chosen' : ''}`, role: 'button', tabindex: 0, 'data-id': writeId(id),
    'aria-label': said, 'aria-pressed': isChosen ? 'true' : 'false' },
  ['circle', { class: 'paper', cx: x, cy: y, r: radius }],
  layer === 0 ? null : ['circle', { class: 'ring', cx: x, cy: y, r: radius + 1,
    'stroke-width': 1 + 8 * Math.min(1, Math.abs(delta) / scales.delta) }],
  ['circle', { class: 'fill', cx: x, cy: y, r: radius, 'fill-opacity': opacity(a, scales.a[layer]) }],
  isChosen ? ['circle', { class: 'halo', cx: x, cy: y, r: radius + 8 }] : null,
  texts];
}

// "petal length 1.4": what an input is called, cut where there is no room, and its value before scaling
function noteOf({ x, y, neuron }, { radius, isTight, hasNamesBelow, hasNamesBeside }, model, value) {
  if (!hasNamesBelow && !hasNamesBeside) return null;
  const id = { kind: 'x', layer: 0, neuron };
  const [name, unscaled] = [ownName(model, id), unscaledText(model, id, value)];
  const behind = unscaled === null ? '' : ` ${unscaled}`;
  const room = (hasNamesBelow ? 2 * x - 4 : x - radius - 10) / NOTE;
  const place = hasNamesBelow ? { class: 'note', x, y: y + radius + (isTight ? 13 : 16) }
    : { class: 'note at-end', x: x - radius - 6, y: y + 4 };
  return name === null ? null : ['text', place, cutTo(name, room - widthOf(behind)) + behind];
}

// where there is no room above and below
function textsBeside({ x, y }, { radius, hasValues, hasErrors }, isLast, a, delta) {
  if (!hasValues && !isLast) return [];
  const isDouble = hasErrors && delta !== null;
  const text = (look, down, value) => ['text', { class: `${look} beside`, x: x + radius + 5, y: y + down }, brief(value)];
  return [text('a', isDouble ? -3 : 4, a), isDouble ? text('delta', 12, delta) : null];
}

function opacity(value, most) {
  return Number.isFinite(value) ? (0.08 + 0.52 * Math.min(1, Math.abs(value) / most)).toFixed(3) : 0;
}

// Beside an output: its class and whether that is the target, in two lines where there is room below, else its y.
function targetTexts(model, now, neuron, { isTight, nameRoom }, x, y) {
  const text = (says, at) => ['text', { class: 'target', x, y: at }, says];
  const target = now.y[neuron];
  const names = model.classNames;
  if (names === null || names.length !== now.y.length) return [text(`y = ${brief(target)}`, y)];
  const says = target === 1 ? '← target' : target === 0 ? '' : `y ${brief(target)}`;
  const name = cutTo(names[neuron], nameRoom);
  if (isTight || says === '') return [text(`${name} ${says}`, y)];
  return [text(name, y - 8), text(says, y + 8)];
}
