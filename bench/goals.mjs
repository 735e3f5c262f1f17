import { growthExponent } from './growth.mjs';
import { table } from './markdown.mjs';

/** What the project wants to reach, with what was measured; only goals whose rows have been run. */
export function goalsTable(results) {
  const byName = Object.fromEntries(results.map((result) => [result.name, result]));
  const growth = results.filter(({ row }) => row.group === 'growth');
  const reached = GOALS.map(({ what, limit, atLeast = false, measure }) => {
    const value = attempt(() => measure(byName, growth));
    return { what, limit, atLeast, value };
  }).filter(({ value }) => Number.isFinite(value));
  return table(
    {
      goal: ({ what }) => what,
      limit: ({ limit, atLeast }) => `${atLeast ? '≥' : '≤'} ${limit}`,
      measured: ({ value }) => value.toPrecision(3),
      reached: ({ value, limit, atLeast }) => ((atLeast ? value >= limit : value <= limit) ? 'yes' : '**no**'),
    },
    reached
  );
}

const GOALS = [
  { what: 'paper-size: time over the GEMM', limit: 1, measure: ({ 'paper-size': r }) => ratio(r.ours, r.gemm) },
  {
    what: 'paper-size: times faster than numpy + scipy',
    limit: 20,
    atLeast: true,
    measure: ({ 'paper-size': r }) => ratio(r.scipy, r.ours),
  },
  { what: 'paper-size: GB of memory', limit: 1.5, measure: ({ 'paper-size': r }) => r.ours.rss / 1e9 },
  { what: '65k: time over the GEMM', limit: 1.5, measure: ({ '65k': r }) => ratio(r.ours, r.gemm) },
  { what: '65k: GB of memory', limit: 4, measure: ({ '65k': r }) => r.ours.rss / 1e9 },
  { what: '131k: GB of memory', limit: 12, measure: ({ '131k': r }) => r.ours.rss / 1e9 },
  { what: 'growth: exponent of the total time', limit: 2.1, measure: (_, growth) => growthExponent(growth) },
  { what: 'real-wide: seconds of the slowest pair', limit: 0.4, measure: ({ 'real-wide': r }) => r.ours.most },
  {
    what: 'real-wide-all-weights: seconds of the slowest pair',
    limit: 0.8,
    measure: ({ 'real-wide-all-weights': r }) => r.ours.most,
  },
  {
    what: 'objective: largest difference to scipy',
    limit: 1e-9,
    measure: (byName) => Math.max(...Object.values(byName).flatMap(({ scipy }) => scipy?.difference ?? [])),
  },
];

/** Not a number where a peer took too long. */
function ratio(part, whole) {
  return part.seconds === null || whole.seconds === null ? NaN : part.seconds / whole.seconds;
}

/** A row that was not run leaves a goal open. */
function attempt(measure) {
  try {
    return measure();
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
