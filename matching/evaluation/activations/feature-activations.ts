/**
 * Activations of the features of one layer on some tokens, `[tokens, features]` with few that are not 0: the entries of
 * token t are those from `starts[t]` up to `starts[t + 1]`, by ascending feature.
 */
export interface FeatureActivations {
  readonly tokens: number;
  readonly features: number;
  /** `[tokens + 1]` */
  readonly starts: Uint32Array;
  /** `[entries]` */
  readonly feature: Int32Array;
  /** Above 0, in the units of the hidden states. `[entries]` */
  readonly activation: Float32Array;
}

/** Gathers activations token by token. */
export class ActivationsBuilder {
  private readonly starts: Uint32Array;
  private feature = new Int32Array(1024);
  private activation = new Float32Array(1024);
  private tokens = 0;
  private entries = 0;

  constructor(
    tokens: number,
    private readonly features: number
  ) {
    this.starts = new Uint32Array(tokens + 1);
  }

  /** Adds an entry of the token that {@link endToken} will end. An activation too small for float32 is none. */
  add(feature: number, activation: number): void {
    const rounded = Math.fround(activation);
    if (rounded === 0) return;
    if (this.entries === this.feature.length) this.grow();
    this.feature[this.entries] = feature;
    this.activation[this.entries] = rounded;
    this.entries += 1;
  }

  endToken(): void {
    this.tokens += 1;
    this.starts[this.tokens] = this.entries;
  }

  build(): FeatureActivations {
    return {
      tokens: this.tokens,
      features: this.features,
      starts: this.starts,
      feature: this.feature.slice(0, this.entries),
      activation: this.activation.slice(0, this.entries),
    };
  }

  private grow(): void {
    const feature = new Int32Array(2 * this.feature.length);
    const activation = new Float32Array(2 * this.activation.length);
    feature.set(this.feature);
    activation.set(this.activation);
    this.feature = feature;
    this.activation = activation;
  }
}
