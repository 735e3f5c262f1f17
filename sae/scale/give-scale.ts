import type { CanonicalSae } from '../canonical';
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

/** An SAE whose gauge is `given`, and the files that its scale was read from. */
export interface ScaledSae {
  readonly sae: CanonicalSae;
  readonly files: readonly InputFile[];
}

/**
 * Gives the features of an SAE without thresholds a scale, in place of their decoder norms. Notes of its header count the
 * features that have none and so cannot be folded.
 *
 * @param choice as {@link scaleChoice} reads it; `{layer}` in a path stands for the SAE's layer
 * @param onProgress called while files are read; it may throw
 * @throws InputError when the SAE has thresholds, its files have no such scale, or an export is missing, broken or of another
 * SAE
 */
export async function giveScale(
  sae: CanonicalSae,
  choice: string,
  { source, entry }: PlacedSae,
  onProgress?: () => void
): Promise<ScaledSae> {
  checkScalable(sae.header, choice, source.locate(entry.path));
  const { features, layer } = sae.header;
  const own = scaleChoice(scaleOfLayer(choice, layer));
  if (own.kind === 'threshold') return scaled(sae, new Float64Array(features).fill(own.value));
  if (own.kind === 'export') {
    const read = await readExport(await findExport(own.location), { features, layer }, onProgress);
    return scaled(
      sae,
      read.scale,
      [
        ...counted(read.missing, features, 'have no maxActApprox in the export'),
        ...counted(read.notPositive, features, 'have a maxActApprox of 0 or less'),
      ],
      read.files
    );
  }
  const squares = await formatByName(entry.format!).meanSquares!(new SourceView(source, entry.files), entry);
  const notPositive = squares.reduce((count, value) => count + (value > 0 ? 0 : 1), 0);
  return scaled(
    sae,
    squares.map((value) => (value > 0 ? Math.sqrt(value) : 0)),
    counted(notPositive, features, 'have a latents_mean_square of 0 or less')
  );
}

function scaled(
  sae: CanonicalSae,
  scale: Float64Array,
  notes: readonly string[] = [],
  files: readonly InputFile[] = []
): ScaledSae {
  const header = { ...sae.header, gauge: 'given', notes: [...sae.header.notes, ...notes] } as const;
  return { sae: { ...sae, header, scale }, files };
}

function counted(count: number, features: number, what: string): readonly string[] {
  return count === 0 ? [] : [`${count} of ${features} features ${what}`];
}
