// Formulas as an author writes them, as in conventions.py: an id as a letter, its layer above and its neurons below.
//
// A formula is a text, a symbol { letter, above, below }, { ratio: [top, bottom] }, { sum: index, of: formula },
// { transposed: formula }, or a list of formulas one after the other. `textOf`, `htmlOf` and `latexOf` write it.

import { hasSharedBias, writeId } from './ids.js';

const RAISED_FROM = '0123456789()+-−lLnTs';
const RAISED_TO = '⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺⁻⁻ˡᴸⁿᵀˢ';
const LOWERED_FROM = '0123456789aijkmnprstuv+-=';
const LOWERED_TO = '₀₁₂₃₄₅₆₇₈₉ₐᵢⱼₖₘₙₚᵣₛₜᵤᵥ₊₋₌';
const LATEX_LETTERS = {
  'δ': '\\delta ', 'σ': '\\sigma ', 'Σ': '\\Sigma ', '∇': '\\nabla ', '∂': '\\partial ', '·': '\\cdot ', '−': '-',
  '′': "'", '⊙': '\\odot ', '…': '\\ldots ', 'η': '\\eta ', '←': '\\leftarrow ', '→': '\\to ', 'ℓ': '\\ell ',
  '±': '\\pm ', '≈': '\\approx ', '∞': '\\infty ', '≠': '\\ne ', '½': '\\tfrac12 ', '×': '\\times ', 'Δ': '\\Delta ',
  'τ': '\\tau ', '\u2009': '\\,', '{': '\\{', '}': '\\}', '%': '\\%', '&': '\\&', '#': '\\#', '_': '\\_', '≤': '\\le ',
  '∈': '\\in ', '⋮': '\\vdots ', 'ᵀ': '^{T}', 'ε': '\\varepsilon ', '≡': '\\equiv ', '^': '\\hat{}', '²': '^{2}',
  'λ': '\\lambda ', 'μ': '\\mu ', 'ρ': '\\rho ', 'β': '\\beta ', 'Ω': '\\Omega ',
};

// symbols in a convention --------------------------------------------------------------------------------------------

// A layer's mark: "2", "(2)", or with letters "l+1".
export function above(convention, layer) {
  return convention.brackets ? `(${layer})` : String(layer);
}

// Neurons in this author's counting, given from 0 or as letters; a comma between those of more than one digit.
export function below(convention, ...indices) {
  const shown = indices.map((index) => (typeof index === 'string' ? index : String(index + convention.base)));
  return shown.join(shown.some((text) => text.length > 1) ? ',' : '');
}

// A letter with its layer above, null for none, and its neurons below: a⁽¹⁾₀.
export function symbol(convention, letter, layer, ...indices) {
  return { letter, above: layer === null ? '' : above(convention, layer), below: below(convention, ...indices) };
}

// The weight to `neuron` from `source`, in this author's order: w⁽²⁾₀₁.
export function weightSymbol(convention, layer, neuron, source) {
  const pair = convention.order === 'to,from' ? [neuron, source] : [source, neuron];
  return symbol(convention, 'w', layer, ...pair);
}

// How this author writes a quantity: w/2/0/1 as w²₀₁, d/2/0 as δ²₀, x/1 as x₁. The symbol knows its id.
export function symbolOf(convention, id) {
  return { ...unnamed(convention, id), id: writeId(id) };
}

function unnamed(convention, { kind, layer, neuron, source }) {
  if (kind === 'C') return { letter: convention.letter, above: '', below: '' };
  if (kind === 'x' || kind === 'y') return symbol(convention, kind, null, neuron);
  if (kind === 'w') return weightSymbol(convention, layer, neuron, source);
  return symbol(convention, kind === 'd' ? 'δ' : kind, layer, neuron);
}

// The same inside a derivation: inputs are a⁰; a layer's one bias, and a chain of single neurons, have no index (S1.2).
export function quantitySymbol(convention, network, id) {
  const shown = id.kind === 'x' ? symbol(convention, 'a', 0, id.neuron) : unnamed(convention, id);
  const bare = Math.max(...network.sizes) === 1;
  const shared = id.kind === 'b' && hasSharedBias(network, id.layer);
  return { ...shown, below: bare || shared ? '' : shown.below, id: writeId(id) };
}

// The matrix that moves errors back: (w^l)ᵀ, or w^l itself where its rows are sources.
export function matrixBack(convention, layer) {
  const w = symbol(convention, 'w', layer);
  return convention.order === 'to,from' ? { transposed: w } : w;
}

