import { goalsTable } from './goals.mjs';
import { growthTable } from './growth.mjs';
import { table } from './markdown.mjs';

/** All tables of some results as Markdown, each below a heading; tables without rows are left out. */
export function tablesOf(results) {
  const growth = results.filter(({ row }) => row.group === 'growth');
  const repeated = results.filter(({ ours }) => ours.first !== undefined);
  const layers = results.filter(({ row }) => row.kind === 'layers');
  const whole = results.filter((result) => result.whole !== undefined);
  return [
    ['Time, memory and objective', table(COMPARISON, results)],
    ['How the engine did it', table(ENGINE, results)],
    ['Several pairs in one warm process', table(REPEATED, repeated)],
    ['A model of 26 layers, extrapolated', table(LAYERS, layers)],
    ['Whole process, files to Parquet', table(WHOLE, whole)],
    ['Growth', growthTable(growth)],
    ['Goals', goalsTable(results)],
  ]
    .filter(([, text]) => text !== '')
    .map(([heading, text]) => `### ${heading}\n\n${text}`)
    .join('\n\n');
}

/** Columns: heading, and the cell of a result. */
const COMPARISON = {
  row: ({ name }) => name,
  'features × elements': shape,
  'ours s': ({ ours }) => seconds(ours),
  'ours MB': ({ ours }) => megabytes(ours),
  'GEMM s': ({ gemm }) => seconds(gemm),
  'GEMM MB': ({ gemm }) => megabytes(gemm),
  'ours / GEMM': ({ ours, gemm }) => ratio(ours, gemm),
  'scipy s': ({ scipy }) => seconds(scipy),
  'scipy MB': ({ scipy }) => megabytes(scipy),
  'scipy / ours': ({ ours, scipy }) => ratio(scipy, ours),
  'difference to scipy': ({ scipy }) => scientific(scipy?.difference),
  'OR-tools s': ({ ortools }) => seconds(ortools),
  'flow alone s': ({ ortools }) => figure(ortools?.solver),
  'OR-tools MB': ({ ortools }) => megabytes(ortools),
  loss: ({ ortools }) => scientific(ortools?.loss),
  unmatched: ({ ortools }) => percent(ortools?.unmatched),
};

const ENGINE = {
  row: ({ name }) => name,
  similarities: ({ ours }) => ours.storage ?? '-',
  device: ({ ours }) => ours.device,
  fallbacks: ({ ours }) => ours.fallbacks,
  passes: ({ ours }) => ours.passes,
  'solver s': ({ ours }) => figure(ours.solver),
  'share of solver': ({ ours }) => percent(shareOfSolver(ours)),
  gap: ({ ours }) => scientific(ours.gap),
  'proved again': ({ ours }) => ({ true: 'yes', false: '**no**', null: 'not tried' })[ours.proved],
  'start and reading s': ({ ours }) => figure(ours.loading),
};

const REPEATED = {
  row: ({ name }) => name,
  pairs: ({ row, ours }) => ours.pairs ?? row.count - 1,
  'first s': ({ ours }) => figure(ours.first),
  'median s': ({ ours }) => figure(ours.seconds),
  'largest s': ({ ours }) => figure(ours.most),
  'scipy median s': ({ scipy }) => seconds(scipy),
  'scipy largest s': ({ scipy }) => figure(scipy?.most ?? scipy?.seconds),
};

const LAYERS = {
  row: ({ name }) => name,
  'first pair s': ({ ours }) => figure(ours.first),
  'each pair s': ({ ours }) => ours.each.map(figure).join(', '),
  '25 adjacent pairs': ({ ours }) => duration(extrapolated(ours, 25)),
  'all 325 pairs': ({ ours }) => duration(extrapolated(ours, 325)),
};

const WHOLE = {
  row: ({ name }) => name,
  'matchPair s': ({ ours }) => seconds(ours),
  'process s': ({ whole }) => seconds(whole),
  'process MB': ({ whole }) => megabytes(whole),
};

/** Seconds of this many pairs of layers in one process: the first as measured, the others like the median warm one. */
export function extrapolated({ first, seconds: warm }, pairs) {
  return first + (pairs - 1) * warm;
}

function shape({ row, ours }) {
  const { sources, targets, width } = { ...ours, ...row };
  return `${sources} × ${targets} × ${width}`;
}

function shareOfSolver({ solver, seconds: total }) {
  return solver === null || solver === undefined ? null : solver / total;
}

function seconds(measured) {
  if (measured === undefined) return '-';
  return measured.seconds === null ? 'too long' : figure(measured.seconds);
}

function figure(value) {
  if (value === undefined || value === null) return '-';
  return value < 10 ? value.toFixed(2) : value.toFixed(1);
}

const known = (value) => value !== undefined && value !== null;
const scientific = (value) => (known(value) ? value.toExponential(0) : '-');
const percent = (share) => (known(share) ? `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %` : '-');
const megabytes = (measured) => (known(measured?.rss) ? (measured.rss / 1e6).toFixed(0) : '-');
const duration = (value) => (value < 120 ? `${value.toFixed(0)} s` : `${(value / 60).toFixed(1)} min`);

function ratio(part, whole) {
  if (!known(part?.seconds) || !known(whole?.seconds)) return '-';
  const value = part.seconds / whole.seconds;
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}
