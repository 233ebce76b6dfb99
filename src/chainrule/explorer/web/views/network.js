// The network on the row: neurons filled by a and ringed by |δ|, edges as wide as |w|, dashed where w is negative.
// Of a layer of many neurons some are drawn, and a band says how many more there are.

import { writeId } from '../ids.js';
import { neuronsOf } from '../neurons.js';
import { brief } from '../numbers.js';

const MOST_EDGES = 64; // that the Tab key stops at
const MOST_NUMBERS = 30; // edges with their weight written on them
const NEAR = 14; // pixels from an edge within which a click is meant for it
const WIDEST = 5;
const ALONG = 0.27; // the part of an edge before its number
const ABOVE = 11; // pixels from an edge to the middle of its number
const WIDE = 150; // pixels between two layers from which on edges have room for numbers
const ROOMY = 12; // the radius from which on numbers have room above and below a neuron

// Where everything is: nodes [{ layer, neuron, x, y }], edges between them, and the bands.
export function layoutOf({ shape, shown, size }) {
  const { sizes } = shape;
  const depth = sizes.length - 1;
  const left = 56;
  const top = 58;
  const foot = size.height - 34;
  const rowsOf = (neurons, layer) => neurons.length + (neurons.length < sizes[layer] ? 1 : 0); // and a band
  const busiest = Math.max(...shown.map(rowsOf));
  const apart = (size.width - left - 96) / Math.max(depth, 1);
  const radius = Math.max(8, Math.min(26, (foot - top) / busiest / 2 - 16, 0.3 * apart));
  const isTight = radius < ROOMY;
  const right = size.width - (isTight ? 178 : 96);
  const column = (layer) => left + ((right - left) * layer) / depth;
  const nodes = shown.flatMap((neurons, layer) => {
    const rows = rowsOf(neurons, layer);
    const step = Math.min((foot - top) / rows, 5.2 * radius);
    const start = (top + foot - step * (rows - 1)) / 2;
    return neurons.map((neuron, place) => ({ layer, neuron, x: column(layer), y: start + step * place }));
  });
  const hasRoom = !isTight && (right - left) / depth > WIDE;
  const bands = bandsOf(nodes, sizes, radius);
  return { nodes, edges: edgesBetween(nodes), bands, radius, isTight, hasRoom, column };
}

function edgesBetween(nodes) {
  const drawn = nodes.filter((node) => node.layer > 0);
  return drawn.flatMap((to) =>
    nodes
      .filter((from) => from.layer === to.layer - 1)
      .map((from) => ({ from, to, id: { kind: 'w', layer: to.layer, neuron: to.neuron, source: from.neuron } })),
  );
}

// below the neurons of a layer of which not all are drawn
function bandsOf(nodes, sizes, radius) {
  return sizes.flatMap((count, layer) => {
    const drawn = nodes.filter((node) => node.layer === layer);
    if (drawn.length === count) return [];
    const last = drawn[drawn.length - 1];
    const step = drawn.length > 1 ? last.y - drawn[drawn.length - 2].y : 4 * radius;
    return [{ layer, x: last.x, y: last.y + step, more: count - drawn.length }];
  });
}

// What a click at a pixel selects: the neuron there, or the nearest edge.
export function idAt({ nodes, edges, radius }, x, y) {
  const node = nodes.find((each) => Math.hypot(each.x - x, each.y - y) <= Math.max(radius + 4, 14));
  if (node !== undefined) return idOfNode(node);
  let nearest = null;
  let least = NEAR;
  for (const edge of edges) {
    const distance = distanceTo(edge, x, y);
    if (distance < least) [nearest, least] = [edge.id, distance];
  }
  return nearest;
}

