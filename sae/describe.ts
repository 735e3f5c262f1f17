import { rowOf } from '../matching/row-matrix';
import type { Activation, CanonicalSae, Gauge } from './canonical';
import { bytesOf } from './catalogue-entry';
import type { CatalogueEntry } from './catalogue-entry';
import { rowNorms } from './formats/assemble';
import { loadSae } from './load-sae';
import { giveScale } from './scale/give-scale';
import { quantilesOf } from './quantiles';
import type { Quantiles } from './quantiles';
import type { SaeSource, TransferOptions } from './sources/source';

/** What `inspect --json` prints for one SAE. Weight statistics are null when only headers were read. */
export interface SaeDescription {
  readonly format: string | null;
  readonly path: string;
  readonly layer: number | null;
  readonly hook: string | null;
  readonly features: number | null;
  readonly d_in: number | null;
  readonly d_out: number | null;
  readonly dtype: string | null;
  readonly activation: Activation | null;
  readonly k: number | null;
  readonly gauge: Gauge | null;
  readonly input_norm: string | null;
  /** Thresholds; null when the gauge is not theta. */
  readonly theta: Quantiles | null;
  /** What is folded where the gauge is given, 0 for features without; absent otherwise. */
  readonly scale?: Quantiles | null;
  /** Features that folding cannot treat: a threshold, or a given scale, of 0 or less. */
  readonly excluded: number | null;
  /** Features whose encoder or decoder row is all zero. */
  readonly dead: number | null;
  readonly decoder_norm: Quantiles | null;
  readonly bytes: number;
  /** False when folding scales all features alike, so that it cannot change a matching of one part and equal widths. */
  readonly fold_changes_result: boolean | null;
  readonly notes: readonly string[];
  /** Only where the SAE cannot be used: why. */
  readonly error?: string;
}

export interface DescribeOptions extends TransferOptions {
  /** False uses the headers only. */
  readonly weights: boolean;
  /** Scale that an SAE without thresholds is given, as in a specification; absent: its own. */
  readonly scale?: string;
}

/** Norms of rows that were normalised in float32 or less differ by about this much. */
const EQUAL_NORM_TOLERANCE = 1e-6;

/**
 * Describes one SAE.
 *
 * @throws InputError when `weights` is true and they, or the scale, cannot be read.
 */
export async function describeSae(
  source: SaeSource,
  entry: CatalogueEntry,
  options: DescribeOptions
): Promise<SaeDescription> {
  if (!options.weights) return fromHeader(source, entry);
  const stored = await loadSae(source, entry, options);
  const { sae } =
    options.scale === undefined ? { sae: stored } : await giveScale(stored, options.scale, { source, entry });
  const norms = rowNorms(sae.decoder);
  const theta = sae.header.gauge === 'theta' ? sae.threshold : null;
  const given = sae.header.gauge === 'given' ? (sae.scale ?? null) : null;
  const folded = theta ?? given;
  return {
    ...fromHeader(source, { ...entry, header: sae.header }),
    theta: theta && quantilesOf(theta),
    ...(given !== null && { scale: quantilesOf(given) }),
    excluded: folded?.reduce((count, value) => count + (value > 0 ? 0 : 1), 0) ?? 0,
    dead: countDead(sae, norms),
    decoder_norm: quantilesOf(norms),
    fold_changes_result: folded === null ? !nearlyEqual(norms) : !isOnePositive(folded),
  };
}

const isOnePositive = (scale: Float64Array): boolean => scale.every((value) => value === scale[0] && value > 0);

function fromHeader(source: SaeSource, { format, path, layer, files, header, error }: CatalogueEntry): SaeDescription {
  return {
    format,
    path: path === '.' ? source.root : path,
    layer,
    hook: header?.hook ?? null,
    features: header?.features ?? null,
    d_in: header?.dIn ?? null,
    d_out: header?.dOut ?? null,
    dtype: header?.dtype ?? null,
    activation: header?.activation ?? null,
    k: header?.k ?? null,
    gauge: header?.gauge ?? null,
    input_norm: header?.inputNorm ?? null,
    theta: null,
    excluded: null,
    dead: null,
    decoder_norm: null,
    bytes: header?.bytes ?? bytesOf({ files }),
    fold_changes_result: null,
    notes: header?.notes ?? [],
    ...(error === null ? {} : { error: error.message }),
  };
}

function countDead(sae: CanonicalSae, decoderNorms: Float64Array): number {
  let dead = 0;
  for (let feature = 0; feature < decoderNorms.length; feature++) {
    if (decoderNorms[feature] === 0 || rowOf(sae.encoder, feature).every((value) => value === 0)) dead += 1;
  }
  return dead;
}

function nearlyEqual(values: Float64Array): boolean {
  const [first = 0] = values;
  return values.every((value) => Math.abs(value - first) <= EQUAL_NORM_TOLERANCE * Math.abs(first));
}
