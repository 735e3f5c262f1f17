/** What every query is limited to: the variables of the dashboard. */
const OF = 'job=~"$job",instance=~"$instance"';

/**
 * The panels, by row of the dashboard. A query with `data: false` has none in the runs of its test, in which an artifact is
 * damaged and nothing else goes wrong: its metric has no series before the first event, or belongs to a part that not
 * every deployment has, or it asks about pairs at work, which there may end between two scrapes.
 *
 * unit: of Grafana's units, see https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/
 */
export const rows = [
  {
    title: 'Runs and pairs',
    panels: [
      panel('Workers', 'Workers that answer, by version.', 'short', {
        '{{version}}': `count by (version) (sae_match_build_info{${OF}})`,
      }),
      panel('Pairs at work', 'Pairs that are being matched, and slots for them.', 'short', {
        'at work': `sum(sae_match_pairs_in_flight{${OF}})`,
        slots: `sum(sae_match_match_slots{${OF}})`,
      }),
      panel('Progress of the pairs at work', 'Rows scanned, of those that will have been scanned.', 'percentunit', {
        scanned: noData(`sum(sae_match_rows_done{${OF}}) / (sum(sae_match_rows_expected{${OF}}) > 0)`),
      }),
      panel('Since the last progress', 'How long the pair at work that stands still for longest does so.', 's', {
        '{{instance}}': `(time() - sae_match_last_progress_timestamp_seconds{${OF}}) * (sae_match_pairs_in_flight{${OF}} > bool 0)`,
      }),
      panel('Pairs an hour', 'Pairs that ended, by outcome; found in the store counts as done.', 'short', {
        '{{outcome}}': `sum by (outcome) (rate(sae_match_pairs_total{${OF}}[$__rate_interval])) * 3600`,
      }),
      panel('Features a second', 'Features matched one to one.', 'cps', {
        features: `sum(rate(sae_match_features_matched_total{${OF}}[$__rate_interval]))`,
      }),
      panel(
        'Gap',
        'Objective minus dual bound: the largest of the pairs at work, and that of the last pair matched.',
        'sci',
        {
          'at work, {{instance}}': `sae_match_current_gap{${OF}}`,
          'last, {{instance}}': `sae_match_last_gap{${OF}}`,
        }
      ),
      panel('Runs that ended', 'Workflows of Temporal that completed or failed within an hour.', 'short', {
        '{{workflow_type}} completed': `sum by (workflow_type) (increase(temporal_workflow_completed_total{${OF}}[1h]))`,
        '{{workflow_type}} failed': noData(
          `sum by (workflow_type) (increase(temporal_workflow_failed_total{${OF}}[1h]))`
        ),
      }),
    ],
  },
  {
    title: 'Durations',
    panels: [
      panel('Duration of a pair, by device', 'Half of the pairs take less than p50, 95 of 100 less than p95.', 's', {
        'p50 {{device}}': quantile(0.5, 'device', 'sae_match_pair_duration_seconds_bucket'),
        'p95 {{device}}': quantile(0.95, 'device', 'sae_match_pair_duration_seconds_bucket'),
      }),
      panel('Duration of activities', 'p95 of the attempts, failed ones included.', 's', {
        '{{activity}}': quantile(0.95, 'activity', 'sae_match_activity_duration_seconds_bucket'),
      }),
      panel('Waiting for a worker', 'p95 of the time from schedule to start, by task queue.', 's', {
        '{{task_queue}}': quantile(0.95, 'task_queue', 'temporal_activity_schedule_to_start_latency_seconds_bucket'),
      }),
    ],
  },
  {
    title: 'Data',
    panels: [
      panel('Stores of results', 'Bytes read from them and written to them.', 'Bps', {
        '{{operation}} {{store}}': `sum by (operation, store) (rate(sae_match_store_bytes_total{${OF}}[$__rate_interval]))`,
      }),
      panel('SAE files', 'Bytes read and hashed, and bytes of folded layers fetched from a remote store.', 'Bps', {
        'read and hashed': `sum(rate(sae_match_input_bytes_total{${OF}}[$__rate_interval]))`,
        fetched: `sum(rate(sae_match_folded_fetched_bytes_total{${OF}}[$__rate_interval]))`,
      }),
      panel('Found in the store', 'Share of the layers and pairs that need not be computed.', 'percentunit', {
        '{{kind}}': `sum by (kind) (rate(sae_match_artifact_lookups_total{result="hit",${OF}}[$__rate_interval])) / sum by (kind) (rate(sae_match_artifact_lookups_total{${OF}}[$__rate_interval]))`,
      }),
      panel('Folded layers opened', 'By where they came from: this machine, its cache, or a remote store.', 'ops', {
        '{{result}}': `sum by (result) (rate(sae_match_folded_reads_total{${OF}}[$__rate_interval]))`,
      }),
    ],
  },
  {
    title: 'Faults',
    panels: [
      panel(
        'Failures by type',
        'Attempts of activities that failed within the last hour, by class of the error.',
        'short',
        {
          '{{activity}} {{type}}': `sum by (activity, type) (increase(sae_match_activity_failures_total{${OF}}[1h]))`,
        }
      ),
      panel('Retries', 'Attempts after the first within the last hour.', 'short', {
        '{{activity}}': noData(`sum by (activity) (increase(sae_match_activity_retries_total{${OF}}[1h]))`),
      }),
      panel('Damaged artifacts', 'Attempts that found one within the last hour.', 'short', {
        '{{instance}}': `increase(sae_match_corrupt_artifacts_total{${OF}}[1h])`,
      }),
      panel('Fall-backs of devices', 'Moves to a smaller tile or another device within the last hour.', 'short', {
        '{{device}}': `sum by (device) (increase(sae_match_device_fallbacks_total{${OF}}[1h]))`,
      }),
      panel('Since the last look of a schedule', 'Looks at the checkpoints of a training that succeeded.', 's', {
        '{{schedule}}': noData(`time() - max by (schedule) (sae_match_schedule_last_success_timestamp_seconds{${OF}})`),
      }),
    ],
  },
  {
    title: 'Workers',
    panels: [
      panel('Memory', 'Memory in use, and the budget it has to stay in.', 'bytes', {
        'in use {{instance}}': `process_resident_memory_bytes{${OF}} and on (job, instance) sae_match_build_info`,
        'budget {{instance}}': `sae_match_memory_budget_bytes{${OF}}`,
      }),
      panel('Memory of devices', 'Of each CUDA device: in use by all processes, and what there is.', 'bytes', {
        'in use {{instance}} {{device}}': noData(`sae_match_device_memory_used_bytes{${OF}}`),
        'size {{instance}} {{device}}': noData(`sae_match_device_memory_size_bytes{${OF}}`),
      }),
      panel('Cores in use', 'CPU time a second.', 'short', {
        '{{instance}}': `rate(process_cpu_seconds_total{${OF}}[$__rate_interval]) and on (job, instance) sae_match_build_info`,
      }),
      panel('Event-loop lag', 'p99 of how late the event loop is; heartbeats and polls wait for it.', 's', {
        '{{instance}}': `nodejs_eventloop_lag_p99_seconds{${OF}} and on (job, instance) sae_match_build_info`,
      }),
      panel('Slots used', 'Share of the task slots in use, by task queue.', 'percentunit', {
        '{{task_queue}}': `sum by (task_queue) (temporal_worker_task_slots_used{${OF}}) / sum by (task_queue) (temporal_worker_task_slots_used{${OF}} + temporal_worker_task_slots_available{${OF}})`,
      }),
      panel('Requests to Temporal', 'By operation; and those that failed.', 'reqps', {
        '{{operation}}': `sum by (operation) (rate(temporal_request_total{${OF}}[$__rate_interval]))`,
        '{{operation}} failed': noData(
          `sum by (operation) (rate(temporal_request_failure_total{${OF}}[$__rate_interval]))`
        ),
      }),
    ],
  },
];

function panel(title, description, unit, queries) {
  const targets = Object.entries(queries).map(([legend, query]) =>
    typeof query === 'string' ? { legend, expr: query, data: true } : { legend, ...query }
  );
  return { title, description, unit, targets };
}

function noData(expr) {
  return { expr, data: false };
}

function quantile(q, label, buckets) {
  return `histogram_quantile(${q}, sum by (le, ${label}) (rate(${buckets}{${OF}}[$__rate_interval])))`;
}
