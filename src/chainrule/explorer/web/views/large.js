// A large network on the row: the input as the picture it is, between it and the outputs the tug of war of the last
// hidden layer, layers before that as bands; of a neuron of the first layer its weights beside their gradient.

import { openedNeuron, pulledBy, withoutAnswer } from '../arrangement.js';
import { makeId } from '../ids.js';
import { neuronsOf } from '../neurons.js';
import { brief } from '../numbers.js';
import { inkOf } from '../own_row.js';
import { ownName, unscaledText } from '../terms.js';
import { tugOf } from '../tug.js';
import { cellsView, gridIn } from './cells.js';
import { cutTo, widthOf } from './drawn.js';
import { outputName, outputsView } from './outputs.js';
import { equationView, pullText, pullsView } from './pulls.js';

const NARROW = 560; // pixels of width below which pulls and outputs stand below the input
const LONG_EQUATION = 660; // pixels that an equation with all its words takes
const EDGE = 14;
const HEAD_LETTER = 14; // pixels of the letters of a head
const HEAD = 40; // pixels above what a column shows
const FOOT = 56; // pixels for the equation
const LEAST_SIZE = 300; // pixels, either way
const ROOM_FOR_HEAD = 62; // pixels of a small picture's head
const TWO_LINES_OF_INPUT = 40; // pixels of an input's name and of its values below it
const INPUT_LETTER = 13; // pixels of its letters
const LISTED_INPUTS = 10; // that have room for their numbers

// Where everything is, in pixels; as in the least size where there is less, for a moment, as a view appears or goes.
function boxesOf(size, bands) {
  const [width, height] = [Math.max(size.width, LEAST_SIZE), Math.max(size.height, LEAST_SIZE)];
  const foot = height - FOOT;
  if (width < NARROW) {
    const side = Math.min(112, width * 0.3);
    const [left, top] = [EDGE + side + 16, 36];
    const rest = width - left - EDGE;
    const wide = (rest - 8 * (bands + 1)) / (bands + 2);
    const below = top + side + 18;
    return {
      isNarrow: true,
      input: { x: EDGE, y: top, width: side, height: side },
      opened: [0, 1].map((place) => ({ x: left + (wide + 8) * (bands + place), y: top, width: wide, height: side })),
      bands: Array.from({ length: bands }, (_, place) =>
        ({ x: left + (wide + 8) * place, y: top, width: wide, height: side })),
      pulls: { x: EDGE, y: below, width: 0.36 * width, height: foot - below },
      outputs: { x: 0.36 * width + 2 * EDGE, y: below + 24, width: 0.64 * width - 3 * EDGE, height: foot - below - 24 },
    };
  }
  const side = Math.min(320, (bands === 0 ? 0.25 : 0.2) * width, (foot - HEAD - 44) / 1.5);
  const half = (side - 10) / 2;
  const outputs = Math.min(520, (bands === 0 ? 0.38 : 0.35) * width);
  const band = bands === 0 ? 0 : Math.min(90, (0.11 * width) / bands);
  const start = EDGE + side + 22;
  const pulls = start + (band + 14) * bands;
  const openedTop = HEAD + side + 42;
  return {
    isNarrow: false,
    input: { x: EDGE, y: HEAD, width: side, height: side },
    opened: [0, 1].map((place) =>
      ({ x: EDGE + (half + 10) * place, y: openedTop, width: half, height: foot - openedTop - 4 })),
    bands: Array.from({ length: bands }, (_, place) =>
      ({ x: start + (band + 14) * place, y: HEAD, width: band, height: foot - HEAD - 4 })),
    pulls: { x: pulls, y: 0, width: width - EDGE - outputs - 24 - pulls, height: foot },
    outputs: { x: width - EDGE - outputs, y: 24, width: outputs, height: foot - 24 },
  };
}

