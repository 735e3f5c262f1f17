import type { Choice } from './choices';
import type { NearestList, NearestLists } from './nearest-lists';

/**
 * The greedy one-to-one choice: of all pairs of features without a partner the nearest is taken, until one side is used up. Among
 * equally near pairs the one of the lowest source feature, then of the lowest target feature.
 *
 * @param isFree 1 for every target that may be taken `[target features]`; as many sources as can find one get one
 */
export function greedyChoice(nearest: NearestLists, isFree: Uint8Array): Choice {
  return new GreedyChoice(nearest, Uint8Array.from(isFree)).take();
}

class GreedyChoice {
  private readonly lists: NearestList[];
  /** Place in its list of the nearest target of each source that was free when it was last looked at. */
  private readonly place: Int32Array;
  private readonly queue: SourceQueue;

  constructor(
    private readonly nearest: NearestLists,
    private readonly isFree: Uint8Array
  ) {
    this.lists = [...nearest.lists];
    this.place = new Int32Array(this.lists.length);
    this.queue = new SourceQueue((i) => this.lists[i]!.distance[this.place[i]!]!);
  }

  take(): Choice {
    const choice = new Int32Array(this.lists.length).fill(-1);
    for (let i = 0; i < this.lists.length; i++) this.enqueue(i);
    // What is in front is at most as near as every pair of free features: its target may have gone in the meantime.
    for (let i = this.queue.pop(); i !== null; i = this.queue.pop()) {
      const j = this.lists[i]!.target[this.place[i]!]!;
      if (this.isFree[j] === 0) this.enqueue(i);
      else {
        this.isFree[j] = 0;
        choice[i] = j;
      }
    }
    return choice;
  }

  /** Puts a source in by its nearest target that is free; not at all when there is none. */
  private enqueue(i: number): void {
    if (this.lists[i]!.target.length === 0) return;
    for (;;) {
      const { target } = this.lists[i]!;
      while (this.place[i]! < target.length && this.isFree[target[this.place[i]!]!] === 0) this.place[i]! += 1;
      if (this.place[i]! < target.length) break;
      const free = Int32Array.from(this.isFree.keys()).filter((j) => this.isFree[j] === 1);
      if (free.length === 0) return;
      this.lists[i] = this.nearest.listAmong(i, free);
      this.place[i] = 0;
    }
    this.queue.push(i);
  }
}

/** A binary heap of sources by a key that does not change while they are in it, the lowest source first among equals. */
class SourceQueue {
  private readonly items: number[] = [];

  constructor(private readonly keyOf: (source: number) => number) {}

  push(source: number): void {
    const { items } = this;
    let at = items.length;
    items.push(source);
    for (let parent = (at - 1) >> 1; at > 0 && this.isBefore(source, items[parent]!); parent = (at - 1) >> 1) {
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = source;
  }

  pop(): number | null {
    const { items } = this;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined) return null;
    if (items.length > 0) this.sink(last);
    return first;
  }

  private sink(source: number): void {
    const { items } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.isBefore(items[child + 1]!, items[child]!)) child += 1;
      if (!this.isBefore(items[child]!, source)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = source;
  }

  private isBefore(a: number, b: number): boolean {
    const [x, y] = [this.keyOf(a), this.keyOf(b)];
    return x < y || (x === y && a < b);
  }
}
