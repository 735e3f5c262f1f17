import { ApplicationFailure } from '@temporalio/common';
import { InputError } from '../../../matching/errors';
import type { LogFormat } from '../../../workers/log/format-record';
import { LOG_FIELDS } from '../../../workers/log/log-fields';
import { createWorkerLog, workerIdentity } from '../../../workers/log/worker-log';
import type { Logger, LogLevel } from '@temporalio/worker';

const ATTEMPT = {
  ...{ isLocal: false, attempt: 2, namespace: 'default', taskToken: 'AAEC', activityId: '7', sdkComponent: 'activity' },
  ...{ activityType: 'matchLayers', taskQueue: 'queue-match' },
  ...{ workflowId: 'sae-match/3f9a0c1b2d4e/pairs-0', workflowRunId: 'aaa', workflowType: 'matchBlock' },
  ...{ source_layer: 3, target_layer: 4 },
};

/** What is written of what `say` says. */
function written(say: (log: Logger) => void, format: LogFormat = 'json', level: LogLevel = 'INFO'): string[] {
  const lines: string[] = [];
  say(createWorkerLog({ level, format, taskQueue: 'queue', write: (line) => lines.push(line) }));
  return lines;
}

const recordOf = (say: (log: Logger) => void): Record<string, unknown> =>
  JSON.parse(written(say)[0]!) as Record<string, unknown>;

it('a line of an attempt says which run, pair, activity, pool and process it belongs to', () => {
  const { time, ...record } = recordOf((log) => {
    log.info('activity done', { ...ATTEMPT, seconds: 1.23456, cached: false });
  });
  expect(new Date(time as string).toISOString()).toBe(time);
  expect(record).toEqual({
    ...{ level: 'info', message: 'activity done', component: 'activity', worker: workerIdentity(), pool: 'match' },
    ...{ run_id: '3f9a0c1b2d4e', workflow: 'matchBlock', workflow_id: 'sae-match/3f9a0c1b2d4e/pairs-0' },
    ...{ workflow_run_id: 'aaa', activity: 'matchLayers', activity_id: '7', attempt: 2 },
    ...{ source_layer: 3, target_layer: 4, seconds: 1.235, cached: false },
  });
});

it('fields are written in the order in which they are documented, so that lines can be compared', () => {
  const names = Object.keys(
    recordOf((log) => void log.warn('x', { gap: 1, layer: 2, error: new Error('y'), ...ATTEMPT }))
  );
  const order = Object.keys(LOG_FIELDS).filter((name) => names.includes(name));
  expect(names).toEqual(order);
});

it.each([
  ['sae-match/abc', { run_id: 'abc' }],
  ['sae-match/abc/compose', { run_id: 'abc' }],
  ['sae-match/abc/notify-0190-77', { run_id: 'abc' }],
  ['sae-match-schedule/nightly', { schedule: 'nightly' }],
  ['sae-match-schedule/nightly-2026-11-27T17:49:52Z', { schedule: 'nightly' }],
  ['something-else', {}],
])('the workflow %s belongs to %j', (workflowId, subject) => {
  const record = recordOf((log) => void log.info('x', { workflowId, runId: 'r', taskQueue: 'queue' }));
  expect(record).toMatchObject({ workflow_id: workflowId, workflow_run_id: 'r', pool: 'workflow', ...subject });
  expect(Object.keys(record).filter((name) => name === 'run_id' || name === 'schedule')).toEqual(Object.keys(subject));
});

it('what the SDK says beyond the fields is kept apart from them', () => {
  const record = recordOf((log) => {
    log.warn('Cancelling activity', { ...ATTEMPT, reason: 'WORKER_SHUTDOWN', when: 12n });
    log.warn('not read', {});
  });
  expect(record.details).toEqual({ reason: 'WORKER_SHUTDOWN', when: '12' });
  // The core has names of its own for other things than ours.
  const core = recordOf(
    (log) => void log.warn('x', { sdkComponent: 'core', run_id: 'of a workflow', error: 'refused' })
  );
  expect(core).toMatchObject({ component: 'core', error: 'refused', details: { run_id: 'of a workflow' } });
  expect(core.run_id).toBeUndefined();
});

it('an error of ours is told by its sentence, one of a library also by where it comes from', () => {
  const ours = recordOf((log) => void log.warn('x', { error: new InputError('no such tensor', { file: 'a.npz' }) }));
  expect(ours).toMatchObject({ error_type: 'InputError', error: expect.stringContaining('a.npz') as string });
  expect(ours.error_stack).toBeUndefined();
  const failure = ApplicationFailure.create({ type: 'InputError', message: 'no such tensor' });
  expect(recordOf((log) => void log.warn('x', { error: failure })).error_stack).toBeUndefined();
  const foreign = recordOf((log) => void log.warn('x', { error: new TypeError('x is not a function') }));
  expect(foreign).toMatchObject({ error_type: 'TypeError', error: 'x is not a function' });
  expect(foreign.error_stack).toContain('worker-log.test');
});

it('a line of JSON is one line whatever is in it', () => {
  const [line] = written((log) => void log.error('first\nsecond', { error: new Error('a\nb'), odd: '\u2028"\\' }));
  expect(line!.split(/[\n\r]/)).toHaveLength(1);
  expect((JSON.parse(line!) as { message: string }).message).toBe('first\nsecond');
});

it('text is one line for people, without what is the same on every line of a process', () => {
  const lines = written((log) => {
    log.info('activity done', { ...ATTEMPT, seconds: 1.2, device: 'cuda:0' });
    log.info('activity done', { ...ATTEMPT, attempt: 1 });
    log.error('match failed', { ...ATTEMPT, error: 'no answer' });
  }, 'text');
  const subject = 'pool=match run_id=3f9a0c1b2d4e workflow=matchBlock activity=matchLayers';
  expect(lines.map((line) => line.replace(/^\S+Z /, ''))).toEqual([
    `INFO  activity done ${subject} attempt=2 source_layer=3 target_layer=4 device=cuda:0 seconds=1.2`,
    `INFO  activity done ${subject} source_layer=3 target_layer=4`,
    `ERROR match failed ${subject} attempt=2 source_layer=3 target_layer=4 error="no answer"`,
  ]);
});

it('a level leaves out what is less important', () => {
  const say = (log: Logger): void => {
    for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const) log[level](level);
  };
  const messages = (level: LogLevel): unknown[] =>
    written(say, 'json', level).map((line) => (JSON.parse(line) as { message: string }).message);
  expect(messages('WARN')).toEqual(['warn', 'error']);
  expect(messages('DEBUG')).toEqual(['debug', 'info', 'warn', 'error']);
});

it('what attempts say themselves is not said again by the SDK', () => {
  const ofSdk = { sdkComponent: 'worker', taskQueue: 'queue-match' };
  const say = (log: Logger): void => {
    log.warn('No workflows registered, not polling for workflow tasks', ofSdk);
    log.warn('Activity failed', ofSdk);
    log.warn('Workflow failed', ofSdk);
    log.debug('Activity started', ofSdk);
    log.info('Worker state changed', { ...ofSdk, state: 'RUNNING' });
  };
  expect(written(say)).toEqual([]);
  expect(written(say, 'json', 'DEBUG').map((line) => (JSON.parse(line) as { state: string }).state)).toEqual([
    'RUNNING',
  ]);
});
