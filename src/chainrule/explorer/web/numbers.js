// How numbers are written, as in writing/numbers.py: six digits, exact ones short, factors that multiply out.

const DIGITS = 6; // of a factor; more where the product of the printed factors would miss the printed value
const MOST_DIGITS = 17; // which tell any two numbers apart
const MOST_DECIMALS = 9; // of a column without powers of ten
const LONG = 100; // the most digits that JavaScript prints

export function costText(letter, cost, value) {
  return `${letter} (${cost}) = ${number(value)}`;
}

// A value to six decimals, or to six digits with a power of ten where those would hide it; −, not a hyphen.
export function number(value, sign = false) {
  if (value === 0) return '0';
  if (Number.isNaN(value)) return 'no number';
  if (!Number.isFinite(value)) return value < 0 ? '−∞' : `${sign ? '+' : ''}∞`;
  return signed(isFixed(value) ? fixedDigits(value, 6) : exponential(value, 5), sign && value > 0);
}

// One unit of the last digit that `number` prints.
export function unit(value) {
  return value === 0 || isFixed(value) ? 1e-6 : powerOfTen(exponentOf(value) - 5);
}

// True where an error bar may change a digit that `number` prints of this value.
export function reaches(error, value) {
  return 2 * error >= unit(value);
}

// value ± error; where that reaches a digit of the value, both to its second digit, as in −1.61e−11 ± 2.5e−12.
export function withBar(value, error) {
  if (!Number.isFinite(error) || !reaches(error, value)) return `${number(value)} ± ${bar(error)}`;
  const digits = value ? exponentOf(value) - exponentOf(error) + 2 : 2;
  return `${minus(allDigits(value, Math.min(Math.max(digits, 2), DIGITS)))} ± ${bar(error)}`;
}

// An error to two digits, or to one more than so many decimals: 2.5e−13, 0.25.
export function bar(error, decimals = 1) {
  if (error === 0 || !(Math.abs(error) < 1e-3)) return short(error, decimals + 1);
  return minus(exponential(error, decimals));
}

// The numbers of factors { value }, six digits each, or as many more as their product needs to be the printed value.
export function factorNumbers(factors, value) {
  return factorRows([[factors, value]])[0];
}

// The same for products [factors, value] below each other: all have as many digits as the one that takes most.
export function factorRows(products) {
  let rows = [];
  for (let digits = DIGITS; digits <= MOST_DIGITS; digits++) {
    rows = products.map(([factors]) => factors.map((factor) => allDigits(factor.value, digits)));
    if (rows.every((texts, i) => multiplies(texts, products[i][1]))) break;
  }
  return rows.map((texts) => texts.map((text) => (Number(text) === 0 ? '0' : minus(text))));
}

// Numbers as factors of a product: brackets around a negative one, but for the first.
export function bracketed(texts) {
  return texts.map((text, i) => (i > 0 && text.startsWith('−') ? `(${text})` : text));
}

// How the numbers of a column are written: all with so many decimals, or, where that is null, with a power of ten.
export function styleOf(values) {
  const sizes = Array.from(values, Math.abs).filter((size) => size > 0 && size < Infinity);
  if (!sizes.length) return { decimals: 6 };
  const least = sizes.reduce((a, b) => Math.min(a, b));
  const most = sizes.reduce((a, b) => Math.max(a, b));
  const decimals = Math.max(6, 3 - exponentOf(least));
  return { decimals: decimals <= MOST_DECIMALS && most < 1e5 ? decimals : null };
}

// A number in the style of its column, with `sign` a plus too; 0 is 0.
export function inStyle(style, value, sign = false) {
  if (value === 0 || !Number.isFinite(value)) return number(value, sign);
  const text = style.decimals === null ? exponential(value, 5) : fixedDigits(value, style.decimals);
  return signed(text, sign && value > 0);
}

// A number alone in a place: as everywhere, from 1,000 on with six digits.
export function written(value) {
  const size = Math.abs(value);
  return size >= 1e3 && size < 1e5 ? minus(general(value, 6, true).replace(/\.$/, '')) : number(value);
}

// A value rounded to a few digits, zeros at its end left out: in sentences, at ticks, and where there is no room.
export function short(value, digits = 4) {
  if (value === 0 || !Number.isFinite(value)) return number(value);
  if (Math.abs(value) >= 1e-3) return minus(general(value, digits));
  const [mantissa, exponent] = exponential(value, digits - 1).split('e');
  return minus(`${general(Number(mantissa), DIGITS)}e${exponent}`);
}

