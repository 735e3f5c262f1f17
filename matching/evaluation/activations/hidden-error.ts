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
  /**
   * Mean over the elements k of 1 − Var(x̂_k − x_k) / Var(x_k), over tokens. Elements that hardly vary are left out: their
   * variance is below 10⁻¹² of the mean variance of all.
   */
  readonly dimensions: number | null;
}

/** Sums over one document. */
export interface DocumentError {
  tokens: number;
  /** Σ ‖x̂ − x‖² */
  error: number;
}

/** An element whose variance is a smaller share of the mean variance counts for nothing: rounding makes as much. */
const LEAST_VARIED = 1e-12;

/** Sums what {@link ExplainedVariance} needs of an estimate, token by token, in float64. */
export class HiddenError {
  /** By document. */
  readonly documents = new Map<number, DocumentError>();
  private readonly errors: ElementSums;

  constructor(elements: number) {
    this.errors = new ElementSums(elements);
  }

  /**
   * @param x the hidden state `[elements]`
   * @param estimate `[elements]`
   */
  add(document: number, x: ArrayLike<number>, estimate: ArrayLike<number>): void {
    const { errors } = this;
    let squares = 0;
    errors.begin();
    for (let k = 0; k < errors.elements; k++) {
      const error = estimate[k]! - x[k]!;
      errors.add(k, error);
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
  explained({ states }: HiddenMoments): ExplainedVariance {
    const { errors } = this;
    const varied = states.variances();
    const ratios = errors.variances().map((value, k) => 1 - value / varied[k]!);
    const least = (LEAST_VARIED * total(varied)) / varied.length;
    const counted = ratios.filter((_, k) => varied[k]! > least);
    return {
      pooled: explainedShare(errors.squares(), states.tokens * total(varied)),
      elements: explainedShare(errors.varianceOfAll(), states.varianceOfAll()),
      dimensions: counted.length === 0 ? null : total(counted) / counted.length,
    };
  }
}

/** Sums over hidden states that do not depend on an estimate, in float64. */
export class HiddenMoments {
  readonly states: ElementSums;
  /** Σ ‖x‖ */
  norms = 0;
  /** By document: its tokens, Σ x and Σ ‖x‖². */
  readonly documents = new Map<number, { tokens: number; sum: Float64Array; squares: number }>();

  constructor(elements: number) {
    this.states = new ElementSums(elements);
  }

  get tokens(): number {
    return this.states.tokens;
  }

  add(document: number, x: ArrayLike<number>): void {
    const { states } = this;
    let sums = this.documents.get(document);
    if (sums === undefined) {
      sums = { tokens: 0, sum: new Float64Array(states.elements), squares: 0 };
      this.documents.set(document, sums);
    }
    let squares = 0;
    states.begin();
    for (let k = 0; k < states.elements; k++) {
      const value = x[k]!;
      states.add(k, value);
      sums.sum[k]! += value;
      squares += value * value;
    }
    sums.tokens += 1;
    sums.squares += squares;
    this.norms += Math.sqrt(squares);
  }
}

/** Sums of each element over tokens, of its difference to the first token's: what hardly varies loses no digits. */
class ElementSums {
  tokens = 0;
  private readonly first: Float64Array;
  private readonly sum: Float64Array;
  private readonly square: Float64Array;

  constructor(readonly elements: number) {
    this.first = new Float64Array(elements);
    this.sum = new Float64Array(elements);
    this.square = new Float64Array(elements);
  }

  /** Begins a token; then {@link add} is called for each of its elements. */
  begin(): void {
    this.tokens += 1;
  }

  add(k: number, value: number): void {
    if (this.tokens === 1) this.first[k] = value;
    const difference = value - this.first[k]!;
    this.sum[k]! += difference;
    this.square[k]! += difference * difference;
  }

  /** Of each element over the tokens. `[elements]` */
  variances(): Float64Array {
    return this.sum.map((sum, k) => variance(this.tokens, sum, this.square[k]!));
  }

  /** Σ of the squares of all elements of all tokens. */
  squares(): number {
    let all = total(this.variances());
    for (let k = 0; k < this.elements; k++) all += this.mean(k) ** 2;
    return this.tokens * all;
  }

  /** Of all elements of all tokens, taken for one sample. */
  varianceOfAll(): number {
    let mean = 0;
    for (let k = 0; k < this.elements; k++) mean += this.mean(k) / this.elements;
    const within = total(this.variances());
    let between = 0;
    for (let k = 0; k < this.elements; k++) between += (this.mean(k) - mean) ** 2;
    return (within + between) / this.elements;
  }

  private mean(k: number): number {
    return this.tokens === 0 ? 0 : this.first[k]! + this.sum[k]! / this.tokens;
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
