import { InputError, UsageError } from '../../matching/errors';
import type { CatalogueEntry } from '../catalogue-entry';
import { hookKind } from '../hook-kind';
import { chooseL0, parseL0 } from './l0';
import { MORE_SPECIFIC, selectLayers } from './layers';
import type { LayerEntry } from './layers';
import { traitsOf } from './traits';
import type { Traits } from './traits';

/** Which SAEs of a source are meant, where it holds several a layer. */
export interface SaeSelection {
  /** `16k`, `1m`, or a number of features. */
  readonly width?: string;
  /** `canonical`, a number, a label such as `small`, `nearest:<number>`, or `similar`. */
  readonly l0?: string;
  /** A kind of hook point such as `resid_post`, or a part of the hook point's name or of the path. */
  readonly hook?: string;
  /** A step of the training; absent for the SAE that the training gave in the end. */
  readonly step?: number;
}

/**
 * One SAE a layer, ascending, of those that fit the selection; see {@link selectLayers}.
 *
 * @param root full location of the source
 * @throws InputError when no SAE fits, or a layer still has several: they are listed with what tells them apart
 * @throws UsageError when the selection cannot be understood
 */
export function selectSaes(
  entries: readonly CatalogueEntry[],
  layers: readonly number[] | null,
  selection: SaeSelection,
  { root, source }: { root: string; source: string }
): readonly LayerEntry[] {
  return selectLayers(narrow(entries, layers, selection, { root, source }), layers, source, (several) =>
    howToChoose(several.map((entry) => traitsOf(entry, root)))
  );
}

/** The SAEs that fit; all of them where nothing is selected. */
export function narrow(
  entries: readonly CatalogueEntry[],
  layers: readonly number[] | null,
  { width, l0, hook, step }: SaeSelection,
  { root, source }: { root: string; source: string }
): readonly CatalogueEntry[] {
  const traits = new Map(entries.map((entry) => [entry, traitsOf(entry, root)]));
  const keep = (
    from: readonly CatalogueEntry[],
    flag: string,
    wanted: string | undefined,
    fits: (traits: Traits, entry: CatalogueEntry) => boolean,
    name: (traits: Traits) => string | null
  ): readonly CatalogueEntry[] => {
    if (wanted === undefined) return from;
    // What is too damaged to tell stays, so that it is reported and not passed over.
    const left = from.filter((entry) => entry.header === null || fits(traits.get(entry)!, entry));
    if (left.some(({ header }) => header !== null)) return left;
    throw nothingFits(
      source,
      flag,
      wanted,
      from.map((entry) => name(traits.get(entry)!))
    );
  };
  const ofHook = keep(
    step === undefined ? entries : ofStep(entries, step, source),
    '--hook',
    hook,
    (own, { path }) => isHook(hook!, own.hook, path),
    (own) => own.hook
  );
  const ofWidth = keep(
    ofHook,
    '--width',
    width,
    (own, { header }) => isWidth(width!, own, header!.features),
    (own) => own.width
  );
  if (l0 === undefined) return ofWidth;
  const inside = layers === null ? ofWidth : ofWidth.filter(({ layer }) => layer !== null && layers.includes(layer));
  return chooseL0(inside, l0, (entry) => traits.get(entry)!, source);
}

/** The SAEs saved at a step; their paths tell it, damaged or not. */
function ofStep(entries: readonly CatalogueEntry[], step: number, source: string): readonly CatalogueEntry[] {
  const fits = entries.filter((entry) => entry.step === step);
  if (fits.length > 0) return fits;
  const found = [...new Set(entries.flatMap((entry) => entry.step ?? []))].sort((a, b) => a - b);
  const shown = found.length > 20 ? [...found.slice(0, 10), '…', ...found.slice(-9)] : found;
  throw new InputError('no SAE was saved at this step', {
    ...{ file: source, field: '--step', expected: String(step) },
    found: found.length === 0 ? 'no files of single steps, such as ae_1000.pt' : `steps ${shown.join(', ')}`,
    remedy: 'Choose one of those found, or leave it out for the SAE that the training gave in the end.',
  });
}

/** A selection before its texts are checked. */
interface WrittenSelection {
  readonly width?: string | undefined;
  readonly l0?: string | undefined;
  readonly hook?: string | undefined;
  readonly step?: string | number | undefined;
}

/** The selection in something larger, without keys that say nothing. */
export function selectionOf({ width, l0, hook, step }: WrittenSelection): SaeSelection {
  return {
    ...(width !== undefined && { width: parseWidth(width) }),
    ...(l0 !== undefined && { l0: parseL0(l0) }),
    ...(hook !== undefined && { hook }),
    ...(step !== undefined && { step: parseStep(step) }),
  };
}

/** Checks a width as the user wrote it. @throws UsageError */
export function parseWidth(text: string): string {
  if (/^\d+[km]?$/i.test(text.trim())) return text.trim().toLowerCase();
  throw new UsageError('cannot be understood as a width', {
    field: '--width',
    found: JSON.stringify(text),
    expected: 'a number of features such as 16384, or a width such as 16k or 1m',
  });
}

/** Checks a step as the user wrote it. @throws UsageError */
export function parseStep(given: string | number, field = '--step'): number {
  const step = /^\s*\d+\s*$/.test(String(given)) ? Number(given) : NaN;
  if (Number.isSafeInteger(step)) return step;
  throw new UsageError('cannot be understood as a step of a training', {
    ...{ field, found: JSON.stringify(given), expected: 'a whole number such as 1000' },
  });
}

function isWidth(wanted: string, { width }: Traits, features: number): boolean {
  return wanted === width || wanted === String(features);
}

function isHook(wanted: string, hook: string | null, path: string): boolean {
  const text = wanted.toLowerCase();
  return hookKind(hook) === text || hook?.toLowerCase().includes(text) === true || path.toLowerCase().includes(text);
}

function nothingFits(file: string, field: string, wanted: string, found: readonly (string | null)[]): InputError {
  const known = [...new Set(found.filter((value) => value !== null))].sort();
  return new InputError('no SAE fits the selection', {
    ...{ file, field, found: known.slice(0, 20).join(', ') || 'none that says it', expected: wanted },
    remedy: 'Choose one of those found; `sae-match inspect` lists them.',
  });
}

/** Which flags tell these SAEs apart, and with what values. */
function howToChoose(traits: readonly Traits[]): string {
  const options = (flag: string, of: (traits: Traits) => string | number | null): string[] => {
    const values = [...new Set(traits.map(of).filter((value) => value !== null))];
    return values.length < 2 ? [] : [`${flag} ${values.slice(0, 8).join(' | ')}`];
  };
  const flags = [
    ...options('--hook', ({ hook }) => hookKind(hook)),
    ...options('--width', ({ width }) => width),
    ...options('--l0', ({ l0, l0Label }) => l0Label ?? l0),
    ...options('--step', ({ step }) => step),
  ];
  const more = flags.some((flag) => flag.startsWith('--l0')) ? ' (or --l0 nearest:<number> | similar)' : '';
  if (flags.length > 0) return `Choose with ${flags.join(', ')}${more}.`;
  return MORE_SPECIFIC;
}
