import { executeChild, patched, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { bounded } from './bounded';
import { asFailure, isCorrupt, mayPass } from './failures';
import type { LayerFolds } from './layer-folds';
import { matchBlock } from './match-block';
import type { BlockRequest, MatchedBlock } from './match-block';
import type { PairEnds } from './pair-ends';
import type { RunStateTracker } from './run-state';
import type { Failure, FoldedRef, RunExecution, RunRequest } from './run-types';
import { nameOf } from './settle-pair';
import type { Pair, PairEnd } from './settle-pair';

/** Pairs of a block: some hundred events, of the 51,200 that the history of a workflow may have. */
const PAIRS_PER_BLOCK = 128;
/** Pairs that a block has in flight: an eighth of it, so that little is idle while its last ones end. */
const IN_FLIGHT_PER_BLOCK = 16;

/** Whether a run of so many pairs is divided into blocks; a smaller one matches them itself. */
export function isDivided(pairs: number, { pairsPerBlock = PAIRS_PER_BLOCK }: RunExecution): boolean {
  return pairs > 2 * pairsPerBlock && patched('blocks');
}

/**
 * Matches the pairs of a large run in blocks of consecutive ones, each a workflow of its own: a history holds only so many
 * events. The run itself folds the layers, counts what became of the pairs, and decides what is tried again.
 */
export class BlocksOfPairs {
  /** Folds that a damaged artifact was found of; they are done again before the next round. */
  private readonly doubted = new Map<number, Promise<FoldedRef | null>>();

  constructor(
    private readonly request: RunRequest,
    private readonly folds: LayerFolds,
    private readonly ends: PairEnds,
    private readonly tracker: RunStateTracker
  ) {}

  /** Tries each pair once. Resolves to those that are to be tried again later. */
  async attempt(pairs: readonly Pair[]): Promise<readonly Pair[]> {
    const { pairsPerBlock = PAIRS_PER_BLOCK, maxConcurrentPairs } = this.request.execution;
    const atOnce = Math.ceil(maxConcurrentPairs / IN_FLIGHT_PER_BLOCK);
    const inFlight = Math.max(1, Math.floor(maxConcurrentPairs / atOnce));
    this.foldDoubted();
    const slots = bounded(atOnce);
    const unsettled = await Promise.all(
      blocksOf(pairs, pairsPerBlock).map((block) => slots(() => this.attemptBlock(block, inFlight)))
    );
    return unsettled.flat();
  }

  private async attemptBlock(pairs: readonly Pair[], inFlight: number): Promise<readonly Pair[]> {
    const folded = await this.foldedOf(pairs);
    const ends = new Map<string, PairEnd>();
    const ready = pairs.filter((pair) => {
      const end = endWithoutMatch(pair, folded);
      if (end !== null) ends.set(nameOf(pair), end);
      return end === null;
    });
    if (ready.length > 0) await this.matchIn(ready, inFlight, folded, ends);
    const unsettled = pairs.filter((pair) => !this.settle(pair, ends.get(nameOf(pair))!));
    setCurrentDetails(this.tracker.details());
    return unsettled;
  }

  private async matchIn(
    pairs: readonly Pair[],
    inFlight: number,
    folded: ReadonlyMap<number, Folded>,
    ends: Map<string, PairEnd>
  ): Promise<void> {
    const { execution } = this.request;
    const needed = new Set(pairs.flat());
    const block: BlockRequest = {
      ...this.request,
      execution: { ...execution, maxConcurrentPairs: inFlight },
      pairs,
      folded: [...folded].flatMap(([layer, { ref }]) => (needed.has(layer) ? (ref ?? []) : [])),
    };
    const workflowId = this.tracker.blockStarted(workflowInfo().workflowId);
    try {
      const matched = await executeChild(matchBlock, { workflowId, taskQueue: execution.taskQueue, args: [block] });
      addEnds(matched, ends);
    } catch (error) {
      for (const pair of pairs) {
        const failure = asFailure(error, 'match', pair);
        ends.set(nameOf(pair), endWith(failure, error));
      }
    } finally {
      this.tracker.blockEnded(workflowId);
    }
  }

  /** Notes what came of a pair. False when it is to be tried again later. */
  private settle(pair: Pair, end: PairEnd): boolean {
    const { tracker, folds } = this;
    const [source, target] = pair;
    if (end.kind === 'done') tracker.pairDone(source, target, end.match.cached);
    else if (end.kind === 'failed') tracker.pairFailed(source, target, end.failure);
    else tracker.pairSetAside(source, target, end.failure);
    if (end.kind === 'setAside' && end.isCorrupt) {
      for (const layer of pair) this.doubted.set(layer, folds.of(layer));
    }
    return this.ends.add(pair, end);
  }

  /** What folding has come to for every layer of the pairs, once it has. */
  private async foldedOf(pairs: readonly Pair[]): Promise<ReadonlyMap<number, Folded>> {
    const folded = new Map<number, Folded>();
    for (const layer of new Set(pairs.flat())) {
      try {
        folded.set(layer, { ref: await this.folds.of(layer) });
      } catch (error) {
        this.doubted.set(layer, this.folds.of(layer));
        folded.set(layer, { ref: null, failure: asFailure(error, 'match', []), error });
      }
    }
    return folded;
  }

  private foldDoubted(): void {
    for (const [layer, fold] of this.doubted) void this.folds.again(layer, fold);
    this.doubted.clear();
  }
}

/** A layer; without a reference when it cannot be used, with the reason when that may pass. */
interface Folded {
  readonly ref: FoldedRef | null;
  readonly failure?: Failure;
  readonly error?: unknown;
}

/** What becomes of a pair that cannot be tried because of its layers; null when it can. */
function endWithoutMatch(pair: Pair, folded: ReadonlyMap<number, Folded>): PairEnd | null {
  const layers = pair.map((layer) => folded.get(layer)!);
  if (layers.every(({ ref }) => ref !== null)) return null;
  const unusable = layers.find(({ ref, failure }) => ref === null && failure === undefined);
  if (unusable !== undefined) return { kind: 'failed', failure: null };
  const { failure, error } = layers.find((layer) => layer.failure !== undefined)!;
  return endWith({ ...failure!, layers: pair }, error);
}

function endWith(failure: Failure, error: unknown): PairEnd {
  return mayPass(error) ? { kind: 'setAside', failure, isCorrupt: isCorrupt(error) } : { kind: 'failed', failure };
}

function addEnds({ matches, failed, setAside, corrupt }: MatchedBlock, ends: Map<string, PairEnd>): void {
  const damaged = new Set(corrupt.map(nameOf));
  const nameOfFailure = ({ layers }: Failure): string => layers.join(':');
  for (const match of matches) ends.set(`${match.source}:${match.target}`, { kind: 'done', match });
  for (const failure of failed) ends.set(nameOfFailure(failure), { kind: 'failed', failure });
  for (const failure of setAside) {
    const name = nameOfFailure(failure);
    ends.set(name, { kind: 'setAside', failure, isCorrupt: damaged.has(name) });
  }
}

function blocksOf(pairs: readonly Pair[], size: number): (readonly Pair[])[] {
  return Array.from({ length: Math.ceil(pairs.length / size) }, (_, block) =>
    pairs.slice(block * size, (block + 1) * size)
  );
}
