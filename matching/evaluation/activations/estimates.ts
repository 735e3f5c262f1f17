import type { Choice } from '../choices';
import { CoActivation } from './co-activation';
import { carryFactors, decodeToken, DECODINGS } from './decoding';
import type { DecoderWeights, Decoding } from './decoding';
import type { FeatureActivations } from './feature-activations';
import { HiddenError, HiddenMoments } from './hidden-error';
import type { HiddenStates } from './hidden-error';
import { QUANTILES, QuantileEstimates } from './quantile-estimates';

/**
 * Estimates of the target layer's hidden state that every choice is compared with: the target's own SAE
 * (`encode_decode_current`), the source's (`encode_decode_previous`), and the source's hidden state itself (`copy`: the layers between
 * are dropped).
 */
export type Bound = 'encode_decode_current' | 'encode_decode_previous' | 'copy';
export const BOUNDS: readonly Bound[] = ['encode_decode_current', 'encode_decode_previous', 'copy'];

/** The same tokens as two layers see them. */
export interface TokenBlock {
  /** Number of the document of every token `[tokens]`. */
  readonly documents: Int32Array;
  readonly source: { readonly states: HiddenStates; readonly activations: FeatureActivations };
  readonly target: { readonly states: HiddenStates; readonly activations: FeatureActivations };
}

/** One layer as activations are decoded by it. */
export interface PairDecoders {
  readonly source: DecoderWeights;
  readonly target: DecoderWeights;
}

/** A choice under its name. */
export interface NamedChoice {
  readonly name: string;
  readonly choice: Choice;
}

/** How an estimate is called in tables. */
export interface EstimateName {
  /** A choice or a {@link Bound}. */
  readonly estimate: string;
  /** Null for a bound. */
  readonly decoding: Decoding | null;
}

/**
 * Encode, permute, decode (SAE Match, arXiv 2410.07656, Eq. 5) by every choice, block by block of tokens: sums in float64 in
 * the order of the tokens, so that block sizes change nothing.
 */
export class PairEstimates {
  readonly moments: HiddenMoments;
  /** Σ ‖x_target − x_source‖ */
  differenceNorms = 0;
  readonly errors: readonly (EstimateName & { readonly error: HiddenError })[];
  readonly quantileErrors: readonly {
    readonly decoding: Decoding;
    readonly quantile: number;
    readonly error: HiddenError;
  }[];
  readonly coActivation: CoActivation;
  private readonly bounds: ReadonlyMap<Bound, HiddenError>;
  private readonly carried: readonly {
    readonly choice: Choice;
    readonly factors: Float64Array;
    readonly error: HiddenError;
  }[];
  private readonly quantiles: readonly {
    readonly estimates: QuantileEstimates;
    readonly errors: readonly HiddenError[];
  }[];
  private readonly estimate: Float64Array;

  /** @param ranked the choice that quantile matching is done by, with its MSE; null for none */
  constructor(
    private readonly decoders: PairDecoders,
    readonly choices: readonly NamedChoice[],
    ranked: { readonly choice: Choice; readonly mse: Float64Array } | null
  ) {
    const { source, target } = decoders;
    const elements = target.bias.length;
    const newError = (): HiddenError => new HiddenError(elements);
    this.estimate = new Float64Array(elements);
    this.moments = new HiddenMoments(elements);
    this.bounds = new Map(BOUNDS.map((bound) => [bound, newError()]));
    const carried = choices.flatMap(({ name, choice }) =>
      DECODINGS.map((decoding) => {
        const factors = carryFactors(decoding, choice, source, target);
        return { estimate: name, decoding, choice, factors, error: newError() };
      })
    );
    this.carried = carried;
    this.errors = [
      ...[...this.bounds].map(([estimate, error]) => ({ estimate, decoding: null, error })),
      ...carried.map(({ estimate, decoding, error }) => ({ estimate, decoding, error })),
    ];
    const quantiles = DECODINGS.flatMap((decoding) => {
      if (ranked === null) return [];
      const { choice, mse } = ranked;
      const factors = carryFactors(decoding, choice, source, target);
      const estimates = new QuantileEstimates(source, target, { choice, factors }, mse);
      return [{ decoding, estimates, errors: QUANTILES.map(newError) }];
    });
    this.quantiles = quantiles;
    this.quantileErrors = quantiles.flatMap(({ decoding, errors }) =>
      errors.map((error, at) => ({ decoding, quantile: QUANTILES[at]!, error }))
    );
    this.coActivation = new CoActivation(
      choices.map(({ choice }) => choice),
      source.rows.length,
      target.rows.length
    );
  }

  /** @param onToken called before every token */
  add(block: TokenBlock, onToken: () => void): void {
    for (let token = 0; token < block.documents.length; token++) {
      onToken();
      this.addToken(block, token);
    }
  }

  private addToken({ documents, source, target }: TokenBlock, token: number): void {
    const document = documents[token]!;
    const x = rowAt(target.states, token);
    const previous = rowAt(source.states, token);
    const { estimate, decoders } = this;
    this.moments.add(document, x);
    this.differenceNorms += distance(x, previous);
    this.coActivation.add(document, source.activations, target.activations, token);

    this.bounds.get('copy')!.add(document, x, previous);
    decodeToken(estimate, decoders.target, target.activations, token, null);
    this.bounds.get('encode_decode_current')!.add(document, x, estimate);
    decodeToken(estimate, decoders.source, source.activations, token, null);
    this.bounds.get('encode_decode_previous')!.add(document, x, estimate);

    for (const { choice, factors, error } of this.carried) {
      decodeToken(estimate, decoders.target, source.activations, token, { choice, factors });
      error.add(document, x, estimate);
    }
    for (const { estimates, errors } of this.quantiles) {
      estimates.estimate(source.activations, token, (quantile, values) => {
        errors[quantile]!.add(document, x, values);
      });
    }
  }
}

function rowAt({ values, elements }: HiddenStates, token: number): Float32Array | Float64Array {
  return values.subarray(token * elements, (token + 1) * elements);
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k]! - b[k]!) ** 2;
  return Math.sqrt(sum);
}
