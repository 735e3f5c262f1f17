import { DeviceError } from '../errors';
import type { Features } from '../features';
import type { MatchPorts, StepWatch, TileDevice, TileWorkers } from '../ports';
import type { EdgeList } from './edge-list';
import { FEWEST_TILE_ROWS, planShape } from './plan';
import type { Report } from './report-scan';
import { CONTROL, reshapeProblem, shareProblem, withoutCodes } from './shared-problem';
import type { EngineShape, SharedProblem } from './shared-problem';
import { createStore } from './similarity-store';
import type { SimilarityStore } from './similarity-store';
import type { StepResult, TileStep } from './tile-worker';

/** A pass over all rows, as far as it is done. */
export interface PassState {
  /** Rows that are done: the first ones. */
  rows: number;
  edges: readonly EdgeList[];
  /** Edges that later results of the same attempt replace. */
  soFar: readonly EdgeList[];
  reports: readonly Report[];
}

export const startOfPass = (): PassState => ({ rows: 0, edges: [], soFar: [], reports: [] });

export interface PassHooks {
  readonly onRows: (rows: number) => void;
  /** The pass stands still: a place to save it. Called before a cancellation is thrown, too. */
  readonly onPause: (pass: PassState) => Promise<void>;
}

/**
 * The workers of one problem, on whichever device works. Where a device is out of memory, the tile is halved; where that
 * does not help or the device fails otherwise, the next one takes over, and the step goes on from its last pause.
 */
export class TileRunner {
  problem: SharedProblem;
  fallbacks = 0;
  private workers: TileWorkers | null = null;
  private store: SimilarityStore | null = null;
  private place = 0;
  private cancelled: Error | null = null;

  constructor(
    private readonly a: Features,
    private readonly b: Features,
    private readonly devices: readonly TileDevice[],
    private readonly availableMemory: number,
    private readonly ports: MatchPorts,
    /** Fills in what follows from the norms alone, once they are measured. */
    private readonly prepare: (problem: SharedProblem) => void
  ) {
    this.problem = shareProblem(a, b, this.plan());
  }

  get device(): string {
    return this.devices[this.place]!.name;
  }

  /** Measures and encodes both sides and loads the columns into the device. */
  async open(): Promise<void> {
    try {
      await this.load();
    } catch (error) {
      await this.fallBack(error);
    }
  }

  async close(): Promise<void> {
    const { workers } = this;
    this.workers = null;
    await workers?.close();
  }

  /** Carries out a step that is not a pass. @throws CancelledError */
  run(step: TileStep): Promise<readonly StepResult[]> {
    return this.recovering(() => this.step(step));
  }

  /** Takes a pass over the rows that are not done. @throws CancelledError once it was paused */
  async pass(step: TileStep, pass: PassState, { onRows, onPause }: PassHooks): Promise<void> {
    const { rows } = this.problem;
    const attempt = async (): Promise<void> => {
      const done = { edges: [...pass.edges, ...pass.soFar], reports: pass.reports, rows: pass.rows };
      Object.assign(pass, { edges: done.edges, soFar: [] });
      onRows(pass.rows);
      this.begin(pass.rows);
      for (let message = step; ; message = { kind: 'continue' }) {
        const results = await this.workers!.run(message, (more) => {
          onRows(Math.min(rows, done.rows + more));
          return this.isCancelled() || this.ports.checkpoint?.isDue() === true;
        });
        pass.rows = Math.min(rows, Atomics.load(this.problem.control, CONTROL.next));
        pass.edges = [...pass.edges, ...results.flatMap(({ edges }) => edges ?? [])];
        pass.soFar = results.flatMap(({ soFar }) => soFar ?? []);
        pass.reports = [...done.reports, ...results.flatMap(({ report }) => report ?? [])];
        if (pass.rows >= rows) return;
        await onPause(pass);
        this.throwIfCancelled();
        Atomics.store(this.problem.control, CONTROL.pause, 0);
      }
    };
    await this.recovering(attempt);
  }

  private async step(step: TileStep): Promise<readonly StepResult[]> {
    this.begin(0);
    const watch: StepWatch = () => this.isCancelled();
    const results = await this.workers!.run(step, watch);
    this.throwIfCancelled();
    return results;
  }

  private begin(row: number): void {
    this.isCancelled();
    this.throwIfCancelled();
    const { control } = this.problem;
    Atomics.store(control, CONTROL.next, row);
    Atomics.store(control, CONTROL.done, 0);
    Atomics.store(control, CONTROL.pause, 0);
  }

  private async load(): Promise<void> {
    this.store ??= createStore(this.problem);
    this.workers = await this.devices[this.place]!.open(this.problem, this.store);
    await this.step({ kind: 'measure' });
    this.prepare(this.problem);
    await this.step({ kind: 'encode' });
    await this.step({ kind: 'open' });
    this.problem = withoutCodes(this.problem);
  }

  private async recovering<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        await this.fallBack(error);
      }
    }
  }

  /** Goes on elsewhere; rejects with the error when it is not the device's or there is nowhere left to go. */
  private async fallBack(error: unknown): Promise<void> {
    for (let trouble = error; ;) {
      if (!(trouble instanceof DeviceError)) throw trouble;
      const before = this.describe();
      await this.close();
      this.problem = reshapeProblem(this.problem, this.nextShape(trouble));
      this.fallbacks += 1;
      this.ports.onFallback?.(before, this.describe());
      try {
        await this.load();
        return;
      } catch (next) {
        trouble = next;
      }
    }
  }

  private nextShape(trouble: DeviceError): EngineShape {
    const { arithmetic, storage, tileRows } = this.problem;
    if (trouble.code === 'memory' && tileRows > FEWEST_TILE_ROWS) {
      return { arithmetic, storage, tileRows: Math.max(FEWEST_TILE_ROWS, tileRows >> 1) };
    }
    if (this.place + 1 >= this.devices.length) throw trouble;
    this.place += 1;
    this.store = null;
    return this.plan();
  }

  private plan(): EngineShape {
    const { shape, reason } = planShape(this.a, this.b, this.availableMemory, this.devices[this.place]!);
    this.ports.onPlan?.(shape.storage, reason);
    return shape;
  }

  private describe(): string {
    return `${this.device}, tiles of ${this.problem.tileRows} rows`;
  }

  private isCancelled(): boolean {
    try {
      this.ports.throwIfCancelled?.();
    } catch (error) {
      this.cancelled ??= error instanceof Error ? error : new Error(String(error));
    }
    return this.cancelled !== null;
  }

  private throwIfCancelled(): void {
    if (this.cancelled !== null) throw this.cancelled;
  }
}
