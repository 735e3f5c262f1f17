import { table } from '../markdown.mjs';

/** How far a prediction may be off. */
const REACH = 0.25;

/** Predicted against actual of all rows that were kept, and how many are within reach. */
export function tableOf(results) {
  const rows = Object.entries(results).map(([name, result]) => ({ name, ...result }));
  const reached = rows.filter(isReached).length;
  return `${table(COLUMNS, rows)}\n\n${reached} of ${rows.length} rows within ${100 * REACH} %.`;
}

const COLUMNS = {
  row: ({ name }) => name,
  'features × elements': ({ shape }) => shape,
  similarities: ({ storage }) => storage ?? '-',
  passes: ({ passes }) => passes ?? '-',
  'predicted s': ({ predicted }) =>
    `${figure(predicted.expected)} (${figure(predicted.least)}-${figure(predicted.most)})`,
  'actual s': ({ actual }) => figure(actual),
  'predicted / actual': ({ predicted, actual }) => (predicted.expected / actual).toFixed(2),
  'within 25 %': (row) => (isReached(row) ? 'yes' : '**no**'),
  load: ({ load }) => load.toFixed(1),
};

const isReached = ({ predicted, actual }) => Math.abs(predicted.expected / actual - 1) <= REACH;
const figure = (seconds) => seconds.toPrecision(seconds < 0.1 ? 2 : 3);
