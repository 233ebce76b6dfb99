// Where the neurons and edges of a network are drawn, and where on its edges there is room for numbers.

import { widthOf } from './drawn.js';

const FIRST_COLUMN = 56; // pixels from the edge of the drawing to the inputs
const NAMES_COLUMN = 124; // where the names of inputs stand beside them
const WIDE = 520; // pixels of a drawing that has room for those
const FIRST_ROW = 58;
const BELOW_NEURONS = 34;
const LARGEST_RADIUS = 26; // a radius
const LARGEST_TIGHT = 18; // of neurons with their numbers beside them
const AROUND_NEURON = 20; // pixels above and below a neuron for its numbers
const ROOMY = 12; // the radius from which on numbers have room there; else they stand beside it
export const BESIDE_NEURON = 72; // pixels of a number beside a neuron
const TWO_LINES = 34; // pixels from neuron to neuron for two lines beside each
const NOTE_ROOM = 18; // between two inputs for what the upper one is called
const TARGET_LETTER = 13; // pixels of the letters beside an output
const ARROW_ROOM = 64; // pixels of "← target"
const TARGET_ROOM = 84; // and of "y = −0.123"
const NEAR_EDGE = 14; // pixels from an edge within which a click is meant for it
const MOST_NUMBERS = 30; // edges with their weight written on them
const WIDE_APART = 150; // pixels between two layers from which on edges have room for numbers
const WEIGHT_ROOM = { width: 50, height: 16 }; // the room of a weight
const ABOVE_EDGE = 11; // pixels from an edge to the middle of its number
const ALONG_EDGE = [0.27, 0.34, 0.2, 0.41, 0.48, 0.55, 0.62, 0.7]; // parts of an edge before its number, the best first

// nodes [{ layer, neuron, x, y }] and the boxes that they take with their numbers, edges between them with the places of
// theirs, and bands for neurons left out
export function layoutOf({ shape, shown, size, inputNames = null, classNames = null }) {
  const { sizes } = shape;
  const depth = sizes.length - 1;
  const [top, foot] = [FIRST_ROW, size.height - BELOW_NEURONS];
  const rowsOf = (neurons, layer) => neurons.length + (neurons.length < sizes[layer] ? 1 : 0); // and a band
  const pitch = (foot - top) / Math.max(...shown.map(rowsOf));
  const longest = classNames === null ? 0 : TARGET_LETTER * Math.max(...classNames.map(widthOf));
  const besideRoomy = classNames === null ? TARGET_ROOM : Math.max(ARROW_ROOM, Math.min(longest, 0.2 * size.width));
  const asideRoomy = LARGEST_RADIUS + 14 + besideRoomy;
  const apartRoomy = (size.width - FIRST_COLUMN - asideRoomy) / depth;
  const roomy = Math.min(LARGEST_RADIUS, pitch / 2 - AROUND_NEURON, 0.3 * apartRoomy);
  const isTight = roomy < ROOMY;
  const besideTight = classNames === null ? TARGET_ROOM : ARROW_ROOM + Math.min(longest, 0.12 * size.width);
  const aside = isTight ? LARGEST_TIGHT + BESIDE_NEURON + 8 + besideTight : asideRoomy;
  const inputPitch = (foot - top) / rowsOf(shown[0], 0);
  const hasNamesBelow = inputPitch >= 2 * Math.min(isTight ? LARGEST_TIGHT : roomy, pitch / 2 - 5) + NOTE_ROOM;
  const first = inputNames === null || hasNamesBelow || size.width < WIDE ? FIRST_COLUMN : NAMES_COLUMN;
  const apart = (size.width - first - aside) / depth;
  const radius = isTight ? Math.max(8, Math.min(LARGEST_TIGHT, pitch / 2 - 5, 0.2 * apart)) : roomy;
  const hasValues = !isTight || apart > 2 * radius + BESIDE_NEURON;
  const column = (layer) => first + apart * layer;
  const nodes = shown.flatMap((neurons, layer) => {
    const rows = rowsOf(neurons, layer);
    const step = Math.min((foot - top) / rows, 5.2 * radius);
    const start = (top + foot - step * (rows - 1)) / 2;
    return neurons.map((neuron, place) => ({ layer, neuron, x: column(layer), y: start + step * place }));
  });
  const edges = edgesBetween(nodes);
  const hasRoom = !isTight && apart > WIDE_APART && edges.length <= MOST_NUMBERS;
  const boxes = boxesOfNodes(nodes, { radius, isTight, hasValues });
  return {
    nodes, boxes, radius, isTight, apart, column, hasValues, edges: hasRoom ? withNumbers(edges, boxes) : edges,
    bands: bandsOf(nodes, sizes, radius),
    hasErrors: !isTight || pitch >= TWO_LINES,
    hasNamesBelow, hasNamesBeside: first === NAMES_COLUMN,
    nameRoom: (isTight ? besideTight - ARROW_ROOM : besideRoomy) / TARGET_LETTER,
  };
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

// What numbers of edges are not to be over: the neurons with their own numbers.
function boxesOfNodes(nodes, { radius, isTight, hasValues }) {
  return nodes.flatMap(({ layer, x, y }) => {
    const circle = { x, y, width: 2 * radius + 6, height: 2 * radius + 6 };
    const text = (across, down, width, height = 18) => ({ x: x + across, y: y + down, width, height });
    if (!isTight) return [circle, text(0, -radius - 11, 56), text(0, radius + 12, layer === 0 ? 2 * x : 56)];
    return hasValues ? [circle, text(radius + BESIDE_NEURON / 2, 0, BESIDE_NEURON, 30)] : [circle];
  });
}

// The edges with the places of their numbers, where one is over nothing else.
function withNumbers(edges, boxes) {
  const taken = [...boxes];
  return edges.map((edge) => {
    const place = freePlace(edge, taken);
    if (place === undefined) return edge;
    taken.push(place);
    return { ...edge, place };
  });
}

// The best place for a number of an edge that is over none of these boxes, if there is one.
export function freePlace(edge, taken) {
  return ALONG_EDGE.map((along) => numberPlace(edge, along)).find((each) => taken.every((other) => !isOver(each, other)));
}

// beside the line, not across it
function numberPlace({ from, to }, along) {
  const [across, down] = [to.x - from.x, to.y - from.y];
  const above = ABOVE_EDGE / Math.hypot(across, down);
  return { x: from.x + along * across + above * down, y: from.y + along * down - above * across, ...WEIGHT_ROOM };
}

export function isOver(one, other) {
  const isNear = (middle, size) => 2 * Math.abs(one[middle] - other[middle]) < one[size] + other[size];
  return isNear('x', 'width') && isNear('y', 'height');
}

// What a click at a pixel selects: the neuron there, or the nearest edge.
export function idAt({ nodes, edges, radius }, x, y) {
  const node = nodes.find((each) => Math.hypot(each.x - x, each.y - y) <= Math.max(radius + 4, 14));
  if (node !== undefined) return idOfNode(node);
  let nearest = null;
  let least = NEAR_EDGE;
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

export function idOfNode({ layer, neuron }) {
  return { kind: layer === 0 ? 'x' : 'z', layer, neuron, source: 0 };
}
