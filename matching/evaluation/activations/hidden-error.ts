/** Hidden states of some tokens, `[tokens, elements]`, row-major. */
export interface HiddenStates {
  readonly tokens: number;
  readonly elements: number;
  readonly values: Float32Array | Float64Array;
}

/**
 * How well an estimate x̂ explains hidden states x. The paper prints Var(x̂ − x) / Var(x) and does not say over what the
 * variance is taken (SAE Match, arXiv 2410.07656, Sect. 5.4), so each is named here; that fraction of variance unexplained
 * (FVU) is one minus the number. Null where x has no variance.
 */
export interface ExplainedVariance {
  /** 1 − Σ(x̂ − x)² / Σ(x − x̄)², both over all tokens and elements, x̄ the mean token: a constant offset counts as error. */
  readonly pooled: number | null;
  /** 1 − Var(x̂ − x) / Var(x), all elements of all tokens taken for one sample. */
  readonly elements: number | null;
  /** Mean over the elements k of 1 − Var(x̂_k − x_k) / Var(x_k), over tokens; elements that never vary are left out. */
  readonly dimensions: number | null;
}

/** Sums over one document. */
export interface DocumentError {
  tokens: number;
  /** Σ ‖x̂ − x‖² */
  error: number;
}

/** Sums what {@link ExplainedVariance} needs of an estimate, token by token, in float64. */
export class HiddenError {
  /** By document. */
  readonly documents = new Map<number, DocumentError>();
  private readonly errorSum: Float64Array;
  private readonly errorSquares: Float64Array;

  constructor(elements: number) {
    this.errorSum = new Float64Array(elements);
    this.errorSquares = new Float64Array(elements);
  }

  /**
   * @param x the hidden state `[elements]`
   * @param estimate `[elements]`
   */
  add(document: number, x: ArrayLike<number>, estimate: ArrayLike<number>): void {
    const { errorSum, errorSquares } = this;
    let squares = 0;
    for (let k = 0; k < errorSum.length; k++) {
      const error = estimate[k]! - x[k]!;
      errorSum[k]! += error;
      errorSquares[k]! += error * error;
      squares += error * error;
    }
    const sums = this.documents.get(document);
    if (sums === undefined) this.documents.set(document, { tokens: 1, error: squares });
    else {
      sums.tokens += 1;
      sums.error += squares;
    }
  }

  /** @param moments of the hidden states of the same tokens */
  explained(moments: HiddenMoments): ExplainedVariance {
    const { tokens, sum: xSum, squares: xSquares } = moments;
    const n = tokens * xSum.length;
    const varied = xSum.map((total, k) => variance(tokens, total, xSquares[k]!));
    const unexplained = this.errorSum.map((total, k) => variance(tokens, total, this.errorSquares[k]!));
    const ratios = unexplained.map((value, k) => 1 - value / varied[k]!).filter((_, k) => varied[k]! > 0);
    return {
      pooled: explainedShare(total(this.errorSquares), tokens * total(varied)),
      elements: explainedShare(
        variance(n, total(this.errorSum), total(this.errorSquares)),
        variance(n, total(xSum), total(xSquares))
      ),
      dimensions: ratios.length === 0 ? null : total(ratios) / ratios.length,
    };
  }
}

/** Sums over hidden states that do not depend on an estimate, in float64. */
export class HiddenMoments {
  tokens = 0;
  /** Σ ‖x‖ */
  norms = 0;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
  /** By document: its tokens, Σ x and Σ ‖x‖². */
  readonly documents = new Map<number, { tokens: number; sum: Float64Array; squares: number }>();

  constructor(elements: number) {
    this.sum = new Float64Array(elements);
    this.squares = new Float64Array(elements);
  }

  add(document: number, x: ArrayLike<number>): void {
    let sums = this.documents.get(document);
    if (sums === undefined) {
      sums = { tokens: 0, sum: new Float64Array(this.sum.length), squares: 0 };
      this.documents.set(document, sums);
    }
    let squares = 0;
    for (let k = 0; k < this.sum.length; k++) {
      const value = x[k]!;
      this.sum[k]! += value;
      sums.sum[k]! += value;
      this.squares[k]! += value * value;
      squares += value * value;
    }
    sums.tokens += 1;
    sums.squares += squares;
    this.tokens += 1;
    this.norms += Math.sqrt(squares);
  }
}

/** 1 − unexplained / all; null where there is nothing to explain. */
export function explainedShare(unexplained: number, all: number): number | null {
  return all > 0 ? 1 - unexplained / all : null;
}

/** Of a sample of n by its sums, divided by n; rounding below 0 counts as 0. */
function variance(n: number, sum: number, squares: number): number {
  if (n === 0) return 0;
  const mean = sum / n;
  return Math.max(0, squares / n - mean * mean);
}

function total(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
