import { driftExceeded, runEndedWithout } from '../../../activities/notify/run-event';
import type { RunManifest } from '../../../artifacts/manifest';
import type { RunRequest } from '../../../workflows/run-types';

const request = {
  runId: 'run',
  spec: { source: '/saes', previous: { source: '/before', step: 7, unmatched: 0.5, kept: 0.9 } },
  execution: { notify: { driftAbove: 0.25 } },
} as unknown as RunRequest;
const manifest = {
  state: 'done',
  pairs: [],
  failures: [],
  timings: { started: '', finished: '2026-01-01T00:00:00.000Z', seconds: 1 },
} as unknown as RunManifest;
const shares = (...values: number[]) => values.map((not_kept, layer) => ({ layer, not_kept }));

describe('the event of a drift', () => {
  it('names the layers above the threshold, and those alone', () => {
    const event = driftExceeded(manifest, request, '/out/runs/run', shares(0.1, 0.25, 0.3));
    expect(event).toMatchObject({
      type: 'drift.exceeded',
      data: { previous: '/before step 7', threshold: 0.25, layers: [{ layer: 2, not_kept: 0.3 }] },
    });
  });

  it('does not exist when no layer is above it', () => {
    expect(driftExceeded(manifest, request, '/out/runs/run', shares(0.1, 0.25))).toBeNull();
    expect(driftExceeded(manifest, request, '/out/runs/run', [])).toBeNull();
  });
});

describe('the event of a run without a manifest', () => {
  it('says why it ended', () => {
    const event = runEndedWithout('the source is gone', request, '/out/runs/run', new Date(0));
    expect(event).toMatchObject({ type: 'run.failed', timestamp: '1970-01-01T00:00:00.000Z' });
    expect(event.data).toMatchObject({ state: 'failed', causes: [{ message: 'the source is gone' }] });
  });
});
