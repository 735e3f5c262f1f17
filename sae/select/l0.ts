import { InputError, UsageError } from '../../matching/errors';
import type { CatalogueEntry } from '../catalogue-entry';
import type { Traits } from './traits';

type TraitsOf = (entry: CatalogueEntry) => Traits;

/** Checks a choice of L0 as the user wrote it. @throws UsageError */
export function parseL0(text: string): string {
  const choice = text.trim().toLowerCase();
  if (/^(?:similar|canonical|[a-z]+|\d+(?:\.\d+)?|nearest:\d+(?:\.\d+)?)$/.test(choice) && choice !== 'nearest')
    return choice;
  throw new UsageError('cannot be understood as a choice of L0', {
    field: '--l0',
    found: JSON.stringify(text),
    expected: 'canonical, a number such as 71, a label such as small, nearest:<number>, or similar',
  });
}

/**
 * Of the SAEs of each layer those with the wanted L0, the average number of active features:
 * a number or label chooses exactly that; `nearest:<number>` the nearest one, the smaller of two as near; `similar` the
 * SAEs along the layers whose L0 changes least in all, the sum of |log(L0 / L0 of the layer before)|, because jumps of L0
 * worsen matches (Balagansky et al., appendix A).
 *
 * @throws InputError when a layer has none, or the paths do not state what the choice needs
 */
export function chooseL0(
  entries: readonly CatalogueEntry[],
  choice: string,
  traitsOf: TraitsOf,
  source: string
): readonly CatalogueEntry[] {
  const byLayer = new Map<number | null, CatalogueEntry[]>();
  for (const entry of entries) byLayer.set(entry.layer, [...(byLayer.get(entry.layer) ?? []), entry]);
  const layers = [...byLayer].sort(([a], [b]) => (a ?? Infinity) - (b ?? Infinity));
  const known = layers.map(([layer, own]) => withL0(layer, own, choice, traitsOf, source));
  if (choice === 'similar') return smoothest(known, traitsOf);
  const nearest = /^nearest:(.*)$/.exec(choice)?.[1];
  if (nearest === undefined) return known.flat();
  const distance = (entry: CatalogueEntry): number => Math.abs(traitsOf(entry).l0! - Number(nearest));
  return known.flatMap((own) => {
    const least = Math.min(...own.map(distance));
    const near = own.filter((entry) => distance(entry) === least);
    const smaller = Math.min(...near.map((entry) => traitsOf(entry).l0!));
    return near.filter((entry) => traitsOf(entry).l0 === smaller);
  });
}

/** The SAEs of a layer that can be chosen from. */
function withL0(
  layer: number | null,
  own: readonly CatalogueEntry[],
  choice: string,
  traitsOf: TraitsOf,
  source: string
): readonly CatalogueEntry[] {
  const needsNumber = choice === 'similar' || choice.startsWith('nearest:');
  const fits = own.filter((entry) => {
    const { l0, l0Label } = traitsOf(entry);
    return needsNumber ? l0 !== null : l0Label === choice || String(l0) === choice;
  });
  // What is too damaged to read stays, so that it is reported and not passed over.
  if (fits.length > 0 || own.every(({ header }) => header === null)) return fits.length > 0 ? fits : own;
  const found = own.map((entry) => traitsOf(entry).l0Label ?? traitsOf(entry).l0).filter((value) => value !== null);
  throw new InputError(layer === null ? 'no SAE fits the selection' : `no SAE of layer ${layer} fits the selection`, {
    ...{ file: source, field: '--l0', found: found.join(', ') || 'paths that do not state an L0', expected: choice },
    remedy: 'Choose one of those found; `sae-match inspect` lists them.',
  });
}

interface Chain {
  readonly jumps: number;
  readonly entries: readonly CatalogueEntry[];
}

/** The chain through the layers with the smallest sum of jumps; of equal ones that of the smaller last L0. */
function smoothest(layers: readonly (readonly CatalogueEntry[])[], traitsOf: TraitsOf): readonly CatalogueEntry[] {
  const level = (entry: CatalogueEntry | undefined): number => Math.log(Math.max(traitsOf(entry!).l0 ?? 1, 0.01));
  const ascending = layers.map((own) => [...own].sort((a, b) => level(a) - level(b)));
  const chains = ascending.reduce<readonly Chain[]>(
    (before, own) =>
      own.map((entry) => {
        const longer = before.map(({ jumps, entries }) => ({
          jumps: jumps + (entries.length === 0 ? 0 : Math.abs(level(entry) - level(entries.at(-1)))),
          entries: [...entries, entry],
        }));
        return longer.reduce((best, chain) => (chain.jumps < best.jumps ? chain : best));
      }),
    [{ jumps: 0, entries: [] }]
  );
  return chains.reduce((best, chain) => (chain.jumps < best.jumps ? chain : best)).entries;
}
