import type { Activation } from '../canonical';
import { readVector } from '../containers/read-tensor';
import type { TensorFile } from '../containers/tensor';
import type { Conventions } from './assemble';
import { readGates } from './gates';
import { LINEAR_LAYERS, requireShape, requireTensor } from './tensor-checks';
import type { SaeTensors, TensorLayout } from './tensor-checks';

/** How one class of dictionary_learning stores its weights and computes with them. */
export interface DictionaryClass {
  readonly layout: TensorLayout;
  readonly activation: Activation;
  /** Whether features have a threshold each, all have one together, or there is none. */
  readonly threshold: 'features' | 'scalar' | null;
  readonly read: (stored: StoredDictionary) => Promise<Conventions>;
}

export interface StoredDictionary {
  readonly file: TensorFile;
  readonly tensors: SaeTensors;
  readonly rename: (name: string) => string;
  /** The scalar one; null where there is none. */
  readonly threshold: number | null;
}

const linear = (bias: string | null, decoderBias: string): TensorLayout => ({
  ...LINEAR_LAYERS,
  names: { ...LINEAR_LAYERS.names, encoderBias: bias, decoderBias },
});
const PLAIN: TensorLayout = { encoderFeatureAxis: 1 };

const relu =
  (subtractDecoderBias: boolean) =>
  ({ tensors }: StoredDictionary): Promise<Conventions> =>
    Promise.resolve({ threshold: new Float64Array(tensors.features), subtractDecoderBias });

/** A threshold that all features share; one that was never set is negative and lets every positive activation pass. */
const shared = ({ tensors, threshold }: StoredDictionary): Promise<Conventions> =>
  Promise.resolve({
    threshold: new Float64Array(tensors.features).fill(Math.max(0, threshold ?? 0)),
    subtractDecoderBias: true,
  });

/** The classes by the name that configurations use. */
export const DICTIONARY_CLASSES: Readonly<Record<string, DictionaryClass>> = {
  AutoEncoder: { layout: linear('encoder.bias', 'bias'), activation: 'relu', threshold: null, read: relu(true) },
  AutoEncoderNew: {
    ...{ layout: LINEAR_LAYERS, activation: 'relu', threshold: null },
    read: relu(false),
  },
  GatedAutoEncoder: {
    ...{ layout: linear(null, 'decoder_bias'), activation: 'gated', threshold: 'features' },
    read: async ({ file, tensors, rename }) => ({
      ...(await readGates(file, tensors.features, { gate: 'gate_bias', magnitude: 'mag_bias', rename })),
      subtractDecoderBias: true,
    }),
  },
  JumpReluAutoEncoder: {
    ...{ layout: PLAIN, activation: 'jumprelu', threshold: 'features' },
    read: async ({ file, tensors, rename }) => {
      const threshold = requireShape(requireTensor(file, 'threshold', rename), [tensors.features]);
      return { threshold: await readVector(threshold, tensors.features) };
    },
  },
  // It has a threshold too, but ranks by top-k all the same.
  AutoEncoderTopK: {
    ...{ layout: linear('encoder.bias', 'b_dec'), activation: 'topk', threshold: null },
    read: () => Promise.resolve({ threshold: null, subtractDecoderBias: true }),
  },
  BatchTopKSAE: {
    ...{ layout: linear('encoder.bias', 'b_dec'), activation: 'batchtopk', threshold: 'scalar' },
    read: shared,
  },
  MatryoshkaBatchTopKSAE: { layout: PLAIN, activation: 'batchtopk', threshold: 'scalar', read: shared },
};

/** The class that tensors of these names belong to; null when they belong to none. */
export function classOf(names: ReadonlySet<string>): string | null {
  const has = (...wanted: readonly string[]): boolean => wanted.every((name) => names.has(name));
  if (has('encoder.weight', 'decoder.weight')) {
    if (has('r_mag', 'gate_bias', 'mag_bias', 'decoder_bias')) return 'GatedAutoEncoder';
    if (has('encoder.bias', 'b_dec', 'k')) return 'AutoEncoderTopK';
    if (has('encoder.bias', 'bias')) return 'AutoEncoder';
    if (has('encoder.bias', 'decoder.bias')) return 'AutoEncoderNew';
    return null;
  }
  if (!has('W_enc', 'W_dec', 'b_enc', 'b_dec', 'threshold')) return null;
  return has('group_sizes') ? 'MatryoshkaBatchTopKSAE' : 'JumpReluAutoEncoder';
}
