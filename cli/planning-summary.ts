import type { Planning, Range } from '../artifacts/planning-record';
import { formatBytes, formatSeconds } from './format-table';

/** What a run was expected to take and took, a line each; nothing of a run that had nothing to do. */
export function planningLines({ predicted, actual }: Planning): string[] {
  if (actual.folds + actual.matches === 0) return [];
  const { multiply_adds: products } = actual;
  const taken = [
    `matching ${formatSeconds(actual.match_seconds)}`,
    ...(products === null ? [] : [floatingPoint(products)]),
    `read ${formatBytes(actual.read_bytes)}, stored ${formatBytes(actual.stored_bytes)}`,
  ];
  const took = `took      ${formatSeconds(actual.seconds)}: ${taken.join(', ')}`;
  if (predicted === null) return [took];
  const {
    seconds,
    match_seconds: matching,
    multiply_adds: expected,
    read_bytes: read,
    stored_bytes: stored,
  } = predicted;
  const said = [
    `matching ${range(matching)}`,
    floatingPoint(expected.expected),
    `read ${formatBytes(read)}, stored ${formatBytes(stored)}`,
  ];
  return [`predicted ${range(seconds)}: ${said.join(', ')}`, took];
}

function range({ least, expected, most }: Range): string {
  return `${formatSeconds(expected)} (${formatSeconds(least)} to ${formatSeconds(most)})`;
}

/** A multiply-add is two operations. */
export function floatingPoint(multiplyAdds: number): string {
  return `${((2 * multiplyAdds) / 1e9).toPrecision(3)} GFLOP`;
}