// arranged: as arrangementOf made it; a row of a reader's own can be drawn on
export function largeView({ state, now, model, arranged: whole, selected, size, convention, name, words }) {
  const { depth, sizes } = now.net;
  const bands = Math.max(0, depth - 2);
  const boxes = boxesOf(size, bands);
  const isWaiting = now.pass.a[depth].every(Number.isNaN); // while a pass is stepped through
  const arranged = isWaiting ? withoutAnswer(whole, now.net) : whole;
  const outputText = (j) => (j === null ? null : outputName(model, j, convention.base));
  const texts = { target: outputText(whole.pair.target), other: outputText(whole.pair.other) };
  const lit = pulledBy(selected, depth);
  const isDrawn = state.own !== null;
  const { isNarrow } = boxes;
  const { width, height } = size;
  const tug = { tug: tugOf(now.net, now.pass, whole.pair), arranged, lit, now, depth, texts, isNarrow, name, words };
  const drawn = { now, model, arranged, selected, boxes, depth, isDrawn, name, words };
  const note = isWaiting ? 'pulls are the terms of an output: they come with the outputs' : pullText(tug);
  return ['svg', { class: 'drawing large', width, height, role: 'group', 'aria-label': 'the network' },
    largeHeads(drawn),
    inputDrawn(drawn),
    boxes.bands.map((box, place) => bandOfCells(drawn, place + 1, box)),
    openedDrawn(drawn),
    isWaiting ? lastHiddenLayer(drawn) : pullsView({ ...tug, box: boxes.pulls }),
    outputsView({ now, model, arranged, box: boxes.outputs, lit: litOutput(selected, depth), convention, words }),
    isWaiting ? null : equationView({
      ...tug, x: EDGE, y: height - 30, asRatio: now.net.sigma[depth].full, isNarrow: width < LONG_EQUATION,
    }),
    ['text', { class: 'note start', x: EDGE, y: height - 11 }, note]];
}

function litOutput(selected, depth) {
  if (selected.kind === 'y') return selected.neuron;
  return neuronsOf(selected).find((each) => each.layer === depth)?.neuron ?? null;
}

function largeHeads({ model, boxes, depth, now, isDrawn }) {
  const names = model.shape.activationNames;
  const { sizes } = now.net;
  const at = (box, head, note) => [
    ['text', { class: 'head start', x: box.x, y: 18 }, head],
    note === null ? null : ['text', { class: 'note start', x: box.x, y: 34 }, note]];
  const last = boxes.isNarrow ? null : at(boxes.outputs, `output, ${names[depth - 1]}`, null);
  const input = boxes.isNarrow ? 'input' : `input, ${sizes[0]}`;
  const end = boxes.isNarrow ? boxes.outputs.x + boxes.outputs.width : boxes.outputs.x - 8;
  const hidden = depth === 1 ? `${sizes[0]} inputs` : `layer ${depth - 1}: ${sizes[depth - 1]} ${names[depth - 2]}`;
  return ['g', { 'aria-hidden': 'true' },
    ['text', { class: 'head start', x: boxes.input.x, y: 18 }, isDrawn ? 'draw here' : input],
    boxes.bands.map((box, place) =>
      at(box, `layer ${place + 1}`, boxes.isNarrow ? null : `${sizes[place + 1]} ${names[place]}`)),
    ['text', { class: 'head start', x: boxes.pulls.x, y: boxes.isNarrow ? boxes.pulls.y + 14 : 18 },
      cutTo(hidden, (end - boxes.pulls.x) / HEAD_LETTER)],
    last];
}

// the input -----------------------------------------------------------------------------------------------------------
function inputDrawn(drawn) {
  const { now, model, boxes } = drawn;
  if (model.picture === null && now.x.length <= LISTED_INPUTS) return inputList(drawn);
  const grid = gridIn(now.x.length, boxes.input, model.picture === null ? null : model.picture[1]);
  const chosen = neuronsOf(drawn.selected).find((each) => each.layer === 0)?.neuron ?? null;
  const values = model.pixels === null ? scaledTo(now.x, drawn.arranged.scales.layers[0]) : inkOf(model, now.x);
  const said = chosen === null ? '' : `; selected: ${inputText(drawn, chosen)}`;
  const label = drawn.isDrawn
    ? `draw here with the mouse or a finger, with Shift to erase; arrow keys move, Space turns a pixel${said}`
    : `the input, ${grid.rows} by ${grid.columns}; arrow keys select${said}`;
  const drag = drawn.isDrawn ? 'paint' : null;
  return cellsView({ grid, values, ink: model.pixels !== null, prefix: 'x/', label, chosen, drag });
}

function inputText({ model, now, words }, k) {
  const id = makeId('x', 0, k);
  const unscaled = unscaledText(model, id, now.x[k]);
  return `${words(id)}: ${brief(now.x[k])}${unscaled === null ? '' : `, ${unscaled} before scaling`}`;
}

