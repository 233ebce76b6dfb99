// To take away: a drawing as SVG with its style in it, the same as PNG, and every number as CSV.

import { slopeOf, valueOf } from './engine.js';
import { idsOf, writeId } from './ids.js';

const WRITTEN_STYLE = [
  'fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray', 'stroke-linecap', 'opacity',
  'font-size', 'font-family', 'font-style', 'font-weight', 'text-anchor', 'paint-order',
];
const OWN_TO_THE_PAGE = ['class', 'role', 'tabindex', 'aria-hidden', 'aria-pressed'];
const PNG_SCALE = 2; // pixels of a PNG for each of the page
const SVG_NAME = 'http://www.w3.org/2000/svg';

// The text of a file that looks as the drawing does on the page, in the colours that it has now.
export function svgText(drawing, paper) {
  const copy = drawing.cloneNode(true);
  const pairs = [[drawing, copy], ...zipped(drawing.querySelectorAll('*'), copy.querySelectorAll('*'))];
  for (const [shown, written] of pairs) writeStyle(shown, written);
  const { width, height } = drawingSize(drawing);
  copy.setAttribute('viewBox', drawing.getAttribute('viewBox') ?? `0 0 ${width} ${height}`);
  copy.prepend(paperBehind(paper));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
}

function zipped(some, others) {
  return Array.from(some, (each, place) => [each, others[place]]);
}

function writeStyle(shown, written) {
  const style = getComputedStyle(shown);
  for (const name of WRITTEN_STYLE) written.setAttribute(name, style.getPropertyValue(name));
  for (const { name } of [...written.attributes]) {
    if (OWN_TO_THE_PAGE.includes(name) || name.startsWith('data-')) written.removeAttribute(name);
  }
}

export function drawingSize(drawing) {
  return { width: Number(drawing.getAttribute('width')), height: Number(drawing.getAttribute('height')) };
}

function paperBehind(paper) {
  const whole = document.createElementNS(SVG_NAME, 'rect');
  for (const [name, value] of [['width', '100%'], ['height', '100%'], ['fill', paper]]) whole.setAttribute(name, value);
  return whole;
}

// A promise of the file: the SVG as an image, drawn at twice its size.
export async function pngOf(text, { width, height }) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = PNG_SCALE * width;
  canvas.height = PNG_SCALE * height;
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, 'image/png'));
}

// Every quantity with its value and ∂C/∂ of it, in digits that give the number back.
export function csvText(now, shape) {
  const rows = [['id', 'value', 'slope']];
  for (const id of idsOf(shape)) {
    const isUnknown = id.kind === 'd' || now.unknownSlopes?.includes(id.kind);
    const slope = isUnknown ? '' : slopeOf(now.net, now.pass, now.back, id);
    rows.push([writeId(id), valueOf(now.net, now.pass, now.y, now.back, id), slope]);
  }
  const written = (row) => row.map((each) => (Number.isNaN(each) ? '' : each)).join(',');
  return `${rows.map(written).join('\r\n')}\r\n`;
}

// Lines of text as a drawing, for what is no drawing on the page.
export function linesAsDrawing(lines, { width, height }) {
  const step = 26;
  return ['svg', { class: 'drawing', width, height: Math.max(height, step * (lines.length + 1)), role: 'img' },
    lines.map((line, place) => ['text', { class: 'written', x: 16, y: step * (place + 1) + 4 }, line])];
}

export function download(name, blob) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // a browser may ask first where to save it
}
