import type { CanonicalSae, SaeHeader } from '../canonical';
import type { CatalogueEntry } from '../catalogue-entry';
import { formatByName } from '../formats/registry';
import type { InputFile } from '../hash-inputs';
import type { SaeSource } from '../sources/source';
import { SourceView } from '../sources/source-view';
import { checkScalable } from './check-scalable';
import { findExport } from './export-files';
import { readExport } from './read-export';
import { scaleChoice, scaleOfLayer } from './scale-choice';

/** Where the SAE lies that a scale is given to. */
export interface PlacedSae {
  readonly source: SaeSource;
  readonly entry: CatalogueEntry;
}

/** A scale of the features of an SAE. */
export interface GivenScale {
  /** 0 for features without one `[features]`. */
  readonly values: Float64Array;
  /** How many features have none, in words. */
  readonly notes: readonly string[];
  /** What it was read from. */
  readonly files: readonly InputFile[];
}

/**
 * Reads a scale for the features of an SAE without thresholds.
 *
 * @param choice as {@link scaleChoice} reads it; `{layer}` in a path stands for the SAE's layer
 * @param onProgress called while files are read; it may throw
 * @throws InputError when the SAE has thresholds, its files have no such scale, or an export is missing, broken or of another
 * SAE
 */
export async function readScale(
  header: SaeHeader,
  choice: string,
  { source, entry }: PlacedSae,
  onProgress?: () => void
): Promise<GivenScale> {
  checkScalable(header, choice, source.locate(entry.path));
  const { features, layer } = header;
  const own = scaleChoice(scaleOfLayer(choice, layer));
  if (own.kind === 'threshold') return { values: new Float64Array(features).fill(own.value), notes: [], files: [] };
  if (own.kind === 'export') {
    const read = await readExport(await findExport(own.location), { features, layer }, onProgress);
    const notes = [
      ...counted(read.missing, features, 'have no maxActApprox in the export'),
      ...counted(read.notPositive, features, 'have a maxActApprox of 0 or less'),
    ];
    return { values: read.scale, notes, files: read.files };
  }
  const squares = await formatByName(entry.format!).meanSquares!(new SourceView(source, entry.files), entry);
  const notPositive = squares.reduce((count, value) => count + (value > 0 ? 0 : 1), 0);
  return {
    values: squares.map((value) => (value > 0 ? Math.sqrt(value) : 0)),
    notes: counted(notPositive, features, 'have a latents_mean_square of 0 or less'),
    files: [],
  };
}

/**
 * Gives the features of an SAE a scale, in place of their decoder norms: its gauge becomes `given`. Notes of its header count
 * the features that have none and so cannot be folded.
 */
export function withScale(sae: CanonicalSae, { values, notes }: GivenScale): CanonicalSae {
  const header = { ...sae.header, gauge: 'given', notes: [...sae.header.notes, ...notes] } as const;
  return { ...sae, header, scale: values };
}

/** The two, one after the other. @throws InputError as {@link readScale} does */
export async function giveScale(
  sae: CanonicalSae,
  choice: string,
  place: PlacedSae,
  onProgress?: () => void
): Promise<{ readonly sae: CanonicalSae; readonly files: readonly InputFile[] }> {
  const given = await readScale(sae.header, choice, place, onProgress);
  return { sae: withScale(sae, given), files: given.files };
}

function counted(count: number, features: number, what: string): readonly string[] {
  return count === 0 ? [] : [`${count} of ${features} features ${what}`];
}
