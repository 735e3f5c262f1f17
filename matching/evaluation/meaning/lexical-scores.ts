import { wordsOf } from './description-words';

/** Description of every feature of a layer, null where it has none. `[features]` */
export type LayerDescriptions = readonly (string | null)[];

/**
 * How alike descriptions of two layers are by their words alone: the cosine of their vectors, in which each word of a
 * description (see {@link wordsOf}) counts ln((1 + N) / (1 + n)) + 1, where n of the N descriptions of both layers have it, and
 * all others 0. From 0, no word in common, to 1, the same words; rare words count more than those of every description.
 */
export class LexicalScores {
  private readonly source: readonly (Int32Array | null)[];
  private readonly target: readonly (Int32Array | null)[];
  /** Squared weight of each word. */
  private readonly squares: Float64Array;

  constructor(source: LayerDescriptions, target: LayerDescriptions) {
    const numbers = new Map<string, number>();
    const counts: number[] = [];
    const count = (description: string | null): Int32Array | null => {
      const words = description === null ? new Set<string>() : wordsOf(description);
      if (words.size === 0) return null;
      return Int32Array.from(words, (word) => {
        const number = numbers.get(word) ?? numbers.size;
        numbers.set(word, number);
        counts[number] = (counts[number] ?? 0) + 1;
        return number;
      }).sort();
    };
    this.source = source.map(count);
    this.target = target.map(count);
    const all = [...this.source, ...this.target].filter((words) => words !== null).length;
    this.squares = Float64Array.from(counts, (n) => (Math.log((1 + all) / (1 + n)) + 1) ** 2);
  }

  /** Of a source and a target feature; null where one of them has no words. */
  of(source: number, target: number): number | null {
    const [a, b] = [this.source[source], this.target[target]];
    if (!a || !b) return null;
    // The root of a square is exact, so that descriptions with the same words have 1.
    return this.sum(common(a, b)) / Math.sqrt(this.sum(a) * this.sum(b));
  }

  private sum(words: Int32Array): number {
    return words.reduce((sum, word) => sum + this.squares[word]!, 0);
  }
}

/** Words of both, ascending; both are ascending. */
function common(a: Int32Array, b: Int32Array): Int32Array {
  const others = new Set(b);
  return a.filter((word) => others.has(word));
}
