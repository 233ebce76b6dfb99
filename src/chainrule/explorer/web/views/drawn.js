// Pieces that several views draw.

const FAR = 10; // heights of a drawing beyond which a line is not followed

// a path through points of pixels; where a height is not finite, or far away, it breaks off
export function brokenLine(points, height) {
  let pen = 'M';
  let path = '';
  for (const [x, y] of points) {
    const isNear = Number.isFinite(y) && Math.abs(y) < FAR * height;
    if (isNear) path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = isNear ? 'L' : 'M';
  }
  return path;
}

// Δ +0.0123
export function changeText(change, show) {
  return `Δ ${change > 0 ? '+' : ''}${show(change)}`;
}

// Attributes of a button that does nothing now; it keeps the focus that it has.
export function disabledIf(isDisabled) {
  return { 'aria-disabled': isDisabled ? 'true' : null };
}
