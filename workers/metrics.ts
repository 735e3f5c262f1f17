import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MatchPool } from '../activities/steps/match-resources';
import type { ActivityObserver } from '../activities/ports';
import { kindOf } from '../kernels/ort-device';
import { VERSION } from '../matching/version';
import { addDeviceMemory } from './device-memory-metrics';
import { PairsAtWork } from './pairs-at-work';

/** Durations from a tenth of a second to hours. */
const DURATION_BUCKETS = [0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 7200, 14400];

/** The process's own metrics: a registry to serve, and the observer that activities report to. */
export interface WorkerMetrics {
  readonly registry: Registry;
  readonly observer: ActivityObserver;
}

/** What the process is and has to offer; `slots` is 0 when it matches nothing. */
export interface WorkerCapacity extends Pick<MatchPool, 'memoryBudget' | 'slots' | 'devices'> {
  /** Name of its build. */
  readonly build: string;
  /** Labels of every metric. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Names, types and labels are listed in docs/metrics.md; a test keeps the two in step.
 *
 * Counters that alerts look at begin at 0 for every value of their label: Prometheus sees no increase in a series that
 * begins at 1.
 */
export function createMetrics({ memoryBudget, slots, devices, build, labels }: WorkerCapacity): WorkerMetrics {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  collectDefaultMetrics({ register: registry });
  const make = makers(registry);
  const { counter, gauge, live, histogram } = make;
  const atWork = new PairsAtWork(Date.now);

  gauge('sae_match_build_info', 'Version and build of the worker; always 1.', ['version', 'build'])
    .labels(VERSION, build)
    .set(1);
  gauge('sae_match_memory_budget_bytes', 'Memory that the process may use.').set(memoryBudget);
  gauge('sae_match_match_slots', 'Pairs that the process matches at once.').set(slots);
  live('sae_match_last_progress_timestamp_seconds', 'When the pair at work that stands still for longest moved.', () =>
    atWork.lastMoved()
  );
  addDeviceMemory(registry, devices);
  livePairs(live, atWork);
  const pairs = counter('sae_match_pairs_total', 'Layer pairs that ended, by outcome.', ['outcome']);
  const pairSeconds = histogram('sae_match_pair_duration_seconds', 'Time to match one layer pair.', ['device']);
  const features = counter('sae_match_features_matched_total', 'Features matched one to one.', []);
  const gap = gauge('sae_match_last_gap', 'Objective minus dual bound of the last pair matched.');
  const fallbacks = counter('sae_match_device_fallbacks_total', 'Moves to a smaller tile or another device.', [
    'device',
  ]);
  const looks = gauge(
    'sae_match_schedule_last_success_timestamp_seconds',
    'When a look of a schedule at its checkpoints last succeeded here.',
    ['schedule']
  );
  for (const device of new Set([...devices.map(kindOf), 'cpu'])) fallbacks.labels(device).inc(0);

  const observer: ActivityObserver = {
    ...activityObserver(make, atWork),
    ...trafficObserver(make),
    scheduleLooked: (schedule) => {
      looks.labels(schedule).setToCurrentTime();
    },
    pairStarted: () => {
      const work = atWork.begin();
      return {
        progress: (progress) => {
          atWork.report(work, progress);
        },
        ended: (outcome, pair) => {
          atWork.end(work);
          pairs.labels(outcome).inc();
          if (pair === null) return;
          pairSeconds.labels(pair.device).observe(pair.seconds);
          fallbacks.labels(pair.device).inc(pair.fallbacks);
          features.inc(pair.matched);
          gap.set(pair.gap);
        },
      };
    },
  };
  return { registry, observer };
}

type Makers = ReturnType<typeof makers>;

function makers(registry: Registry) {
  const registers = [registry];
  return {
    counter: <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> =>
      new Counter({ name, help, labelNames, registers }),
    gauge: <L extends string>(name: string, help: string, labelNames: L[] = []): Gauge<L> =>
      new Gauge({ name, help, labelNames, registers }),
    /** A gauge that is read when it is scraped. */
    live: (name: string, help: string, value: () => number): void => {
      const collect = function (this: Gauge): void {
        this.set(value());
      };
      new Gauge({ name, help, registers, collect });
    },
    histogram: <L extends string>(name: string, help: string, labelNames: L[]): Histogram<L> =>
      new Histogram({ name, help, labelNames, buckets: DURATION_BUCKETS, registers }),
  };
}

function livePairs(live: Makers['live'], atWork: PairsAtWork): void {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  live('sae_match_pairs_in_flight', 'Layer pairs being matched now.', () => atWork.count);
  live('sae_match_rows_done', 'Rows scanned for the pairs being matched now, over all passes.', () =>
    sum(atWork.latest().map(({ done }) => done))
  );
  live('sae_match_rows_expected', 'Rows that will have been scanned when they are done.', () =>
    sum(atWork.latest().map(({ total }) => total))
  );
  live('sae_match_current_gap', 'Largest known gap of the pairs being matched now.', () =>
    Math.max(0, ...atWork.latest().map((pair) => pair.gap ?? 0))
  );
}

function activityObserver(
  { counter, histogram }: Makers,
  atWork: PairsAtWork
): Pick<ActivityObserver, 'attemptStarted'> {
  const seconds = histogram('sae_match_activity_duration_seconds', 'Time of one activity, by outcome.', [
    'activity',
    'outcome',
  ]);
  const failures = counter('sae_match_activity_failures_total', 'Attempts of activities that failed.', [
    'activity',
    'type',
  ]);
  const retries = counter('sae_match_activity_retries_total', 'Attempts of activities after the first.', ['activity']);
  const corrupt = counter('sae_match_corrupt_artifacts_total', 'Artifacts that were found damaged or gone.', []);
  return {
    attemptStarted: ({ activityType: activity, attempt }) => {
      if (attempt > 1) retries.labels(activity).inc();
      return {
        progressed: () => {
          atWork.moved();
        },
        ended: ({ outcome, seconds: duration, failure }) => {
          if (outcome === 'done') atWork.moved();
          seconds.labels(activity, outcome).observe(duration);
          if (failure === null) return;
          failures.labels(activity, failure.errorClass).inc();
          if (failure.errorClass === 'ArtifactCorruptError') corrupt.inc();
        },
      };
    },
  };
}

function trafficObserver({
  counter,
}: Makers): Pick<ActivityObserver, 'artifactLooked' | 'foldedRead' | 'inputRead' | 'storeTraffic'> {
  const lookups = counter('sae_match_artifact_lookups_total', 'Folded layers and matches looked up in the store.', [
    'kind',
    'result',
  ]);
  const reads = counter('sae_match_folded_reads_total', 'Objects of folded layers opened to be read.', ['result']);
  const fetched = counter('sae_match_folded_fetched_bytes_total', 'Bytes of folded layers fetched to be read.', []);
  const input = counter('sae_match_input_bytes_total', 'Bytes of SAE files read and hashed.', []);
  const traffic = counter('sae_match_store_bytes_total', 'Bytes read from stores of results and written to them.', [
    'operation',
    'store',
  ]);
  for (const operation of ['read', 'write']) {
    for (const store of ['folder', 'gcs']) traffic.labels(operation, store).inc(0);
  }
  return {
    artifactLooked: (kind, hit) => {
      lookups.labels(kind, hit ? 'hit' : 'miss').inc();
    },
    foldedRead: ({ from, fetchedBytes }) => {
      reads.labels(from).inc();
      fetched.inc(fetchedBytes);
    },
    inputRead: (bytes) => {
      input.inc(bytes);
    },
    storeTraffic: ({ operation, store, bytes }) => {
      traffic.labels(operation, store).inc(bytes);
    },
  };
}
