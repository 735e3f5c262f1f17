import { briefFailures } from './brief-failures';
import { groupFailures, groupLine } from './group-failures';
import type { JudgingProgress } from './judgement-types';
import { gridOf } from './pair-grid';
import type { LayerLetter, PairGrid, PairLetter } from './pair-grid';
import type { ProgressDetail } from './progress-query';
import type { Failure, PairsProgress, RunProgress, RunRequest } from './run-types';

/** Ends of pairs that are remembered: enough to tell how fast they follow each other. */
const MOST_ENDS = 64;

/** The live state of a run inside its workflow, and the snapshot that queries return. */
export class RunStateTracker {
  phase: RunProgress['phase'] = 'resolving';
  state: RunProgress['state'] = 'running';
  /** Of the comparison with the previous checkpoint, as far as the run knows; null where there is none. */
  drift: PairsProgress | null = null;
  /** Layers whose comparison is done, and whether it had been before; null while its workflow counts them itself. */
  compared: ReadonlyMap<number, boolean> | null = null;
  /** How far a judge is asked; null where none is. */
  judging: JudgingProgress | null = null;
  private layers: readonly number[] = [];
  private pairs: readonly (readonly [number, number])[] = [];
  private recentEnds: readonly number[] = [];
  private pauseEnd: string | null = null;
  private readonly stepFailures = new Map<string, Failure>();
  /** Layers that are folded, and whether they had been before. */
  private readonly layersFolded = new Map<number, boolean>();
  private readonly pairsDone = new Map<string, boolean>();
  private readonly pairsFailed = new Set<string>();
  private readonly aside = new Map<string, Failure>();
  private readonly running = new Set<string>();
  private readonly blocks = new Set<string>();
  private blocksBegun = 0;

  /** @param step name of the step that pairs go through, in failures */
  constructor(
    private readonly request: RunRequest,
    private readonly step: 'match' | 'drift' = 'match'
  ) {}

  get failures(): readonly Failure[] {
    return [...this.stepFailures.values()];
  }

  /** @param layers of the pairs, ascending */
  planned(layers: readonly number[], pairs: readonly (readonly [number, number])[]): void {
    this.layers = layers;
    this.pairs = pairs;
  }

  /** Takes back what was said of layers and pairs: they are all looked at again. */
  startOver(): void {
    for (const kept of [this.stepFailures, this.layersFolded, this.pairsDone, this.pairsFailed, this.aside])
      kept.clear();
    this.drift = null;
    this.compared = null;
  }

  layerFolded(layer: number, cached: boolean): void {
    this.layersFolded.set(layer, cached);
  }

  /** A block is about to be matched. Returns a name for its workflow that no other of the run has had. */
  blockStarted(runWorkflowId: string): string {
    const workflowId = `${runWorkflowId}/pairs-${this.blocksBegun++}`;
    this.blocks.add(workflowId);
    return workflowId;
  }

  blockEnded(workflowId: string): void {
    this.blocks.delete(workflowId);
  }

  pairStarted(source: number, target: number): void {
    this.aside.delete(`${this.step} ${nameOf(source, target)}`);
    this.running.add(nameOf(source, target));
  }

  pairDone(source: number, target: number, cached: boolean): void {
    this.pairEnded(source, target);
    this.pairsDone.set(nameOf(source, target), cached);
    if (!cached) this.recentEnds = [...this.recentEnds.slice(1 - MOST_ENDS), Date.now()];
  }

  /** A pair whose layer already failed adds no failure of its own. */
  pairFailed(source: number, target: number, failure: Failure | null): void {
    this.pairEnded(source, target);
    this.pairsFailed.add(nameOf(source, target));
    if (failure !== null) this.failed(failure);
  }

  /** The pair is tried again later; `failure` says why it has to be. */
  pairSetAside(source: number, target: number, failure: Failure): void {
    this.pairEnded(source, target);
    this.setAside(failure);
  }

  /** A step is tried again later; the function that is returned says when it is. */
  setAside(failure: Failure): () => void {
    this.aside.set(keyOf(failure), failure);
    return () => void this.aside.delete(keyOf(failure));
  }

