const MEGABYTE = 2 ** 20;

/** Adds up the results of mutations: `add` takes one, `text` is the table of all. */
export function newReport() {
  const formats = new Map();
  const all = tally();
  return {
    add: (result) => {
      const own = formats.get(result.format) ?? tally();
      formats.set(result.format, own);
      for (const sums of [own, all]) count(sums, result);
    },
    text: () =>
      table([['format', 'mutations', 'read', 'refused', 'longest', 'memory'], ...[...formats, ['all', all]].map(row)]),
  };
}

const tally = () => ({ mutations: 0, sound: 0, refused: 0, ms: 0, memory: 0 });

function count(sums, { outcome, ms, memory }) {
  sums.mutations += 1;
  sums[outcome] += 1;
  sums.ms = Math.max(sums.ms, ms);
  sums.memory = Math.max(sums.memory, memory);
}

function row([name, { mutations, sound, refused, ms, memory }]) {
  return [name, mutations, sound, refused, `${Math.ceil(ms)} ms`, `${Math.ceil(memory / MEGABYTE)} MB`].map(String);
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  const line = (cells) =>
    cells.map((cell, n) => (n === 0 ? cell.padEnd(widths[n]) : cell.padStart(widths[n]))).join('  ');
  return rows.map(line).join('\n');
}
