import { runTask } from '../activities/thread/run-task';
import type { RunTaskOptions } from '../activities/thread/run-task';
import type { MatchingOptions } from '../activities/steps/matching-options';
import type { PairVerification, VerifyPairInput } from '../activities/steps/verify-pair';
import type { PairFiles } from '../artifacts/layout';
import type { Manifest } from '../artifacts/manifest';
import type { ObjectStore } from '../artifacts/store/object-store';
import { decodeDrift } from '../artifacts/tables/drift';
import type { DriftRow } from '../artifacts/tables/drift';
import { decodePairs } from '../artifacts/tables/pairs';
import type { PairRow } from '../artifacts/tables/pairs';
import { getVerified } from '../artifacts/verified';
import type { DriftCounts } from '../matching/drift';
import { SaeMatchError } from '../matching/errors';
import { hashInputs } from '../sae/hash-inputs';
import { resolveSaeArgument } from '../sae/sae-argument';
import { exportDifference } from '../sae/scale/export-difference';
import type { ExportFile } from '../sae/scale/export-difference';
import { hashExport } from '../sae/scale/export-files';
import { isScaleWord } from '../sae/scale/scale-choice';
import type { PreviousSpec } from '../workflows/run-types';

/** Result of `verify`; field names as in its JSON. */
export interface Verification {
  readonly ok: boolean;
  readonly checksums: Check;
  readonly permutation: Check;
  /** Sums over the pairs; null when a pair could not be evaluated. */
  readonly objective: number | null;
  readonly bound: number | null;
  readonly gap: number | null;
  readonly pairs: readonly VerifiedPair[];
  /** Layers matched with the previous checkpoint; absent where there is none. */
  readonly drift?: readonly VerifiedPair[];
}

export interface Check {
  readonly ok: boolean;
  readonly faults: readonly string[];
}

export interface VerifiedPair {
  readonly source_layer: number | null;
  readonly target_layer: number | null;
  readonly permutation: Check;
  readonly certificate: Check;
  readonly objective: number | null;
  readonly bound: number | null;
  readonly gap: number | null;
  readonly tolerance: number | null;
}

/** A pair to be proved: its tables and the SAEs they were made from. */
export interface PairToVerify {
  readonly sourceLayer: number | null;
  readonly targetLayer: number | null;
  readonly files: PairFiles;
  readonly source: SaeToVerify;
  readonly target: SaeToVerify;
  /** How it was compared where it is a layer with the previous checkpoint, which is the source. */
  readonly drift?: Pick<PreviousSpec, 'kept' | 'unmatched'>;
}

/** An input SAE: where it is now, and the SHA-256 of the files that the results were made from. */
export interface SaeToVerify {
  readonly argument: string;
  readonly sha256: readonly string[];
  /** The scale that was folded in, where its export is now, and the files of that as they were; absent: its own. */
  readonly scale?: { readonly choice: string; readonly files: readonly ExportFile[] };
}

export interface VerifyOptions extends RunTaskOptions {
  readonly options: MatchingOptions & Pick<VerifyPairInput, 'format'>;
  /** Told which pair is being proved. */
  readonly onPair?: (index: number, total: number) => void;
}

/**
 * Verifies the results in a folder: every checksum, every permutation, every certificate. All three are always checked
 * and reported; a failure of one never keeps the others from being made.
 *
 * @param store folder of the run or pair
 */
export async function verifyResults(
  store: ObjectStore,
  manifest: Manifest,
  pairs: readonly PairToVerify[],
  options: VerifyOptions
): Promise<Verification> {
  const checksums = await checkChecksums(store, manifest, pairs);
  const stated = await statedRows(store, manifest);
  const verified: VerifiedPair[] = [];
  for (const [index, pair] of pairs.entries()) {
    options.onPair?.(index, pairs.length);
    verified.push(await verifyPair(store, pair, stated, options));
  }
  const faultsOf = ({ permutation: { faults } }: VerifiedPair, index: number): string[] =>
    faults.map((fault) => `${nameOf(pairs[index]!)}: ${fault}`);
  const permutation = check(verified.flatMap(faultsOf));
  const own = verified.filter((_, index) => pairs[index]!.drift === undefined);
  const drift = verified.filter((_, index) => pairs[index]!.drift !== undefined);
  const sum = (of: (pair: VerifiedPair) => number | null): number | null =>
    own.reduce<number | null>((total, pair) => addOrNull(total, of(pair)), 0);
  return {
    ok: checksums.ok && permutation.ok && verified.every(({ certificate }) => certificate.ok),
    checksums,
    permutation,
    objective: sum(({ objective }) => objective),
    bound: sum(({ bound }) => bound),
    gap: sum(({ gap }) => gap),
    pairs: own,
    ...(drift.length > 0 && { drift }),
  };
}

async function checkChecksums(store: ObjectStore, manifest: Manifest, pairs: readonly PairToVerify[]): Promise<Check> {
  const faults: string[] = [];
  for (const { path, bytes, crc32c } of manifest.artifacts) {
    await noting(faults, () => getVerified(store, { key: path, bytes, crc32c }));
  }
  const saes = new Map(
    pairs.flatMap(({ source, target }) => [source, target].map((sae) => [JSON.stringify(sae), sae]))
  );
  for (const sae of saes.values()) {
    await noting(faults, () => checkInput(sae));
    await noting(faults, () => checkScale(sae));
  }
  return check(faults);
}

