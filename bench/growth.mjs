import { table } from './markdown.mjs';
import { slope } from './numbers.mjs';

/** Sizes below this are quick enough for starting threads to count. */
const LARGE = 8192;

/**
 * The exponent p of time ~ F^p by least squares; null where fewer than two sizes were measured.
 *
 * @param secondsOf the time of a result
 * @param smallest the smallest number of features that takes part
 */
export function growthExponent(results, secondsOf = totalOf, smallest = 0) {
  const points = results
    .filter((result) => result.row.sources >= smallest && secondsOf(result) > 0)
    .map((result) => [Math.log(result.row.sources), Math.log(secondsOf(result))]);
  return points.length < 2 ? null : slope(points);
}

/** Exponents of the total time and of the solver's, and how large the solver's share is at the largest size. */
export function growthTable(results) {
  if (results.length < 2) return '';
  const parts = { 'total time': totalOf, 'sparse solver': ({ ours }) => ours.solver };
  const { row, ours } = results.at(-1);
  const exponent = (secondsOf, smallest) => growthExponent(results, secondsOf, smallest)?.toFixed(2) ?? '-';
  return table(
    {
      'time grows like F to the power': ([name]) => name,
      'all sizes': ([, secondsOf]) => exponent(secondsOf, 0),
      [`from ${LARGE} features`]: ([, secondsOf]) => exponent(secondsOf, LARGE),
      [`share at ${row.sources}`]: ([, secondsOf]) => share(secondsOf({ ours }), ours.seconds),
    },
    Object.entries(parts)
  );
}

function totalOf({ ours }) {
  return ours.seconds;
}

function share(part, total) {
  return part === null || part === undefined ? '-' : `${((100 * part) / total).toFixed(0)} %`;
}
