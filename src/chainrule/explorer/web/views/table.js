// The numbers of a view as a table: what a drawing shows, for those who do not see it, and for those who want every digit.

import { changeBy, missText, signedShort } from '../demon.js';
import { isDemonThere } from '../demon_control.js';
import { biasCount, writeId } from '../ids.js';
import { slopeAt, valueAt } from '../model.js';
import { inStyle, number, styleOf } from '../numbers.js';
import { ownText } from '../terms.js';

const MOST_TABLE_ROWS = 400;
const TRIED = [0.01, 0.1, 0.5, 1, 2]; // Δ of the demon, to both sides
const TABLE_POINTS = 16; // of a curve, between its ends

// head: texts; rows: [{ id, cells }], a cell a text
export function tableView({ title, head, rows }) {
  const shown = rows.slice(0, MOST_TABLE_ROWS);
  return ['div', { class: 'table', tabindex: 0, role: 'region', 'aria-label': title },
    ['table', {}, ['caption', {}, title],
      ['thead', {}, ['tr', {}, head.map((each) => ['th', { scope: 'col' }, each])]],
      ['tbody', {}, shown.map(({ id, cells }) => ['tr', { 'data-id': id ?? null },
        cells.map((cell, place) => (place === 0 ? ['th', { scope: 'row' }, cell] : ['td', {}, cell]))])]],
    rows.length > shown.length ? ['p', {}, `${rows.length - shown.length} more: all are in the CSV`] : null];
}

// the neurons that the network's view draws, and the weights between them
export function networkTable({ now, shown, name }, model) {
  const rows = shown.flatMap((neurons, layer) =>
    neurons.flatMap((neuron) => neuronRow(now, layer, neuron, name, model)));
  const weights = shown.slice(1).flatMap((neurons, before) => neurons.flatMap((neuron) =>
    shown[before].map((source) => givenRow(now, { kind: 'w', layer: before + 1, neuron, source }, name))));
  const biases = shown.slice(1).flatMap((neurons, before) => neurons
    .filter((neuron) => neuron < biasCount(model.shape, before + 1))
    .map((neuron) => givenRow(now, { kind: 'b', layer: before + 1, neuron, source: 0 }, name)));
  return { title: 'the network', head: ['', 'value', 'z', 'δ = ∂C/∂z', '∂C/∂'], rows: [...rows, ...weights, ...biases] };
}

function neuronRow({ pass, back }, layer, neuron, name, model) {
  const id = { kind: layer === 0 ? 'x' : 'a', layer, neuron, source: 0 };
  const [z, delta] = layer === 0 ? ['', ''] : [number(pass.z[layer][neuron]), number(back.delta[layer][neuron])];
  const said = [name(id), ownText(model, id, pass.a[layer][neuron])].filter((text) => text !== '').join(', ');
  const cells = [said, number(pass.a[layer][neuron]), z, delta, number(back.raw[layer][neuron])];
  return { id: writeId(id), cells };
}

// of a weight or a bias
function givenRow(now, id, name) {
  const slope = now.unknownSlopes?.includes(id.kind) ? NaN : slopeAt(now, id);
  return { id: writeId(id), cells: [name(id), number(valueAt(now, id)), '', '', number(slope)] };
}

export function linesTable(lines) {
  const rows = lines.map(({ id, name, own, value, before }) => ({ id, cells: [
    own === '' ? name : `${name}, ${own}`, number(before), number(value), number(value - before, true)] }));
  return { title: 'number lines', head: ['', 'before', 'now', 'change'], rows };
}

function curveTable(curve, names) {
  const step = (curve.values.length - 1) / TABLE_POINTS;
  const places = Array.from({ length: TABLE_POINTS + 1 }, (_, place) => Math.round(place * step));
  const rows = places.map((place) => ({ cells: [number(curve.values[place]), number(curve.C[place]), ''] }));
  const kinks = curve.kinks.map((each) => ({ cells: [number(each), '', 'a kink'] }));
  return { title: `${names.C} against ${names.id}`, head: [names.id, names.C, ''], rows: [...rows, ...kinks] };
}

export function curveOrDemonTable(seen, curveHere) {
  const names = { id: seen.name(seen.id), C: seen.name({ kind: 'C' }) };
  if (Number.isNaN(seen.now.C)) return { title: names.C, head: ['', ''], rows: [{ cells: [names.C, '—'] }] };
  if (!isDemonThere(seen.state, seen.id) || !seen.slopeIsKnown) return curveTable(curveHere(), names);
  const usual = TRIED.flatMap((each) => [each, -each]);
  const all = [...new Set([seen.state.change, ...usual])].filter((each) => each !== 0);
  return demonTable(all.map((by) => changeBy(seen.all, seen.id, by)), names);
}

// changes: of demon.js
function demonTable(changes, names) {
  const style = styleOf(changes.flatMap((each) => [each.predicted, each.actual]));
  const rows = changes.map(({ by, predicted, actual, miss, note }) => ({ cells: [
    signedShort(by), inStyle(style, predicted, true), inStyle(style, actual, true), missText(miss, note)] }));
  return { title: `the demon on ${names.id}`, head: ['Δ', 'predicted', 'actual', 'miss'], rows };
}
