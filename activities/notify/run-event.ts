import type { RunManifest } from '../../artifacts/manifest';
import { groupFailures } from '../../workflows/group-failures';
import type { RunRequest } from '../../workflows/run-types';
import type { LayerDrift } from './not-kept';

/** What a webhook says; field names as in its JSON. */
export interface RunEvent {
  readonly type: 'run.finished' | 'run.failed' | 'drift.exceeded';
  /** ISO 8601 time of what happened. */
  readonly timestamp: string;
  readonly data: RunFacts | (RunFacts & DriftFacts);
}

interface RunFacts {
  readonly run_id: string;
  /** `partial` where some pairs failed; a run of which nothing could be done is `failed`. */
  readonly state: 'done' | 'partial' | 'failed';
  readonly source: string;
  /** Folder or URL of the run. */
  readonly location: string;
  /** Absent where the run ended before it knew its pairs. */
  readonly pairs?: { readonly total: number; readonly done: number; readonly failed: number };
  readonly seconds?: number;
  /** Why parts of it failed, those of one cause together. */
  readonly causes: readonly { readonly what: string; readonly type: string; readonly message: string }[];
}

interface DriftFacts {
  readonly previous: string;
  /** The largest share of a layer's previous features that may be changed or dead. */
  readonly threshold: number;
  /** The layers in which it is larger. */
  readonly layers: readonly LayerDrift[];
}

/** Most causes that one event tells. */
const MOST_CAUSES = 20;

/** The end of a run, by its manifest. */
export function runEnded(manifest: RunManifest, request: RunRequest, location: string): RunEvent {
  return {
    type: manifest.state === 'failed' ? 'run.failed' : 'run.finished',
    timestamp: manifest.timings.finished,
    data: factsOf(manifest, request, location),
  };
}

/** The end of a run that left no manifest. */
export function runEndedWithout(error: string, { runId, spec }: RunRequest, location: string, now: Date): RunEvent {
  const causes = [{ what: 'run', type: 'Error', message: error }];
  const data = { run_id: runId, state: 'failed' as const, source: spec.source, location, causes };
  return { type: 'run.failed', timestamp: now.toISOString(), data };
}

/** Layers that drifted too far; null where none did. */
export function driftExceeded(
  manifest: RunManifest,
  request: RunRequest,
  location: string,
  shares: readonly LayerDrift[]
): RunEvent | null {
  const { previous } = request.spec;
  const threshold = request.execution.notify?.driftAbove;
  if (previous === undefined || threshold === undefined) return null;
  const layers = shares.filter(({ not_kept }) => not_kept > threshold);
  if (layers.length === 0) return null;
  const step = previous.step === undefined ? '' : ` step ${previous.step}`;
  const drift = { previous: `${previous.source}${step}`, threshold, layers };
  const data = { ...factsOf(manifest, request, location), ...drift };
  return { type: 'drift.exceeded', timestamp: manifest.timings.finished, data };
}

function factsOf(manifest: RunManifest, { runId, spec }: RunRequest, location: string): RunFacts {
  const failed = manifest.pairs.filter(({ status }) => status === 'failed').length;
  const causes = groupFailures(manifest.failures).slice(0, MOST_CAUSES);
  return {
    ...{ run_id: runId, state: manifest.state, source: spec.source, location },
    pairs: { total: manifest.pairs.length, done: manifest.pairs.length - failed, failed },
    seconds: manifest.timings.seconds,
    causes: causes.map(({ what, type, example }) => ({ what, type, message: example })),
  };
}