  /** Nothing is tried until then; null when the pause is over. */
  pausesUntil(end: Date | null): void {
    this.pauseEnd = end?.toISOString() ?? null;
  }

  failed(failure: Failure): void {
    this.stepFailures.set(keyOf(failure), failure);
  }

  snapshot({ grid = false }: ProgressDetail = {}): RunProgress {
    return {
      runId: this.request.runId,
      state: this.state,
      phase: this.phase,
      layers: {
        total: this.layers.length,
        folded: this.layersFolded.size,
        cached: countTrue(this.layersFolded),
        failed: this.failures.filter(({ layers }) => layers.length === 1).length,
      },
      pairs: {
        total: this.pairs.length,
        done: this.pairsDone.size,
        cached: countTrue(this.pairsDone),
        failed: this.pairsFailed.size,
        running: [...this.running],
        setAside: this.asideLayers(this.step),
      },
      ...(this.blocks.size > 0 && { blocks: [...this.blocks] }),
      ...(this.drift !== null && { drift: this.drift }),
      ...(this.judging !== null && { judging: this.judging }),
      recentEnds: this.recentEnds,
      ...(grid && { grid: this.grid() }),
      setAside: briefFailures([...this.aside.values()]),
      pausesUntil: this.pauseEnd,
      failures: briefFailures(this.failures),
    };
  }

  /** The same in Markdown, for the details pane of the Temporal UI. */
  details(): string {
    const { layers, pairs, blocks = [], setAside, pausesUntil, failures } = this.snapshot();
    const lines = [
      `**${this.phase}** · layers folded ${layers.folded} of ${layers.total} · pairs matched ${pairs.done} of ${pairs.total}`,
      pairs.running.length > 0 ? `at work: ${pairs.running.join(', ')}` : '',
      blocks.length > 0 ? `blocks at work: ${blocks.join(', ')}` : '',
      pausesUntil === null ? '' : `waiting until ${pausesUntil} to try again what was set aside`,
      ...groupFailures(setAside).map((group) => `- set aside: ${groupLine(group)}`),
      ...groupFailures(failures).map((group) => `- failed: ${groupLine(group)}`),
    ];
    return lines.filter((line) => line !== '').join('\n\n');
  }

  private grid(): PairGrid {
    const compared = this.drift === null ? [] : this.layers.map((layer) => [layer, layer] as const);
    const letterOf = (source: number, target: number): PairLetter =>
      source === target && this.step === 'match' ? this.letterOfCompared(source) : this.letterOfPair(source, target);
    const unusable = new Set(this.failures.flatMap(({ layers }) => (layers.length === 1 ? layers : [])));
    const foldOf = (layer: number): LayerLetter => {
      const cached = this.layersFolded.get(layer);
      return cached === undefined ? (unusable.has(layer) ? 'f' : 'w') : cached ? 'c' : 'd';
    };
    return gridOf([...this.pairs, ...compared], letterOf, this.layers, foldOf);
  }

  private letterOfPair(source: number, target: number): PairLetter {
    const name = nameOf(source, target);
    if (this.running.has(name)) return 'r';
    if (this.aside.has(`${this.step} ${name}`)) return 'a';
    if (this.pairsFailed.has(name)) return 'f';
    const cached = this.pairsDone.get(name);
    return cached === undefined ? 'w' : cached ? 'c' : 'd';
  }

  private letterOfCompared(layer: number): PairLetter {
    if (this.compared === null) return 'w';
    const cached = this.compared.get(layer);
    return cached === undefined ? 'f' : cached ? 'c' : 'd';
  }

  private pairEnded(source: number, target: number): void {
    this.running.delete(nameOf(source, target));
    this.aside.delete(`${this.step} ${nameOf(source, target)}`);
  }

  private asideLayers(step: string): string[] {
    return [...this.aside.values()].flatMap(({ what, layers }) => (what === step ? [layers.join(':')] : []));
  }
}

const keyOf = ({ what, layers }: Failure): string => `${what} ${layers.join(':')}`;

const nameOf = (source: number, target: number): string => `${source}:${target}`;

const countTrue = (values: ReadonlyMap<unknown, boolean>): number =>
  [...values.values()].filter((value) => value).length;
