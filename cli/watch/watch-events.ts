import type { RunProgress, RunState } from '../../workflows/run-types';
import type { PairGrid, PairLetter } from '../../workflows/pair-grid';
import { stepName } from '../observe-run';
import type { Fault } from './fault-log';
import type { RunView } from './run-view';

/** A line of `watch --json`; docs/json-output.md says what its fields mean. */
export type WatchEvent = ProgressEvent | FaultEvent | EndEvent;

interface WatchEventBase {
  /** ISO 8601 */
  readonly time: string;
  readonly run_id: string;
}

interface ProgressEvent extends WatchEventBase {
  readonly event: 'progress';
  readonly reachable: boolean;
  /** Null, as are the counts, while no worker answers. */
  readonly phase: RunProgress['phase'] | null;
  readonly layers: RunProgress['layers'] | null;
  readonly pairs: PairCounts | null;
  readonly drift: PairCounts | null;
  readonly changed: readonly PairChange[];
  readonly pairs_per_minute: number | null;
  readonly seconds_left: number | null;
  readonly paused_until: string | null;
  readonly workers: readonly {
    readonly identity: string;
    readonly pools: readonly string[];
    readonly asked: string | null;
  }[];
  readonly steps: readonly {
    readonly step: string;
    readonly layers: readonly number[];
    readonly attempt: number;
    readonly worker: string | null;
    readonly phase: string | null;
    readonly done: number | null;
    readonly total: number | null;
    readonly gap: number | null;
  }[];
}

interface FaultEvent extends WatchEventBase {
  readonly event: 'fault';
  readonly kind: Fault['kind'];
  readonly step: string;
  readonly where: readonly string[];
  readonly attempt: number | null;
  readonly message: string;
}

interface EndEvent extends WatchEventBase {
  readonly event: 'end';
  readonly state: Exclude<RunState, 'running'>;
  readonly exit_code: number;
  /** Folder or URL of the results; null where there are none. */
  readonly location: string | null;
  /** Why there are none; null where there are. */
  readonly message: string | null;
}

type PairCounts = Readonly<Record<'total' | 'done' | 'cached' | 'failed' | 'running' | 'set_aside', number>>;

export interface PairChange {
  readonly source: number;
  readonly target: number;
  readonly state: PairStateName;
}

type PairStateName = 'waiting' | 'running' | 'done' | 'cached' | 'set_aside' | 'failed';

export function progressEvent(view: RunView, changed: readonly PairChange[]): ProgressEvent {
  const { runId, now, reachable, progress, pace, workers, steps } = view;
  return {
    event: 'progress',
    ...{ time: now.toISOString(), run_id: runId, reachable },
    phase: progress?.phase ?? null,
    layers: progress?.layers ?? null,
    pairs: progress && countsOf(progress.pairs),
    drift: progress?.drift === undefined ? null : countsOf(progress.drift),
    changed,
    pairs_per_minute: pace?.pairsPerMinute ?? null,
    seconds_left: pace?.secondsLeft ?? null,
    paused_until: progress?.pausesUntil ?? null,
    workers: workers.map(({ identity, pools, asked }) => ({ identity, pools, asked: asked?.toISOString() ?? null })),
    steps: steps.map(({ type, layers, attempt, worker, progress: at }) => ({
      ...{ step: stepName(type), layers, attempt, worker },
      ...{ phase: at?.phase ?? null, done: at?.done ?? null, total: at?.total ?? null, gap: at?.gap ?? null },
    })),
  };
}

export function faultEvent(runId: string, { time, kind, step, where, attempt, message }: Fault): FaultEvent {
  return { event: 'fault', time: time.toISOString(), run_id: runId, kind, step, where, attempt, message };
}

export function endEvent(runId: string, end: Pick<EndEvent, 'state' | 'exit_code' | 'location' | 'message'>): EndEvent {
  return { event: 'end', time: new Date().toISOString(), run_id: runId, ...end };
}

/** Pairs whose state is another than before; before the first grid all were waiting. */
export function changesOf(before: PairGrid | undefined, after: PairGrid | undefined): PairChange[] {
  if (after === undefined) return [];
  const places = new Map(before?.layers.map((layer, index) => [layer, index]));
  return after.layers.flatMap((source, i) =>
    after.layers.flatMap((target, j) => {
      const letter = after.rows[i]![j] as PairLetter;
      const old = before?.rows[places.get(source) ?? -1]?.[places.get(target) ?? -1] ?? 'w';
      return letter === '.' || letter === old ? [] : [{ source, target, state: STATE_NAMES[letter] }];
    })
  );
}

const STATE_NAMES: Readonly<Record<Exclude<PairLetter, '.'>, PairStateName>> = {
  w: 'waiting',
  r: 'running',
  d: 'done',
  c: 'cached',
  a: 'set_aside',
  f: 'failed',
};

function countsOf({ total, done, cached, failed, running, setAside }: RunProgress['pairs']): PairCounts {
  return { total, done, cached, failed, running: running.length, set_aside: setAside.length };
}
