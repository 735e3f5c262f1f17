import { UsageError } from '../matching/errors';
import type { RunSpec } from './run-types';

type PairList = readonly (readonly [number, number])[];

/** The pairs of layers a run matches, in the order source, target. @throws UsageError when a listed layer is not selected */
export function planPairs(layers: readonly number[], pairs: RunSpec['pairs']): [number, number][] {
  if (pairs === 'adjacent') return layers.slice(0, -1).map((layer, index) => [layer, layers[index + 1]!]);
  if (pairs === 'all')
    return layers.flatMap((a, index) => layers.slice(index + 1).map((b): [number, number] => [a, b]));
  for (const [source, target] of pairs) {
    const missing = [source, target].find((layer) => !layers.includes(layer));
    if (missing === undefined) continue;
    throw new UsageError('a pair names a layer that is not part of the run', {
      field: '--pairs',
      found: `${source}:${target}`,
      expected: `layers ${layers.join(', ')}`,
      remedy: 'Change --pairs or --layers.',
    });
  }
  return pairs.map(([source, target]) => [source, target]);
}

/** Parses `adjacent`, `all`, or a list such as `0:1,3:5`. @throws UsageError */
export function parsePairs(text: string): RunSpec['pairs'] {
  if (text === 'adjacent' || text === 'all') return text;
  const pairs = text.split(',').map((item) => parsePair(item.trim()));
  const seen = new Set<string>();
  for (const [source, target] of pairs) {
    const name = `${source}:${target}`;
    if (seen.has(name)) throw wrongPairs(`the pair ${name} twice`);
    seen.add(name);
  }
  return pairs;
}

/** The layers a list of pairs needs, ascending. */
export function layersOfPairs(pairs: PairList): number[] {
  return [...new Set(pairs.flat())].sort((a, b) => a - b);
}

function parsePair(item: string): [number, number] {
  const match = /^(\d{1,4}):(\d{1,4})$/.exec(item);
  if (match === null) throw wrongPairs(JSON.stringify(item));
  const pair: [number, number] = [Number(match[1]), Number(match[2])];
  if (pair[0] === pair[1]) throw wrongPairs(`the pair ${item} of a layer with itself`);
  return pair;
}

function wrongPairs(found: string): UsageError {
  return new UsageError('cannot be read as pairs of layers', {
    field: '--pairs',
    found,
    expected: 'adjacent, all, or a list such as 0:1,3:5',
  });
}
