import { InputError } from '../../matching/errors';
import type { CanonicalSae } from '../canonical';
import { OWN_LAYER } from '../formats/notes';
import { hookKind } from '../hook-kind';

/** Values of all features for one token, each known to within a bound. */
export interface BoundedValues {
  /** Of W_enc·x + b_enc, nearly; NaN or infinite where that is not known at all. `[features]` */
  readonly value: Float64Array;
  /** How far each may be off. `[features]` */
  readonly bound: Float64Array;
}

/** Decides which features are active. */
export interface FeatureGate {
  /** Writes the features that may be active to `into`, ascending; returns how many there are. */
  candidates(values: BoundedValues, into: Int32Array): number;
  /**
   * Which of the candidates are active.
   *
   * @param features as `candidates` gave them
   * @param exact W_enc·x + b_enc of each, in float64
   * @param isActive overwritten with 0 or 1 `[candidates]`
   */
  decide(features: Int32Array, exact: Float64Array, isActive: Uint8Array): void;
}

/** Normalisations of each token by itself, which no weight can hold: the rest is folded into the weights when they are read. */
const OF_EACH_TOKEN: readonly string[] = ['layer_norm', 'constant_norm_rescale'];

/**
 * The gate of an SAE that reconstructs its own input.
 *
 * @throws InputError when which features are active cannot be told from one hidden state, or the SAE does something else
 */
export function gateOf(sae: CanonicalSae, file: string): FeatureGate {
  const { header, threshold, selectScale } = sae;
  const refuse = (found: string, expected: string): InputError =>
    new InputError('activations of this SAE cannot be computed', {
      ...{ file, found, expected, remedy: 'Evaluate it without --activations.' },
    });
  if (sae.jointEncoder === true)
    throw refuse('an encoder that reads several layers', 'an SAE with an encoder of its own');
  if (OF_EACH_TOKEN.includes(header.inputNorm))
    throw refuse(`an input that is normalised by ${header.inputNorm}`, 'an SAE that reads hidden states as they are');
  if (isTranscoder(sae)) throw refuse('a transcoder', 'an SAE that reconstructs what it reads');
  if (threshold !== null) return new ThresholdGate(threshold);
  if (header.activation === 'topk' && header.k !== null) return new LargestGate(header.k, selectScale);
  throw refuse(`activation ${header.activation} without a threshold`, 'a threshold a feature, or the k largest');
}

/** Formats name where they write in a note; those that do not read the input of an MLP only to write its output. */
function isTranscoder({ header, skip }: CanonicalSae): boolean {
  const writes = header.notes.map((note) => /^writes to (.+)$/.exec(note)?.[1]).find((hook) => hook !== undefined);
  if (header.notes.includes(OWN_LAYER) || (writes !== undefined && writes !== header.hook)) return true;
  return header.dIn !== header.dOut || skip !== null || (writes === undefined && hookKind(header.hook) === 'mlp_in');
}

/** JumpReLU and all that can be written as it: active where pre > max(θ, 0), as the activation is a ReLU besides. */
class ThresholdGate implements FeatureGate {
  private readonly least: Float64Array;

  constructor(threshold: Float64Array) {
    this.least = threshold.map((value) => Math.max(0, value));
  }

  candidates({ value, bound }: BoundedValues, into: Int32Array): number {
    const { least } = this;
    let count = 0;
    for (let i = 0; i < least.length; i++) {
      // Written so that what is not a number is looked at.
      if (!(value[i]! + bound[i]! <= least[i]!)) into[count++] = i;
    }
    return count;
  }

  decide(features: Int32Array, exact: Float64Array, isActive: Uint8Array): void {
    features.forEach((feature, n) => {
      isActive[n] = Number(exact[n]! > this.least[feature]!);
    });
  }
}

/** TopK: the k features of largest rank, ReLU(pre) times their scale, the lowest index first among equals; none of rank 0. */
class LargestGate implements FeatureGate {
  private readonly largest: Float64Array;

  constructor(
    k: number,
    private readonly scale: Float64Array | null
  ) {
    this.largest = new Float64Array(k);
  }

  candidates({ value, bound }: BoundedValues, into: Int32Array): number {
    const { largest, scale } = this;
    largest.fill(0);
    for (let i = 0; i < value.length; i++) {
      const rank = (value[i]! - bound[i]!) * (scale?.[i] ?? 1);
      if (rank > largest[0]!) insert(largest, rank);
    }
    const cut = largest[0]!;
    let count = 0;
    for (let i = 0; i < value.length; i++) {
      const most = (value[i]! + bound[i]!) * (scale?.[i] ?? 1);
      // As many features as are kept are at least at the cut.
      if (!(most < cut || most <= 0)) into[count++] = i;
    }
    return count;
  }

  decide(features: Int32Array, exact: Float64Array, isActive: Uint8Array): void {
    const rank = exact.map((value, n) => Math.max(0, value) * (this.scale?.[features[n]!] ?? 1));
    const ordered = Int32Array.from(features.keys()).sort((a, b) => rank[b]! - rank[a]! || a - b);
    isActive.fill(0, 0, features.length);
    for (const n of ordered.subarray(0, this.largest.length)) isActive[n] = Number(rank[n]! > 0);
  }
}

/** Puts a value into an ascending list in place of its smallest. */
function insert(ascending: Float64Array, value: number): void {
  let at = 0;
  for (; at + 1 < ascending.length && ascending[at + 1]! < value; at++) ascending[at] = ascending[at + 1]!;
  ascending[at] = value;
}
