import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';

import { atBoundary } from '../../activities/boundary';
import { ObjectNotFoundError } from '../../artifacts/store/object-store';
import { ArtifactCorruptError, CancelledError, UnavailableError } from '../../matching/errors';
import { withAttemptFacts } from '../../workers/log/attempt-interceptor';
import { createMetrics } from '../../workers/metrics';

const quiet = new DefaultLogger('ERROR');

/** Carries out an activity that does `work`, and returns the lines of the page of metrics that begin with `name`. */
async function countedAfter(name: string, work: () => Promise<unknown>, attempt = 1): Promise<string[]> {
  const { registry, observer } = createMetrics({ memoryBudget: 1, slots: 1, devices: ['cpu'], build: 'b', labels: {} });
  const environment = new MockActivityEnvironment({ activityType: 'foldLayer', attempt }, { logger: quiet });
  await environment.run(() => atBoundary(observer, {}, work)).catch(() => undefined);
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));
}

const failing = (error: Error) => (): Promise<never> => Promise.reject(error);

it.each([
  ['one of ours', new UnavailableError('no answer'), 'UnavailableError'],
  ['a subclass, by the class that is documented', new ObjectNotFoundError('x'), 'InputError'],
  ['one that is not ours', new TypeError('x'), 'other'],
  ['something that is no error', 'x' as unknown as Error, 'other'],
])('a failure is counted by the class of its error: %s', async (_, error, type) => {
  expect(await countedAfter('sae_match_activity_failures_total', failing(error))).toEqual([
    `sae_match_activity_failures_total{activity="foldLayer",type="${type}"} 1`,
  ]);
});

it('an artifact that was found damaged is counted', async () => {
  const corrupt = 'sae_match_corrupt_artifacts_total';
  expect(await countedAfter(corrupt, failing(new ArtifactCorruptError('damaged')))).toEqual([`${corrupt} 1`]);
  expect(await countedAfter(corrupt, failing(new UnavailableError('no answer')))).toEqual([`${corrupt} 0`]);
});

it('what was cancelled has not failed', async () => {
  expect(await countedAfter('sae_match_activity_failures_total', failing(new CancelledError()))).toEqual([]);
});

it('attempts after the first are counted as retries, whether they succeed or not', async () => {
  const retries = 'sae_match_activity_retries_total';
  const succeed = (): Promise<string> => Promise.resolve('done');
  expect(await countedAfter(retries, succeed)).toEqual([]);
  expect(await countedAfter(retries, succeed, 2)).toEqual([`${retries}{activity="foldLayer"} 1`]);
  expect(await countedAfter(retries, failing(new TypeError('x')), 3)).toEqual([`${retries}{activity="foldLayer"} 1`]);
});

it('what a thread reports goes to the log of the attempt that asked for it, whichever attempt started the thread', async () => {
  const lines: (readonly [message: string, layer: unknown])[] = [];
  const logger = new DefaultLogger('INFO', ({ message, meta }) => lines.push([message, meta?.layer]));
  const { observer } = createMetrics({ memoryBudget: 1, slots: 1, devices: ['cpu'], build: 'b', labels: {} });
  const attemptOn = (layer: number, work: Parameters<typeof atBoundary<void>>[2]): Promise<void> =>
    new MockActivityEnvironment({ activityType: 'foldLayer' }, { logger, interceptors: [withAttemptFacts] }).run(() =>
      atBoundary(observer, { layer }, work)
    );
  let note!: (text: string) => void;
  let end!: () => void;
  const first = attemptOn(1, ({ onNote }) => {
    note = onNote;
    return new Promise((resolve) => (end = resolve));
  });
  await attemptOn(2, () => {
    note('of layer 1');
    return Promise.resolve();
  });
  end();
  await first;
  expect(lines).toEqual([
    ['of layer 1', 1],
    ['activity done', 2],
    ['activity done', 1],
  ]);
});