// A number of few digits, where many are side by side: 0.2 is 0.2, and 0.19996 is 0.200. The table has all digits.
export function brief(value, digits = 3) {
  if (value === 0 || !Number.isFinite(value)) return number(value);
  if (!isFixed(value)) return minus(exponential(value, digits - 1));
  const text = general(value, digits);
  if (Math.abs(Number(text)) >= 10 ** digits) return minus(fixedDigits(value, 0)); // 999.6 too, which is 1000 then
  return minus(Number(text) === value ? text : general(value, digits, true).replace(/\.$/, ''));
}

// A percentage with its sign and one decimal, as the demon's tables have it: −2.8.
export function fixedPercent(percent) {
  const text = fixedDigits(percent, 1);
  return Number(text) === 0 ? '0.0' : signed(text, percent > 0);
}

// A number in the fewest digits that give it back: 2, 0.1, 1e-5; with a hyphen, since it is typed.
export function exact(value) {
  if (!Number.isFinite(value)) return { NaN: 'nan', Infinity: 'inf', '-Infinity': '-inf' }[String(value)];
  const text = general(value, DIGITS);
  return Number(text) === value ? text : fewest(value);
}

// A text with − for every hyphen.
export function minus(text) {
  return text.replaceAll('-', '−');
}

export function plain(text) {
  return text.replaceAll('−', '-');
}

function signed(text, plus) {
  return plus ? `+${minus(text)}` : minus(text);
}

// Whether a number is written without a power of ten, in every place that can choose: 0.001 is, and 0.0005 is 5e−4.
function isFixed(value) {
  return Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5;
}

function multiplies(texts, value) {
  const product = texts.reduce((sofar, text) => sofar * Number(text), 1);
  return Math.abs(product - Number(plain(number(value)))) <= unit(value);
}

// So many digits of a number, and of one that fewer digits give exactly only these.
function allDigits(value, digits) {
  const few = general(value, digits);
  if (Number(few) === value || !Number.isFinite(value)) return few;
  const full = general(value, digits, true);
  return full.endsWith('.') ? general(value, digits + 1, true) : full; // 123456.7 is not 123457
}

// digits as Python prints them ----------------------------------------------------------------------------------------
// JavaScript rounds a number that is exactly between two up, Python to the even one: without decimals 2.5 is 2.

// f"{value:.{decimals}f}" for |value| < 1e21.
function fixedDigits(value, decimals) {
  return even(value.toFixed(decimals), value.toFixed(decimals + 1), () => value.toFixed(LONG));
}

// f"{value:.{decimals}e}", its exponent short: e-6 and e20.
function exponential(value, decimals) {
  const [up, power] = value.toExponential(decimals).split('e');
  const [longer, below] = value.toExponential(decimals + 1).split('e');
  const rounded = even(up, longer, () => value.toExponential(LONG).split('e')[0]);
  return `${rounded}e${rounded === up ? Number(power) : Number(below)}`;
}

// What rounding gives: `up`, but where `longer` is all of the number, ends in 5 and is even without it, that.
function even(up, longer, all) {
  if (!longer.endsWith('5') || /[1-9]/.test(all().slice(longer.length))) return up;
  const down = longer.slice(0, -1).replace(/\.$/, '');
  return /[02468]$/.test(down) ? down : up;
}

// f"{value:.{digits}g}", with `all` f"{value:#.{digits}g}": zeros at the end stay, and the point.
function general(value, digits, all = false) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa, power] = exponential(value, digits - 1).split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= digits) return `${trimmed(mantissa, all)}e${exponent}`;
  return trimmed(placed(mantissa, exponent), all);
}

// A mantissa such as -1.25 and its power of ten as one number without a power: -0.0125.
function placed(mantissa, exponent) {
  const negative = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  if (exponent < 0) return `${negative}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const rest = digits.slice(exponent + 1);
  return negative + whole + (rest ? `.${rest}` : '');
}

function trimmed(text, all) {
  if (all) return text.includes('.') ? text : `${text}.`;
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

// repr(value): all digits that it takes, with a power of ten from 1e16 on and below 1e-4.
function fewest(value) {
  const [mantissa, power] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) return `${mantissa}e${exponent}`;
  const text = placed(mantissa, exponent);
  return text.includes('.') ? text : `${text}.0`;
}

// Where the first digit is: 2 for 123, −3 for 0.001.
function exponentOf(value) {
  return Number(Math.abs(value).toExponential().split('e')[1]);
}

function powerOfTen(exponent) {
  return Number(`1e${exponent}`); // 10 ** −5 is not always the number that 1e−5 is
}
