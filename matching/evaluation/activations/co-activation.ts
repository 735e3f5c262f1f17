import type { Choice } from '../choices';
import type { FeatureActivations } from './feature-activations';

/** How often features of a layer, and the targets that were chosen for them, are active in one stretch of a document. */
export interface CountedStretch {
  readonly document: number;
  /** Source features that are active in it, and on how many tokens. */
  readonly source: Int32Array;
  readonly sourceTokens: Int32Array;
  /** By choice: on how many of these tokens the target is active too. */
  readonly both: readonly Int32Array[];
  /** Target features that are active in it, and on how many tokens. */
  readonly target: Int32Array;
  readonly targetTokens: Int32Array;
}

/**
 * Counts on how many tokens features and their targets are active together. What it keeps grows with the distinct features
 * of the documents, not with tokens.
 */
export class CoActivation {
  readonly stretches: CountedStretch[] = [];
  private document = -1;
  private readonly source: Tally;
  private readonly target: Tally;
  private readonly both: readonly Int32Array[];
  private readonly active: Uint8Array;

  constructor(
    readonly choices: readonly Choice[],
    readonly sourceFeatures: number,
    readonly targetFeatures: number
  ) {
    this.source = new Tally(sourceFeatures);
    this.target = new Tally(targetFeatures);
    this.both = choices.map(() => new Int32Array(sourceFeatures));
    this.active = new Uint8Array(targetFeatures);
  }

  /** Tokens must come document by document; one that comes back is counted as well. */
  add(document: number, source: FeatureActivations, target: FeatureActivations, token: number): void {
    if (document !== this.document) this.endStretch();
    this.document = document;
    const { active, both, choices } = this;
    const [firstTarget, endTarget] = [target.starts[token]!, target.starts[token + 1]!];
    for (let at = firstTarget; at < endTarget; at++) {
      const feature = target.feature[at]!;
      active[feature] = 1;
      this.target.count(feature);
    }
    for (let at = source.starts[token]!; at < source.starts[token + 1]!; at++) {
      const feature = source.feature[at]!;
      this.source.count(feature);
      for (let method = 0; method < choices.length; method++) {
        const chosen = choices[method]![feature]!;
        if (chosen >= 0 && active[chosen] === 1) both[method]![feature]! += 1;
      }
    }
    for (let at = firstTarget; at < endTarget; at++) active[target.feature[at]!] = 0;
  }

  /** After the last token. */
  endStretch(): void {
    if (this.document >= 0) {
      const source = this.source.take();
      const target = this.target.take();
      this.stretches.push({
        document: this.document,
        source: source.features,
        sourceTokens: source.tokens,
        both: this.both.map((counts) => source.features.map((feature) => counts[feature]!)),
        target: target.features,
        targetTokens: target.tokens,
      });
      for (const counts of this.both) for (const feature of source.features) counts[feature] = 0;
    }
    this.document = -1;
  }
}

/** Tokens by feature, of which few have any. */
class Tally {
  private readonly tokens: Int32Array;
  private readonly seen: number[] = [];

  constructor(features: number) {
    this.tokens = new Int32Array(features);
  }

  count(feature: number): void {
    if (this.tokens[feature] === 0) this.seen.push(feature);
    this.tokens[feature]! += 1;
  }

  /** What was counted, by ascending feature; begins anew. */
  take(): { features: Int32Array; tokens: Int32Array } {
    const features = Int32Array.from(this.seen).sort();
    const tokens = features.map((feature) => this.tokens[feature]!);
    for (const feature of features) this.tokens[feature] = 0;
    this.seen.length = 0;
    return { features, tokens };
  }
}
