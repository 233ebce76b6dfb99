// Where units pass their kinks as one quantity moves, as nudges/crossings.py finds them: also a unit that passes and
// returns between two points of the grid.

const MOST_ROUNDS = 12; // of adding points to the grid
const MOST_SECTIONS = 75; // of an interval that is searched, at most: to the last digit
const SECTION = (3 - Math.sqrt(5)) / 2;
const TIMES_AS_STEEP = 2; // as steep as a margin is beside a grid point, so many times as steep it may be near it
const SAME_CHANGE = 2 ** -49; // of a change

/**
 * [{ change, unit }] in rising order: where a margin changes between > 0 and ≤ 0. marginAt(change, unit) is how far a unit
 * is beyond its kink, the same function of a change for each of `count` units; `changes` is the first grid, in rising
 * order. Crossings join the grid: between two of them what is piecewise linear has no corner, so nothing of it is missed;
 * of what is curved the turning points are searched.
 */
export function crossingsOf(marginAt, count, changes) {
  const pointAt = (change) => {
    const margins = new Float64Array(count);
    for (let unit = 0; unit < count; unit += 1) margins[unit] = marginAt(change, unit);
    return { change, margins, left: null, right: null };
  };
  let grid = Array.from(changes, pointAt);
  let found = [];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const crossed = crossedOn(grid, marginAt, count, found);
    const turned = turnsOn(grid, marginAt, count);
    const isLast = crossed.length === found.length && turned.length === 0;
    found = crossed;
    if (isLast) break;
    grid = joined(grid, [...found.map((each) => each.change), ...turned], pointAt);
  }
  return found.sort((one, other) => one.change - other.change);
}

// `known` are the crossings that have joined the grid
function crossedOn(grid, marginAt, count, known) {
  const found = [];
  const places = Array.from({ length: count }, () => new Set());
  for (const { change, unit } of known) places[unit].add(change);
  for (let place = 1; place < grid.length; place += 1) {
    const [left, right] = [grid[place - 1], grid[place]];
    for (let unit = 0; unit < count; unit += 1) {
      const [from, to] = [left.margins[unit], right.margins[unit]];
      if ((from > 0) === (to > 0) || !Number.isFinite(to - from)) continue;
      const old = [left, right].find((each) => places[unit].has(each.change));
      const margin = (change) => marginAt(change, unit);
      found.push({ unit, change: old?.change ?? crossing(margin, left.change, right.change, from, to) });
    }
  }
  return found;
}

// Where a margin that has one sign on neighbouring points of the grid has the other sign between them.
function turnsOn(grid, marginAt, count) {
  const found = [];
  for (let place = 0; place < grid.length; place += 1) {
    const here = grid[place];
    const [left, right] = [grid[Math.max(place - 1, 0)], grid[Math.min(place + 1, grid.length - 1)]];
    if (here.left === left && here.right === right) continue; // it was looked at in the round before
    Object.assign(here, { left, right });
    for (let unit = 0; unit < count; unit += 1) {
      if (!mayTurn(left.margins[unit], here.margins[unit], right.margins[unit])) continue;
      const turn = turnBetween((change) => marginAt(change, unit), left, here, right, here.margins[unit]);
      if (turn !== null) found.push(turn);
    }
  }
  return found;
}

// Whether a margin comes so near to 0 at the middle one of three points that it may reach over it between them.
function mayTurn(left, here, right) {
  if ((left > 0) !== (here > 0) || (right > 0) !== (here > 0)) return false;
  const height = Math.abs(here);
  const most = Math.max(Math.abs(left), Math.abs(right));
  return height <= Math.abs(left) && height <= Math.abs(right) && height < most && height <= 4 * (most - height);
}

// A change at which the margin has another sign than at these three, or null: by golden sections (Kiefer 1953), as long as
// it may still come down to 0.
function turnBetween(margin, { change: left }, { change: here }, { change: right }, atHere) {
  const sign = atHere > 0 ? 1 : -1;
  const isTurned = (value) => (value > 0) !== (sign > 0);
  const slopes = [left, right].filter((each) => each !== here)
    .map((each) => (sign * (margin(each) - atHere)) / Math.abs(each - here));
  const steepest = TIMES_AS_STEEP * Math.max(...slopes);
  let [low, high] = [left, right];
  let [one, two] = [low + SECTION * (high - low), high - SECTION * (high - low)];
  let [atOne, atTwo] = [margin(one), margin(two)];
  for (let count = 0; count < MOST_SECTIONS && one < two; count += 1) {
    if (isTurned(atOne)) return one;
    if (isTurned(atTwo)) return two;
    if (Math.min(sign * atOne, sign * atTwo) > steepest * (high - low)) return null;
    if (sign * atOne <= sign * atTwo) {
      [high, two, atTwo] = [two, one, atOne];
      one = low + SECTION * (high - low);
      atOne = margin(one);
    } else {
      [low, one, atOne] = [one, two, atTwo];
      two = high - SECTION * (high - low);
      atTwo = margin(two);
    }
  }
  return null;
}

// without places that only rounding tells from one that is there
function joined(grid, changes, pointAt) {
  const all = [...grid.map((each) => each.change), ...changes].sort((one, other) => one - other);
  const kept = all.filter((each, place) => place === 0 || each - all[place - 1] > SAME_CHANGE * Math.abs(each));
  const known = new Map(grid.map((each) => [each.change, each]));
  return kept.map((change) => known.get(change) ?? pointAt(change));
}

// Where a margin is 0 between two changes on whose ends it differs in sign (the Illinois method: Dowell and Jarratt 1971).
function crossing(margin, left, right, atLeft, atRight) {
  let [a, b, fa, fb, side] = [left, right, atLeft, atRight, 0];
  for (let round = 0; round < 60 && Math.abs(b - a) > 4e-16 * Math.max(Math.abs(a), Math.abs(b)); round += 1) {
    const c = round < 40 ? (a * fb - b * fa) / (fb - fa) : (a + b) / 2;
    const fc = margin(c);
    if (fc === 0) return c;
    if ((fc > 0) === (fb > 0)) {
      [b, fb] = [c, fc];
      if (side === -1) fa /= 2;
      side = -1;
    } else {
      [a, fa] = [c, fc];
      if (side === 1) fb /= 2;
      side = 1;
    }
  }
  return Math.abs(fa) < Math.abs(fb) ? a : b;
}
