/** Turns `row`, a direction of its own, into one with about this cosine to `other`. */
export function mix(row, other, cosine) {
  const rest = Math.sqrt(1 - cosine * cosine);
  for (let k = 0; k < row.length; k++) row[k] = cosine * other[k] + rest * row[k];
}

/** Gives a row this norm, in place. */
export function scaled(row, norm) {
  const factor = norm / Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
  for (let k = 0; k < row.length; k++) row[k] *= factor;
  return row;
}
