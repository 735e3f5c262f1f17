import type { PairGrid, PairLetter } from '../../workflows/pair-grid';
import { blanks, cells, clip, flow } from './cells';
import type { Cell, Line } from './cells';
import { NAMES, STYLES } from './glyphs';
import type { Glyphs } from './glyphs';

type State = Exclude<PairLetter, '.'>;
type Counts = ReadonlyMap<State, number>;

/** States in the order of the legend. */
const STATES: readonly State[] = ['d', 'c', 'r', 'w', 'a', 'f'];
/** More pairs than this for each layer are drawn as a matrix. */
const PAIRS_PER_LAYER_OF_A_LIST = 2;

/**
 * The pairs of a run by state, in at most so many lines of at most so many cells: pair by pair where there are few, else as
 * a matrix of source and target layers. A cell stands for as many pairs as it has to.
 */
export function gridLines(grid: PairGrid, width: number, height: number, glyphs: Glyphs): Line[] {
  const states = grid.rows.flatMap((row) => statesOf(row));
  if (states.length === 0 || height < 1) return [];
  if (states.length <= PAIRS_PER_LAYER_OF_A_LIST * grid.layers.length) {
    const named = flow(namedPairs(grid, glyphs), width);
    return named.length <= height ? named : stripOf(states, width, height, glyphs);
  }
  return matrixOf(grid, width, height, glyphs);
}

/** What the signs of {@link gridLines} mean, each with the number of its pairs; without those that there are none of. */
export function legend(grid: PairGrid, glyphs: Glyphs): Line[] {
  const counts = countsOf(grid.rows.flatMap((row) => statesOf(row)));
  return STATES.flatMap((state) => {
    const count = counts.get(state) ?? 0;
    return count === 0 ? [] : [[sign(state, glyphs), ...cells(` ${NAMES[state]} ${count}`)]];
  });
}

function namedPairs({ layers, rows }: PairGrid, glyphs: Glyphs): Line[] {
  return layers.flatMap((source, i) =>
    layers.flatMap((target, j) => {
      const letter = rows[i]![j] as PairLetter;
      if (letter === '.') return [];
      const name = source === target ? `${source}` : `${source}${glyphs.arrow}${target}`;
      return [[...cells(`${name} `), sign(letter, glyphs)]];
    })
  );
}

function stripOf(states: readonly State[], width: number, height: number, glyphs: Glyphs): Line[] {
  const each = Math.ceil(states.length / (width * height));
  const drawn = chunks(states, each).map((some) => cellOf(countsOf(some), glyphs));
  return chunks(drawn, width);
}

function matrixOf({ layers, rows }: PairGrid, width: number, height: number, glyphs: Glyphs): Line[] {
  const planned = (letters: string): boolean => /[^.]/.test(letters);
  const sources = layers.flatMap((layer, i) => (planned(rows[i]!) ? [{ layer, row: rows[i]! }] : []));
  const targets = layers.flatMap((layer, j) => (planned(rows.map((row) => row[j]).join('')) ? [{ layer, j }] : []));
  const margin = String(layers.at(-1)).length + 1;
  const room = Math.max(1, width - margin);
  const columns = chunks(targets, Math.ceil(targets.length / room));
  const lines = chunks(sources, Math.ceil(sources.length / Math.max(1, height - 1)));
  const spread = 2 * columns.length <= room ? 2 : 1;
  const ruler = rulerOf(
    columns.map(([first]) => first!.layer),
    spread
  );
  const body = lines.map((some) => {
    const letters = columns.map((few) => some.flatMap(({ row }) => statesOf(few.map(({ j }) => row[j]).join(''))));
    const drawn = letters.flatMap((states) => [cellOf(countsOf(states), glyphs), ...blanks(spread - 1)]);
    return [...cells(String(some[0]!.layer).padStart(margin - 1), 'dim'), ...blanks(1), ...drawn];
  });
  const titled = [...blanks(margin), ...ruler];
  return (height < 2 ? body : [titled, ...body]).map((line) => clip(line, width));
}

/** Numbers of target layers over their columns, with room between them. */
function rulerOf(layers: readonly number[], spread: number): Line {
  let text = '';
  layers.forEach((layer, column) => {
    const place = column * spread;
    const digits = String(layer);
    const fits = place + digits.length <= layers.length * spread;
    if (fits && (text === '' || place >= text.length + 4)) text = text.padEnd(place) + digits;
  });
  return cells(text, 'dim');
}

/** One cell for these pairs: what went wrong shows first, then what is at work, then how many are done. */
function cellOf(counts: Counts, glyphs: Glyphs): Cell {
  const count = (state: State): number => counts.get(state) ?? 0;
  const [first, ...others] = counts.keys();
  if (first === undefined) return { text: ' ', style: 'plain' };
  if (others.length === 0) return sign(first, glyphs);
  if (count('f') > 0) return sign('f', glyphs);
  if (count('a') > 0) return sign('a', glyphs);
  const done = count('d') + count('c');
  const total = done + count('r') + count('w');
  if (done === total) return sign('d', glyphs);
  if (done === 0) return sign('r', glyphs);
  const text = glyphs.partly[Math.min(2, Math.floor((3 * done) / total))]!;
  return { text, style: STYLES[count('r') > 0 ? 'r' : 'd'] };
}

const sign = (state: State, glyphs: Glyphs): Cell => ({ text: glyphs.states[state], style: STYLES[state] });

const statesOf = (letters: string): State[] => Array.from(letters).filter((letter) => letter !== '.') as State[];

function countsOf(states: readonly State[]): Counts {
  const counts = new Map<State, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size)
  );
}