function inputList(drawn) {
  const { now, boxes, selected, name, model } = drawn;
  const { input } = boxes;
  const room = (boxes.isNarrow ? input.height : boxes.pulls.height - input.y) / now.x.length;
  const isRoomy = room >= TWO_LINES_OF_INPUT;
  const pitch = Math.min(isRoomy ? TWO_LINES_OF_INPUT : 26, room);
  return ['g', { class: 'inputs' }, Array.from(now.x, (value, k) => {
    const isLit = neuronsOf(selected).some((each) => each.layer === 0 && each.neuron === k);
    const id = makeId('x', 0, k);
    const unscaled = unscaledText(model, id, value);
    const amount = isRoomy && unscaled !== null ? `${unscaled} → ${brief(value)}` : brief(value);
    const letters = (input.width - 8) / INPUT_LETTER - (isRoomy ? 0 : widthOf(`  ${amount}`));
    const label = cutTo(ownName(model, id) ?? name(id), letters);
    const y = input.y + pitch * k + (isRoomy ? 0.4 : 0.68) * pitch;
    return ['g', { class: `input${isLit ? ' lit' : ''}`, role: 'button', tabindex: 0, 'data-id': `x/${k}`,
      'aria-label': inputText(drawn, k), 'aria-pressed': isLit ? 'true' : 'false' },
    ['rect', { class: 'reach', x: input.x, y: input.y + pitch * k, width: input.width, height: pitch }],
    ['text', { class: 'label start', x: input.x + 4, y }, label],
    ['text', { class: 'amount end', x: input.x + input.width - 4, y: isRoomy ? y + 0.42 * pitch : y }, amount]];
  })];
}

function scaledTo(values, most) {
  return values.map((each) => each / most);
}

// hidden layers -------------------------------------------------------------------------------------------------------
function bandOfCells({ now, arranged, selected, words }, layer, box) {
  const a = now.pass.a[layer];
  const grid = gridIn(a.length, box);
  const chosen = neuronsOf(selected).find((each) => each.layer === layer)?.neuron ?? null;
  const said = chosen === null ? '' : `; selected: ${words(makeId('a', layer, chosen))}: ${brief(a[chosen])}`;
  return cellsView({ grid, values: scaledTo(a, arranged.scales.layers[layer]), prefix: `z/${layer}/`, chosen,
    label: `layer ${layer}, ${a.length} neurons; arrow keys select${said}` });
}

// where the pulls will be, as long as there are none
function lastHiddenLayer(drawn) {
  const { depth, boxes: { pulls, isNarrow } } = drawn;
  const head = isNarrow ? 24 : HEAD;
  const box = { ...pulls, y: pulls.y + head, height: pulls.height - head };
  return depth === 1 ? null : bandOfCells(drawn, depth - 1, box);
}

// The weights into the neuron of layer 1 that the selection is about, and ∂C/∂w = x · δ beside them.
function openedDrawn({ now, model, selected, boxes, name, words }) {
  const neuron = openedNeuron(selected);
  if (neuron === null || now.x.length <= LISTED_INPUTS) return null;
  const inputs = now.x.length;
  const weights = now.net.w[1].subarray(neuron * inputs, (neuron + 1) * inputs);
  const delta = now.back.delta[1][neuron];
  const slopes = now.x.map((x) => x * delta);
  const chosen = selected.kind === 'w' && selected.layer === 1 ? selected.source : null;
  const a = name(makeId('a', 1, neuron));
  const columns = model.picture === null ? null : model.picture[1];
  const pictures = [
    [weights, boxes.opened[0].width < ROOM_FOR_HEAD ? `w, ${a}` : `w into ${a}`, 'the weights into'],
    [slopes, delta === 0 ? 'x · δ = 0' : 'x · δ', '∂C/∂w of the weights into'],
  ];
  return ['g', { class: 'opened' }, pictures.map(([values, head, what], place) => {
    const box = boxes.opened[place];
    const grid = gridIn(inputs, box, columns);
    const most = values.reduce((largest, each) => Math.max(largest, Math.abs(each)), 0) || 1;
    const label = `${what} ${words(makeId('z', 1, neuron))}, blue positive, orange negative; arrow keys select`;
    return [['text', { class: 'note start', x: box.x, y: box.y - 8 }, head],
      cellsView({ grid, values: scaledTo(values, most), prefix: `w/1/${neuron}/`, chosen, label })];
  })];
}
