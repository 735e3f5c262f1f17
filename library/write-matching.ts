import { encodeMatchTables } from '../activities/steps/match-tables';
import { writePair } from '../activities/steps/write-pair';
import { PAIR_LAYOUT } from '../artifacts/layout';
import type { ManifestInput } from '../artifacts/manifest';
import { checkFolder, checkOwn } from '../artifacts/out-folder';
import { openStore } from '../artifacts/store/open-store';
import { encodePairs } from '../artifacts/tables/pairs';
import { PARTS_OF_MODE } from '../matching/features';
import type { PartName } from '../matching/features';
import { scaleOfLayer } from '../sae/scale/scale-choice';
import { absolute } from '../sae/sources/location';
import type { Matching } from './matching';
import type { SaeOrigin } from './sae';

export interface WriteOptions {
  /** Writes into a folder that holds other files too. Default: false. */
  readonly force?: boolean;
}

/**
 * Writes a matching as `sae-match pair` does: `matches`, `targets`, `certificate` and `pairs.parquet`, and `manifest.json` last.
 * `sae-match verify <folder>` proves it again where both SAEs were read from files.
 *
 * @param folder a folder, or `gs://<bucket>/<prefix>`; an earlier pair in it is replaced
 * @throws UsageError when the folder holds other files
 * @throws EnvironmentError when it cannot be written to
 *
 * @example
 * ```ts
 * import { fold, matchPair, readMatching, readSae, writeMatching } from 'sae-match';
 *
 * const a = fold(await readSae('examples/minilm-l6#3'));
 * const b = fold(await readSae('examples/minilm-l6#4'));
 * const matching = await matchPair(a, b);
 * await writeMatching('pair-3-4', matching);
 * console.log((await readMatching('pair-3-4')).objective === matching.objective);
 * // true
 * ```
 */
export async function writeMatching(folder: string, matching: Matching, options: WriteOptions = {}): Promise<void> {
  const out = openStore(absolute(folder, process.cwd())).url('');
  await checkFolder(out);
  if (options.force !== true) await checkOwn(out);
  const { source, target, figures } = matching;
  const hashes = { source: hashesOf(source), target: hashesOf(target) };
  const pair = {
    ...{ sourceLayer: source.header.layer, targetLayer: target.header.layer },
    matching: { ...matching, elements: elementsOf(matching) },
  };
  const { choice: scale } = source.scaledBy ?? {};
  const requested = { ...matching.options, ...(scale !== undefined && { scale }), format: formatOf(source, target) };
  await writePair(out, matching.started, [inputOf(source), inputOf(target)], requested, figures, {
    ...encodeMatchTables(pair, hashes, matching.options),
    [PAIR_LAYOUT.pairs]: encodePairs([figures], { inputs: hashes, options: matching.options }),
  });
}

function hashesOf({ files, scaledBy }: SaeOrigin): string[] {
  return [...files, ...(scaledBy?.files ?? [])].map(({ sha256 }) => sha256);
}

function inputOf({ name, header, files, scaledBy }: SaeOrigin): ManifestInput {
  const scale = scaledBy !== null && scaledBy.files.length > 0 ? scaledBy : null;
  return {
    ...{ layer: header.layer, path: name, files: [...files] },
    ...(scale && { scale: { location: scaleOfLayer(scale.choice, header.layer), files: [...scale.files] } }),
    header: { ...header, notes: [...header.notes] },
  };
}

/** The reader of both, so that they are read again in the same way. */
function formatOf(source: SaeOrigin, target: SaeOrigin): string | null {
  const areRead = source.files.length > 0 && target.files.length > 0;
  return areRead && source.header.format === target.header.format ? source.header.format : null;
}

/** Elements of a feature vector. */
function elementsOf({ source: { header }, options: { weights, part_weights: own } }: Matching): number {
  const widths: Readonly<Record<PartName, number>> = { decoder: header.dOut, encoder: header.dIn, bias: 1 };
  const parts = PARTS_OF_MODE[weights].filter((part) => own?.[part] !== 0);
  return parts.reduce((sum, part) => sum + widths[part], 0);
}