const MOVED_EXPORT = 'Name the original export with --scale.';
const MOVED = 'Name the original SAEs with --source (and --target for a pair, --previous for a checkpoint before).';

async function checkInput({ argument, sha256: expected }: SaeToVerify): Promise<void> {
  const { source, entry } = await resolveSaeArgument(argument).catch((cause: unknown) => {
    if (!(cause instanceof SaeMatchError)) throw cause;
    throw new SaeMatchError(cause.message, { remedy: MOVED, cause });
  });
  for (const [index, { path, sha256 }] of (await hashInputs(source, entry)).entries()) {
    if (sha256 === expected[index]) continue;
    throw new SaeMatchError('the input is not the one the results were made from', {
      file: source.locate(path),
      found: `SHA-256 ${sha256.slice(0, 12)}…`,
      expected: `${expected[index]?.slice(0, 12) ?? 'no such file'}…, as in the manifest`,
      remedy: MOVED,
    });
  }
}

async function checkScale({ scale }: SaeToVerify): Promise<void> {
  if (scale === undefined || isScaleWord(scale.choice)) return;
  const now = await hashExport(scale.choice).catch((cause: unknown) => {
    if (!(cause instanceof SaeMatchError)) throw cause;
    throw new SaeMatchError(cause.message, { remedy: MOVED_EXPORT, cause });
  });
  const difference = exportDifference(now, scale.files);
  if (difference === null) return;
  const { path, found, expected } = difference;
  throw new SaeMatchError('the export is not the one the results were made from', {
    ...{ file: scale.choice, field: path, found, expected: `${expected}, as in the manifest` },
    remedy: MOVED_EXPORT,
  });
}

interface StatedRows {
  readonly pairs: readonly PairRow[];
  readonly drift: readonly DriftRow[];
}

async function statedRows(store: ObjectStore, manifest: Manifest): Promise<StatedRows> {
  const read = async <T>(name: string, decode: (bytes: Uint8Array) => Promise<T[]>): Promise<T[]> => {
    try {
      return await decode(await store.get(name));
    } catch (error) {
      // The checksum check has reported it.
      if (error instanceof SaeMatchError) return [];
      throw error;
    }
  };
  const hasDrift = manifest.kind === 'run' && manifest.drift !== undefined;
  return {
    pairs: await read('pairs.parquet', decodePairs),
    drift: hasDrift ? await read('drift.parquet', decodeDrift) : [],
  };
}

async function verifyPair(
  store: ObjectStore,
  pair: PairToVerify,
  stated: StatedRows,
  options: VerifyOptions
): Promise<VerifiedPair> {
  const row = statedRow(pair, stated);
  const input: VerifyPairInput = {
    ...options.options,
    location: store.url(''),
    files: pair.files,
    source: pair.source.argument,
    target: pair.target.argument,
    ...(pair.source.scale &&
      pair.target.scale && { scales: { source: pair.source.scale.choice, target: pair.target.scale.choice } }),
    statedObjective: row?.objective ?? null,
    ...(pair.drift && { unmatched: pair.drift.unmatched }),
    ...(pair.drift &&
      row &&
      'kept' in row && { drift: { kept: pair.drift.kept, stated: row as DriftCounts & DriftRow } }),
  };
  const { permutationFaults, certificateFaults, proof }: PairVerification = await runTask('verifyPair', input, options);
  return {
    source_layer: pair.sourceLayer,
    target_layer: pair.targetLayer,
    permutation: check(permutationFaults),
    certificate: check(certificateFaults),
    objective: proof?.objective ?? null,
    bound: proof?.bound ?? null,
    gap: proof?.gap ?? null,
    tolerance: proof?.tolerance ?? null,
  };
}

/** The row that is about a pair; a layer compared with the previous checkpoint has none in pairs.parquet. */
function statedRow(pair: PairToVerify, { pairs, drift }: StatedRows): PairRow | DriftRow | undefined {
  if (pair.drift !== undefined) return drift.find(({ layer }) => layer === pair.targetLayer);
  return pairs.find(
    ({ source_layer, target_layer }) => source_layer === pair.sourceLayer && target_layer === pair.targetLayer
  );
}

/** `pair 3→4`, or `pair` when the layers are not known. */
export function pairName({
  source_layer: source,
  target_layer: target,
}: Pick<VerifiedPair, 'source_layer' | 'target_layer'>): string {
  return source === null || target === null ? 'pair' : `pair ${source}→${target}`;
}

/** `drift of layer 3` for a layer that was compared with the previous checkpoint. */
export const driftName = (layer: number | null): string => `drift of layer ${layer ?? 'unknown'}`;

const nameOf = ({ drift, sourceLayer, targetLayer }: PairToVerify): string =>
  drift === undefined ? pairName({ source_layer: sourceLayer, target_layer: targetLayer }) : driftName(targetLayer);

const check = (faults: readonly string[]): Check => ({ ok: faults.length === 0, faults });
const addOrNull = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);

async function noting(faults: string[], step: () => Promise<unknown>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof SaeMatchError)) throw error;
    faults.push(error.message);
  }
}
