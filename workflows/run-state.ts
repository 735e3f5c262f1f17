import type { Failure, RunProgress, RunRequest } from './run-types';

/** The live state of a run inside its workflow, and the snapshot that queries return. */
export class RunStateTracker {
  phase: RunProgress['phase'] = 'resolving';
  state: RunProgress['state'] = 'running';
  layersTotal = 0;
  pairsTotal = 0;
  readonly failures: Failure[] = [];
  private layersFolded = 0;
  private layersCached = 0;
  private layersFailed = 0;
  private pairsDone = 0;
  private pairsCached = 0;
  private pairsFailed = 0;
  private readonly running = new Set<string>();

  constructor(private readonly request: RunRequest) {}

  layerFolded(cached: boolean): void {
    this.layersFolded += 1;
    if (cached) this.layersCached += 1;
  }

  layerFailed(failure: Failure): void {
    this.layersFailed += 1;
    this.failures.push(failure);
  }

  pairStarted(source: number, target: number): void {
    this.running.add(`${source}:${target}`);
  }

  pairDone(source: number, target: number, cached: boolean): void {
    this.running.delete(`${source}:${target}`);
    this.pairsDone += 1;
    if (cached) this.pairsCached += 1;
  }

  /** A pair whose layer already failed adds no failure of its own. */
  pairFailed(source: number, target: number, failure: Failure | null): void {
    this.running.delete(`${source}:${target}`);
    this.pairsFailed += 1;
    if (failure !== null) this.failures.push(failure);
  }

  snapshot(): RunProgress {
    return {
      runId: this.request.runId,
      state: this.state,
      phase: this.phase,
      layers: {
        total: this.layersTotal,
        folded: this.layersFolded,
        cached: this.layersCached,
        failed: this.layersFailed,
      },
      pairs: {
        total: this.pairsTotal,
        done: this.pairsDone,
        cached: this.pairsCached,
        failed: this.pairsFailed,
        running: [...this.running],
      },
      failures: this.failures,
    };
  }

  /** The same in Markdown, for the details pane of the Temporal UI. */
  details(): string {
    const { layers, pairs, failures } = this.snapshot();
    const lines = [
      `**${this.phase}** · layers folded ${layers.folded} of ${layers.total} · pairs matched ${pairs.done} of ${pairs.total}`,
      pairs.running.length > 0 ? `at work: ${pairs.running.join(', ')}` : '',
      ...failures.map((failure) => `- failed: ${failure.message}`),
    ];
    return lines.filter((line) => line !== '').join('\n\n');
  }
}
