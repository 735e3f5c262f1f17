import { matchingOptions } from '../activities/steps/matching-options';
import type { MatchingOptions } from '../activities/steps/matching-options';
import { PAIR_LAYOUT } from '../artifacts/layout';
import type { Manifest, ManifestInput } from '../artifacts/manifest';
import { filesOfPair, openResults } from '../artifacts/results';
import type { Results } from '../artifacts/results';
import { decodeCertificate } from '../artifacts/tables/certificate';
import { decodeChains } from '../artifacts/tables/chains';
import { decodeMatches } from '../artifacts/tables/matches';
import { decodePairs } from '../artifacts/tables/pairs';
import type { PairRow } from '../artifacts/tables/pairs';
import { decodeTargets } from '../artifacts/tables/targets';
import { readChains as inChains } from '../matching/chains';
import type { Chain } from '../matching/chains';
import { InputError } from '../matching/errors';
import type { SaeHeader } from '../sae/canonical';
import { absolute } from '../sae/sources/location';
import type { Matching } from './matching';
import type { SaeOrigin } from './sae';

/** A pair of layers of a run. */
export interface LayerPair {
  readonly source: number;
  readonly target: number;
}

/**
 * Reads a matching back, with checksums: what {@link writeMatching} or `sae-match pair` wrote, or one pair of a run.
 *
 * @param folder of the pair, or of the run (`<out>/runs/<run id>`); a path or `gs://<bucket>/<prefix>`
 * @param pair which pair of a run
 * @throws InputError when there are no such results, or the pair failed
 * @throws ArtifactCorruptError when a file is not what the manifest says
 *
 * @example
 * ```ts
 * import { fold, readMatching, readSae, verify } from 'sae-match';
 *
 * const matching = await readMatching('pair-3-4');
 * const a = fold(await readSae(matching.source.name));
 * const b = fold(await readSae(matching.target.name));
 * console.log((await verify(a, b, matching)).ok);
 * // true
 * ```
 */
export async function readMatching(folder: string, pair?: LayerPair): Promise<Matching> {
  const results = await open(folder);
  const row = await rowOf(results, folder, pair);
  const files = filesOfPair(results.manifest, row);
  const read = (path: string): Promise<Buffer> => results.read(path);
  const matches = await decodeMatches(await read(files.matches), files.matches);
  const { sourceFeature } = await decodeTargets(await read(files.targets), files.targets);
  const certificate = await decodeCertificate(await read(files.certificate), files.certificate);
  const spread = (feature: Int32Array, values: Float64Array, count: number): Float64Array => {
    const all = new Float64Array(count).fill(NaN);
    feature.forEach((index, at) => (all[index] = values[at]!));
    return all;
  };
  const { source: u, target: v } = certificate;
  const { targetFeature, cost, decoderCosine, encoderCosine, nearestTarget, nearestCost, mutualNearest } = matches;
  return {
    source: sideOf(results.manifest, 'source', row),
    target: sideOf(results.manifest, 'target', row),
    options: matchingOptions(stated(results.manifest)),
    ...{ targetFeature, sourceFeature, cost, decoderCosine, encoderCosine },
    ...{ nearestTarget, nearestCost, mutualNearest },
    ...{ objective: row.objective!, matchedCost: row.matched_cost! },
    certificate: {
      sourceDual: spread(u.feature, u.dual, targetFeature.length),
      targetDual: spread(v.feature, v.dual, sourceFeature.length),
      margin: spread(u.feature, u.margin, targetFeature.length),
      targetMargin: spread(v.feature, v.margin, sourceFeature.length),
      ...{ bound: row.dual_bound!, gap: row.gap! },
    },
    figures: row,
    started: new Date(results.manifest.timings.started),
  };
}

/**
 * The pairs of a run, or the one of a pair's folder: the rows of `pairs.parquet`, named as its columns.
 *
 * @throws InputError when there are no results; ArtifactCorruptError when a file is not what the manifest says
 */
export async function readPairs(folder: string): Promise<PairRow[]> {
  return pairsOf(await open(folder));
}

/**
 * The feature chains of a run; none where it has no `chains.parquet`.
 *
 * @throws InputError when there are no results; ArtifactCorruptError when a file is not what the manifest says
 */
export async function readChains(folder: string): Promise<Chain[]> {
  const { manifest, read } = await open(folder);
  const path = 'chains.parquet';
  if (!manifest.artifacts.some((artifact) => artifact.path === path)) return [];
  const table = await decodeChains(await read(path), path);
  return inChains({ ...table, stepCosine: Float64Array.from(table.stepCosine) });
}

const open = (folder: string): Promise<Results> => openResults(absolute(folder, process.cwd()));

async function pairsOf({ store, read }: Results): Promise<PairRow[]> {
  return decodePairs(await read(PAIR_LAYOUT.pairs), store.url(PAIR_LAYOUT.pairs));
}

async function rowOf(results: Results, file: string, pair: LayerPair | undefined): Promise<PairRow> {
  const rows = await pairsOf(results);
  const fitting =
    pair === undefined
      ? rows
      : rows.filter((row) => row.source_layer === pair.source && row.target_layer === pair.target);
  const [row] = fitting;
  if (fitting.length !== 1) {
    const names = rows.map((one) => `${one.source_layer ?? '?'}:${one.target_layer ?? '?'}`);
    throw new InputError('not one pair of the results', {
      ...{ file, found: pair === undefined ? `${rows.length} pairs` : `no pair ${pair.source}:${pair.target}` },
      expected: names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : ''),
    });
  }
  if (row!.status === 'done') return row!;
  throw new InputError('this pair was not matched', { file, found: row!.error ?? row!.status });
}

/** What was asked for. */
function stated(manifest: Manifest): MatchingOptions {
  return (manifest.kind === 'run' ? manifest.spec : manifest.options) as MatchingOptions;
}

function sideOf(manifest: Manifest, side: 'source' | 'target', row: PairRow): SaeOrigin {
  const layer = row[`${side}_layer`];
  const input: ManifestInput | undefined =
    manifest.kind === 'pair'
      ? manifest.inputs[side === 'source' ? 0 : 1]
      : manifest.inputs.find((candidate) => candidate.layer === layer);
  const { scale: choice } = stated(manifest);
  return {
    name: input!.path,
    files: input!.files.map(({ version, ...file }) => ({ ...file, ...(version !== undefined && { version }) })),
    scaledBy: choice === undefined ? null : { choice, files: (input!.scale?.files ?? []) as SaeOrigin['files'] },
    header: input!.header as SaeHeader,
  };
}
