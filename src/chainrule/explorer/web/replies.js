// A number as people type it, read, and whether it is the right one: as lessons/replies.py.

const RAISED_DIGITS_TYPED = '⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻';
const PLAIN_DIGITS_TYPED = '0123456789+-';
const DECIMAL_TYPED = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const TIMES_TYPED = /^(.+)(?:\\cdot|\\times|[×·⋅∙*xX])$/; // before 10^
const FRACTION_TYPED = /\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}/g;
const POWER_TYPED = /^(?:\{[+-]?[0-9]+\}|[+-]?[0-9]+)$/; // after it

// The finite number that a text says, as 0.0183, 1,83e-2, 1.83×10⁻² or 1/3; null where it says none.
export function readNumber(text) {
  const spaced = text.replace(/[−–—﹣－]/g, '-').replace(/(?<=[0-9.])\s+(?=10\s*[\^⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻])/g, '×');
  if (/[0-9]\s+[0-9]/.test(spaced)) return null; // 1 2 is not 12
  const bare = spaced.replace(/[\s$\u200b]/g, '').replace(/^[=≈~]+/, '').replace(FRACTION_TYPED, '$1/$2');
  const raised = bare.replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+/g, (run) => `^${plainPower(run)}`);
  if (raised.includes(',') && (raised.split(',').length > 2 || raised.includes('.'))) return null;
  const [top, ...bottom] = raised.replace(',', '.').split('/');
  const value = decimalIn(top);
  if (bottom.length === 0) return finiteOrNull(value);
  const divisor = decimalIn(bottom.join('/'));
  return value === null || !divisor ? null : finiteOrNull(value / divisor);
}

function plainPower(run) {
  return [...run].map((mark) => PLAIN_DIGITS_TYPED[RAISED_DIGITS_TYPED.indexOf(mark)]).join('');
}

function finiteOrNull(value) {
  return value !== null && Number.isFinite(value) ? value : null;
}

// 0.0183, 1.83e-2 or 1.83×10^-2; a power of ten may stand alone
function decimalIn(text) {
  const at = text.lastIndexOf('10^');
  const power = text.slice(at + 3);
  if (at < 0 || !POWER_TYPED.test(power)) return DECIMAL_TYPED.test(text) ? Number(text) : null;
  const ahead = text.slice(0, at);
  const times = TIMES_TYPED.exec(ahead);
  if (times === null && !['', '+', '-'].includes(ahead)) return null;
  const factor = times === null ? `${ahead}1` : times[1];
  return /e/i.test(factor) || !DECIMAL_TYPED.test(factor) ? null : Number(`${factor}e${power.replace(/[{}]/g, '')}`);
}

// One unit of a value's last significant digit.
export function lastUnit(value, digits) {
  return value === 0 ? 0 : 10 ** (Math.floor(Math.log10(Math.abs(value))) - digits + 1);
}

// Right to so many digits, rounded or cut off: within one unit of the last one.
export function isSameNumber(right, given, digits) {
  return Math.abs(given - right) <= lastUnit(right, digits) * (1 + 1e-9);
}

// True where no number counts as both.
export function isApart(one, other, digits) {
  return Math.abs(one - other) > (lastUnit(one, digits) + lastUnit(other, digits)) * (1 + 1e-9);
}
