import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ActivityObserver } from '../activities/ports';
import type { TaskProgress } from '../activities/task-context';
import { VERSION } from '../matching/version';

/** Durations from a tenth of a second to hours. */
const DURATION_BUCKETS = [0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 7200, 14400];

/** The process's own metrics: a registry to serve, and the observer that activities report to. */
export interface WorkerMetrics {
  readonly registry: Registry;
  readonly observer: ActivityObserver;
}

/** A pair that is being matched. */
interface Work {
  latest: TaskProgress | null;
}

/** Names, types and labels are listed in docs/operating.md; a test keeps the two in step. */
export function createMetrics(): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: L[]): Histogram<L> =>
    new Histogram({ name, help, labelNames, buckets: DURATION_BUCKETS, registers });

  const pairs = counter('sae_match_pairs_total', 'Layer pairs that ended, by outcome.', ['outcome']);
  const pairSeconds = histogram('sae_match_pair_duration_seconds', 'Time to match one layer pair.', ['device']);
  const inFlight = new Set<Work>();
  const live = (name: string, help: string, value: (works: readonly TaskProgress[]) => number): void => {
    const collect = function (this: Gauge): void {
      this.set(value([...inFlight].flatMap(({ latest }) => latest ?? [])));
    };
    new Gauge({ name, help, registers, collect });
  };
  live('sae_match_pairs_in_flight', 'Layer pairs being matched now.', () => inFlight.size);
  const features = counter('sae_match_features_matched_total', 'Features matched one to one.', []);
  const gap = gauge('sae_match_last_gap', 'Objective minus dual bound of the last pair matched.');
  const fallbacks = counter('sae_match_device_fallbacks_total', 'Moves to a smaller tile or another device.', [
    'device',
  ]);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  live('sae_match_rows_done', 'Rows scanned for the pairs being matched now, over all passes.', (works) =>
    sum(works.map(({ done }) => done))
  );
  live('sae_match_rows_expected', 'Rows that will have been scanned when they are done.', (works) =>
    sum(works.map(({ total }) => total))
  );
  live('sae_match_current_gap', 'Largest known gap of the pairs being matched now.', (works) =>
    Math.max(0, ...works.map((work) => work.gap ?? 0))
  );
  const activitySeconds = histogram('sae_match_activity_duration_seconds', 'Time of one activity, by outcome.', [
    'activity',
    'outcome',
  ]);
  const cache = counter('sae_match_artifact_lookups_total', 'Folded layers and matches looked up in the store.', [
    'kind',
    'result',
  ]);
  const reads = counter('sae_match_folded_reads_total', 'Objects of folded layers opened to be read.', ['result']);
  const fetched = counter('sae_match_folded_fetched_bytes_total', 'Bytes of folded layers fetched to be read.', []);
  const bytes = counter('sae_match_input_bytes_total', 'Bytes of SAE files read and hashed.', []);
  new Gauge({
    name: 'sae_match_build_info',
    help: 'Version of the worker; always 1.',
    labelNames: ['version'],
    registers,
  })
    .labels(VERSION)
    .set(1);

  const observer: ActivityObserver = {
    activityEnded: (activity, outcome, seconds) => {
      activitySeconds.labels(activity, outcome).observe(seconds);
    },
    artifactLooked: (kind, hit) => {
      cache.labels(kind, hit ? 'hit' : 'miss').inc();
    },
    foldedRead: ({ from, fetchedBytes }) => {
      reads.labels(from).inc();
      fetched.inc(fetchedBytes);
    },
    inputRead: (count) => {
      bytes.inc(count);
    },
    pairStarted: () => {
      const work: Work = { latest: null };
      inFlight.add(work);
      return {
        progress: (progress) => {
          work.latest = progress;
        },
        ended: (outcome, pair) => {
          inFlight.delete(work);
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
