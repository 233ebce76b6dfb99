// ∂C/∂ of the selected quantity: in symbols, in numbers that multiply out, and beside it a check by another method.

import { derivationOf, joinedBy } from '../derivation.js';
import { holds } from '../check.js';
import { bracketed, factorNumbers, factorRows, inStyle, number, short, styleOf, withBar } from '../numbers.js';
import { htmlOf, latexOf, numberInLatex, textOf } from '../symbols.js';

const ROUNDING = 1e-9; // by which two right derivatives differ at most, as a part of them

export function formulaView(at, id, convention, check = null) {
  const blocks = blocksOf(at, id, convention);
  const line = check === null ? [] : [checkLine(blocks[0].value, check)];
  const [first, ...others] = blocks.map(blockView);
  return ['div', { class: 'formula' }, first, ...line, ...others];
}

// The factors of a derivative that is not computed yet may be known before it.
function blocksOf(at, id, convention) {
  const [first, ...others] = derivationOf(at, id, convention);
  return [at.isUnknown ? { ...first, value: NaN } : first, ...others];
}

function blockView(block) {
  if (block.terms) return sumView(block);
  if (block.factors) return productView(block);
  return ['div', { class: 'block layer' }, ['div', { class: 'symbols' }, htmlOf([block.left, ' = ', block.right])]];
}

function productView(block) {
  const symbols = symbolsLine(block.left, rightOf(block));
  return ['div', { class: 'block product' }, symbols, numbersLine(block.factors, factorTexts(block), block.value)];
}

function symbolsLine(left, right) {
  return ['div', { class: 'symbols' }, htmlOf(right === null ? left : [left, ' = ', right])];
}

function numbersLine(factors, numbers, value) {
  const product = numbers.length > 1 ? [['span', {}, ' = '], ...numbersOfFactors(factors, numbers)] : [];
  return ['div', { class: 'numbers' }, ...product, ['span', {}, ' = '], ['span', { class: 'value' }, number(value)]];
}

// Each an element of its own, which has the id of its quantity, and signs of multiplication between them.
function numbersOfFactors(factors, numbers) {
  return factors.flatMap(({ symbol: { id } }, i) => {
    const shown = ['span', id === undefined ? {} : { 'data-id': id }, numbers[i]];
    return i ? [['span', {}, ' · '], shown] : [shown];
  });
}

function sumView(block) {
  const values = [...block.terms.map((each) => each.value), block.value];
  const style = styleOf(block.rest.count ? [...values, block.rest.value] : values);
  const numbers = printedRows(block.terms);
  const rows = block.terms.map((each, i) => termRow(each, numbers[i], style));
  return [
    'div',
    { class: 'block sum' },
    symbolsLine(block.left, block.right),
    ['table', { class: 'terms' }, ['tbody', {}, ...rows, ...restRow(block.rest, style), totalRow(block.value, style)]],
  ];
}

function termRow(each, numbers, style) {
  const symbols = htmlOf(joinedBy(each.factors.map((factor) => factor.symbol), ' · '));
  const product = numbers.length > 1 ? ['span', {}, ...numbersOfFactors(each.factors, bracketed(numbers))] : '';
  return tableRow('term', tableCell('symbols', symbols), product, inStyle(style, each.value, true));
}

function restRow({ count: others, value }, style) {
  if (!others) return [];
  const words = others === 1 ? 'the other term' : `the other ${others.toLocaleString('en')} terms`;
  return [tableRow('rest', tableCell('words', words), '', inStyle(style, value, true))];
}

function totalRow(value, style) {
  return tableRow('total', tableCell('words', 'their sum'), '', inStyle(style, value, true));
}

function tableRow(kind, first, numbers, value) {
  return ['tr', { class: kind }, first, tableCell('numbers', numbers), tableCell('value', value)];
}

function tableCell(kind, content) {
  return ['td', { class: kind }, content];
}

// What is right of the equals sign; null where that would only repeat the left side.
function rightOf(block) {
  const right = joinedBy(block.factors.map((factor) => factor.symbol), ' · ');
  return textOf(block.left).startsWith(textOf(right)) ? null : right;
}

// The factors' numbers as they are printed, with brackets around negative ones.
function factorTexts(block) {
  return bracketed(printedRows([block])[0]);
}

function printedRows(products) {
  const values = products.flatMap(({ factors, value }) => [value, ...factors.map((factor) => factor.value)]);
  if (values.every(Number.isFinite)) return factorRows(products.map(({ factors, value }) => [factors, value]));
  return products.map(({ factors }) => factors.map(printedAlone));
}

// as in a product: 1.2 is 1.2 before the others are known, too
function printedAlone(factor) {
  return Number.isFinite(factor.value) ? factorNumbers([factor], factor.value)[0] : number(factor.value);
}

// the check ----------------------------------------------------------------------------------------------------------

// True where a derivative lies inside the error bar of the central difference, and dual numbers give the same; at a kink
// where it lies between the slopes on the two sides (S3.4).
export function isConfirmed(value, check) {
  if (!holds(check, value)) return false;
  return check.kink || Math.abs(value - check.dual) <= Math.max(check.error, ROUNDING * Math.abs(check.dual));
}

// "✓ central difference −0.040465 ± 9.0e−11, dual numbers −0.040465"; ✗ where the value is outside.
export function checkLine(value, check) {
  const confirmed = isConfirmed(value, check);
  const [sign, kind] = confirmed ? ['✓', 'agrees'] : ['✗', 'differs'];
  return ['div', { class: `check ${kind}` }, `${sign} ${checkText(check)}`];
}

function checkText({ difference, error, dual, kink, left, right, atKinks }) {
  if (atKinks) {
    const who = atKinks === 1 ? 'a unit at its kink bends' : `${atKinks} units at their kinks bend`;
    return `dual numbers ${number(dual)}; ${who} the central difference, ${number(difference)}`;
  }
  if (kink) return `at a kink: slopes ${short(left, 6)} and ${short(right, 6)} on its two sides`;
  return `central difference ${withBar(difference, error)}, dual numbers ${number(dual)}`;
}

// to take away -------------------------------------------------------------------------------------------------------

// The same in lines of text: symbols, then numbers.
export function formulaText(at, id, convention) {
  return blocksOf(at, id, convention).flatMap(textLines);
}

function textLines(block) {
  const right = block.factors ? rightOf(block) : block.right;
  const symbols = right === null ? textOf(block.left) : `${textOf(block.left)} = ${textOf(right)}`;
  if (block.value === undefined) return [symbols];
  const numbers = block.factors ? factorTexts(block) : [];
  const product = numbers.length > 1 ? `= ${numbers.join(' · ')} ` : '';
  return [symbols, `${product}= ${number(block.value)}`];
}

// The same as LaTeX, equals signs below each other.
export function formulaLatex(at, id, convention) {
  const lines = blocksOf(at, id, convention).flatMap(latexLines);
  return `\\begin{aligned}\n${lines.join(' \\\\\n')}\n\\end{aligned}`;
}

function latexLines(block) {
  const right = block.factors ? rightOf(block) : block.right;
  const left = latexOf(block.left);
  const symbols = right === null ? [] : [`${left} &= ${latexOf(right)}`];
  if (block.value === undefined) return symbols;
  const numbers = block.factors ? factorTexts(block).map(numberInLatex) : [];
  const product = numbers.length > 1 ? `= ${numbers.join(' \\cdot ')} ` : '';
  return [...symbols, `${right === null ? left : ''} &${product}= ${numberInLatex(number(block.value))}`.trim()];
}
