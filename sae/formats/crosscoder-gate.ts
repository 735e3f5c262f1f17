import { InputError } from '../../matching/errors';
import { decodeFloats } from '../containers/decode-floats';
import { readRows, readScalar, readVector } from '../containers/read-tensor';
import { elementCount, isFloatType } from '../containers/tensor';
import type { TensorFile } from '../containers/tensor';
import { rowNorms } from './assemble';
import type { ConfigFields } from './config-fields';
import type { CrosscoderTensors } from './crosscoder-tensors';
import { findTensor, requireShape, requireTensor } from './tensor-checks';

/** How a BatchTopK crosscoder gates its features at one site. */
export interface SiteGate {
  /** Compared with activations times their code normalisation; 0 or less lets every positive one pass. */
  readonly threshold: number;
  /** Whether it is this site's and not that of all. */
  readonly isOwn: boolean;
  readonly notes: readonly string[];
  /** Compared with the activations themselves: the threshold by the code normalisation. `[features]` */
  readonly ofFeatures: () => Promise<Float64Array>;
}

interface Context {
  readonly config: ConfigFields | null;
  readonly rename: (name: string) => string;
  readonly site: number;
}

/**
 * Reads the threshold of a BatchTopK crosscoder. A feature is active where f·n > θ; its code normalisation n is the sum of
 * its decoder norms at all sites, the norm of all its decoders together, a mixture of both, 1, or, decoupled, its norm at
 * each site, with a threshold for each.
 *
 * @throws InputError where the normalisation is not known
 */
export async function readSiteThreshold(file: TensorFile, all: CrosscoderTensors, context: Context): Promise<SiteGate> {
  const { rename, site } = context;
  const { kind, notes } = await normalisationOf(file, context);
  const isOwn = kind === 'DECOUPLED';
  const stored = requireTensor(file, 'threshold', rename);
  const threshold = isOwn
    ? (await readVector(requireShape(stored, [all.sites]), all.sites))[site]!
    : await readScalar(requireShape(stored, []));
  const ofFeatures = async (): Promise<Float64Array> => {
    if (threshold <= 0) return new Float64Array(all.features);
    const norms = await codeNormalisation(all, kind, context);
    // Without a decoder a feature gives nothing and is never active: as one of threshold 0 it is left out when folding.
    return norms.map((norm) => (norm === 0 ? 0 : threshold / norm));
  };
  return { threshold, isOwn, notes, ofFeatures };
}

/** In the order of their numbers in the files, from 1 on. */
const NORMALISATIONS = ['CROSSCODER', 'SAE', 'MIXED', 'NONE', 'DECOUPLED'] as const;
type Normalisation = (typeof NORMALISATIONS)[number];

const ASSUMED = 'nothing names its code normalisation: read as the sum of decoder norms, as its library does';

async function normalisationOf(
  file: TensorFile,
  { config, rename }: Context
): Promise<{ readonly kind: Normalisation; readonly notes: readonly string[] }> {
  const stored = findTensor(file, 'code_normalization_id', rename);
  const declared = config?.text('code_normalization') ?? null;
  if (stored === undefined && declared === null) return { kind: 'CROSSCODER', notes: [ASSUMED] };
  const found = stored === undefined ? declared! : await readScalar(stored);
  const kind =
    typeof found === 'number' ? NORMALISATIONS[found - 1] : NORMALISATIONS.find((name) => name === found.toUpperCase());
  if (kind !== undefined) return { kind, notes: [] };
  const numbers = NORMALISATIONS.map((name, index) => `${index + 1} (${name})`).join(', ');
  throw new InputError('this code normalisation is not known', {
    file: stored === undefined ? config!.file : file.name,
    field: stored === undefined ? 'code_normalization' : stored.name,
    found: String(found),
    expected: stored === undefined ? NORMALISATIONS.join(', ') : numbers,
  });
}

/** What activations are multiplied by before they are compared with the threshold. `[features]` */
async function codeNormalisation(
  all: CrosscoderTensors,
  kind: Normalisation,
  { config, site }: Context
): Promise<Float64Array> {
  const normsOf = async (of: number): Promise<Float64Array> => rowNorms(await readRows(all.decoderOf(of), 'rows'));
  if (kind === 'NONE') return new Float64Array(all.features).fill(1);
  if (kind === 'DECOUPLED') return normsOf(site);
  const sum = new Float64Array(all.features);
  const squares = new Float64Array(all.features);
  for (let other = 0; other < all.sites; other++) {
    (await normsOf(other)).forEach((norm, feature) => {
      sum[feature]! += norm;
      squares[feature]! += norm * norm;
    });
  }
  if (kind === 'CROSSCODER') return sum;
  const together = squares.map(Math.sqrt);
  if (kind === 'SAE') return together;
  // The library's own weights, where the configuration does not state them.
  const weight = (field: string, usual: number): number => {
    const value = config?.values[field] ?? usual;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw config!.unsupported(field, 'a number');
  };
  const [alpha, beta] = [weight('code_normalization_alpha_sae', 1), weight('code_normalization_alpha_cc', 0.1)];
  return together.map((norm, feature) => alpha * norm + beta * sum[feature]!);
}

/** Whether activations have a mean and a deviation to be normalised by: NaN stands for none. */
export async function isNormalised(file: TensorFile, rename: (name: string) => string): Promise<boolean> {
  const [mean, deviation] = [findTensor(file, 'activation_mean', rename), findTensor(file, 'activation_std', rename)];
  for (const tensor of [mean, deviation]) {
    if (tensor === undefined || !isFloatType(tensor.dtype)) return tensor !== undefined;
    const parts: Buffer[] = [];
    for await (const part of tensor.chunks()) parts.push(part);
    const values = new Float64Array(elementCount(tensor.shape));
    decodeFloats(Buffer.concat(parts), tensor.dtype, tensor.bigEndian, values, 0);
    if (values.some(Number.isNaN)) return false;
  }
  return true;
}