// A matrix times a column, or a row times its transpose, as this author turns them.
export function matrixProduct(convention, matrix, vector) {
  if (convention.orientation === 'columns') return [matrix, ' ', vector];
  return [vector, ' ', matrix.transposed ?? { transposed: matrix }];
}

// ∂of/∂by.
export function partial(of, by) {
  return { ratio: [['∂', of], ['∂', by]] };
}

// A text with formulas in the place of its {names}.
export function filled(template, symbols) {
  return template.split(/\{(\w+)\}/).map((piece, i) => (i % 2 ? symbols[piece] : piece));
}

// as text ------------------------------------------------------------------------------------------------------------

// One line with raised and lowered digits: w⁽²⁾₀₁.
export function textOf(formula) {
  if (typeof formula === 'string') return formula;
  if (Array.isArray(formula)) return formula.map(textOf).join('');
  if (formula.ratio) return formula.ratio.map(textOf).join('/');
  if (formula.sum) return `Σ${inSubscript(formula.sum)} ${textOf(formula.of)}`;
  if (formula.transposed) return `(${textOf(formula.transposed)})ᵀ`;
  return formula.letter + inSuperscript(formula.above) + inSubscript(formula.below);
}

function inSuperscript(text) {
  return exchanged(text, RAISED_FROM, RAISED_TO);
}

function inSubscript(text) {
  return exchanged(text, LOWERED_FROM, LOWERED_TO);
}

function exchanged(text, from, to) {
  return [...text].map((mark) => (from.includes(mark) ? to[from.indexOf(mark)] : mark)).join('');
}

// as a part of the page ----------------------------------------------------------------------------------------------

// An element whose children are elements, or one text.
export function htmlOf(formula) {
  if (typeof formula === 'string') return ['span', {}, formula];
  if (Array.isArray(formula)) return ['span', {}, ...formula.map(htmlOf)];
  if (formula.ratio) return htmlOf([formula.ratio[0], '/', formula.ratio[1]]);
  if (formula.sum) return htmlOf([{ letter: 'Σ', above: '', below: formula.sum }, ' ', formula.of]);
  if (formula.transposed) return htmlOf(['(', formula.transposed, { letter: ')', above: 'T', below: '' }]);
  return symbolInHtml(formula);
}

function symbolInHtml({ letter, above: up, below: down, id }) {
  const attributes = id === undefined ? { class: 'symbol' } : { class: 'symbol', 'data-id': id };
  const upper = up ? [['sup', {}, up]] : [];
  const lower = down ? [['sub', {}, down]] : [];
  const marks = up && down ? [['span', { class: 'marks' }, ...upper, ...lower]] : [...upper, ...lower];
  return ['span', attributes, ['span', { class: 'letter' }, letter], ...marks];
}

// as LaTeX -----------------------------------------------------------------------------------------------------------

// For LaTeX's mathematics mode.
export function latexOf(formula) {
  if (typeof formula === 'string') return textInLatex(formula);
  if (Array.isArray(formula)) return formula.map(latexOf).join('');
  if (formula.ratio) return `\\frac{${latexOf(formula.ratio[0])}}{${latexOf(formula.ratio[1])}}`;
  if (formula.sum) return `\\sum_{${inLatex(formula.sum)}} ${latexOf(formula.of)}`;
  if (formula.transposed) return `(${latexOf(formula.transposed)})^T`;
  const up = formula.above ? `^{${inLatex(formula.above)}}` : '';
  const down = formula.below ? `_{${inLatex(formula.below)}}` : '';
  return letterInLatex(formula.letter) + up + down;
}

// A printed number: 4.1e−11 as 4.1 · 10^−11.
export function numberInLatex(text) {
  return inLatex(text).replace(/e(-?\d+)/, ' \\cdot 10^{$1}');
}

function letterInLatex(letter) {
  return [...letter].length < 2 ? inLatex(letter) : `\\mathrm{${inLatex(letter).trim()}}`;
}

// Words upright, numbers with their powers of ten, every other character as it is.
function textInLatex(text) {
  return text.replace(/\d+(?:\.\d+)?e[−-]?\d+|[A-Za-z]{2,}(?: [A-Za-z]{2,})* ?|[^]/gu, (piece) => {
    if (/^\d+.*e/.test(piece)) return numberInLatex(piece);
    return /^[A-Za-z]{2}/.test(piece) ? `\\text{${piece}}` : inLatex(piece);
  });
}

function inLatex(text) {
  return [...text].map((character) => LATEX_LETTERS[character] ?? character).join('');
}