function distanceTo({ from, to }, x, y) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const along = Math.max(0, Math.min(1, ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(from.x + along * dx - x, from.y + along * dy - y);
}

function idOfNode({ layer, neuron }) {
  return { kind: layer === 0 ? 'x' : 'z', layer, neuron, source: 0 };
}

// now: { net, x, y, pass, back }; selected: an id; name and words write an id as the convention does
export function networkView({ layout, now, selected, model, size, name, words }) {
  const scales = scalesOf(layout, now);
  const drawing = { layout, now, selected, model, scales, name, words };
  return ['svg', { class: 'drawing', width: size.width, height: size.height, role: 'group', 'aria-label': 'the network',
    'data-act': 'pick' },
  heads(drawing),
  ['g', {}, edgesDrawn(drawing)],
  ['g', {}, layout.bands.map(bandDrawn)],
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
  return ['g', { 'aria-hidden': 'true' }, sizes.map((_, layer) => {
    const x = layout.column(layer);
    const head = layer === 0 ? 'input' : layer === last ? 'output' : `layer ${layer}`;
    return [['text', { class: 'head', x, y: 18 }, head],
      layer === 0 ? null : ['text', { class: 'note', x, y: 34 }, activationNames[layer - 1]]];
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

// The weights on their edges where there are few, else that of the selected one; before they cross others.
function edgeNumbers(layout, now, chosen) {
  const few = layout.edges.length <= MOST_NUMBERS && layout.hasRoom;
  return layout.edges.map((edge) => {
    const isChosen = writeId(edge.id) === chosen;
    if (!isChosen && !few) return null;
    const [across, down] = [edge.to.x - edge.from.x, edge.to.y - edge.from.y];
    const above = ABOVE / Math.hypot(across, down); // beside the line, not across it
    const along = layout.hasRoom ? ALONG : 0.5;
    const x = edge.from.x + along * across + above * down;
    const y = edge.from.y + along * down - above * across + 4;
    const weight = weightOf(now.net, edge.id);
    const look = `weight ${weight < 0 ? 'negative' : 'positive'}${isChosen ? ' chosen' : ''}`;
    return ['text', { class: look, x, y }, brief(weight)];
  });
}

function bandDrawn({ x, y, more }) {
  return ['g', { class: 'band' },
    ['rect', { x: x - 34, y: y - 11, width: 68, height: 22, rx: 11 }],
    ['text', { x, y: y + 4 }, `${more} more`]];
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
  const own = layer === 0 && model.inputNames !== null ? cutTo(model.inputNames[neuron], 14) : null;
  const texts = isTight
    ? [['text', { class: 'a beside', x: x + radius + 5, y: y + 4 }, brief(a)]]
    : [
      ['text', { class: 'a', x, y: y - radius - 7 }, brief(a)],
      layer === 0 ? null : ['text', { class: 'delta', x, y: y + radius + 16 }, brief(delta)],
      ['text', { class: 'name', x, y: y + 4 }, name(activation)],
      own === null ? null : ['text', { class: 'note', x, y: y + radius + 16 }, own],
    ];
  const besides = x + radius + (isTight ? 66 : 10);
  if (isLast) texts.push(...targetTexts(model, now, neuron, isTight, besides, y + 4));
  return ['g', { class: `node${isChosen ? ' chosen' : ''}`, role: 'button', tabindex: 0, 'data-id': writeId(id),
    'aria-label': said, 'aria-pressed': isChosen ? 'true' : 'false' },
  ['circle', { class: 'paper', cx: x, cy: y, r: radius }],
  layer === 0 ? null : ['circle', { class: 'ring', cx: x, cy: y, r: radius + 1,
    'stroke-width': 1 + 8 * Math.min(1, Math.abs(delta) / scales.delta) }],
  ['circle', { class: 'fill', cx: x, cy: y, r: radius, 'fill-opacity': opacity(a, scales.a[layer]) }],
  isChosen ? ['circle', { class: 'halo', cx: x, cy: y, r: radius + 8 }] : null,
  texts];
}

function opacity(value, most) {
  return Number.isFinite(value) ? (0.08 + 0.52 * Math.min(1, Math.abs(value) / most)).toFixed(3) : 0;
}

// Beside an output: its class and whether that is the target, in two lines where there is room below, else its y.
function targetTexts(model, now, neuron, isTight, x, y) {
  const text = (says, at) => ['text', { class: 'target', x, y: at }, says];
  const target = now.y[neuron];
  const names = model.classNames;
  if (names === null || names.length !== now.y.length) return [text(`y = ${brief(target)}`, y)];
  const says = target === 1 ? '← target' : target === 0 ? '' : `y ${brief(target)}`;
  const name = cutTo(names[neuron], isTight ? 5 : 8);
  if (isTight || says === '') return [text(`${name} ${says}`, y)];
  return [text(name, y - 8), text(says, y + 8)];
}

export function cutTo(text, most) {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`;
}
