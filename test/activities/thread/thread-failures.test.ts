import type * as threads from 'node:worker_threads';
import { runTask } from '../../../activities/thread/run-task';
import { ArtifactCorruptError, CancelledError, SaeMatchError, UnavailableError } from '../../../matching/errors';

/** What the thread runs in place of a task. */
let script = '';
const started: threads.Worker[] = [];

jest.mock('node:worker_threads', () => {
  const actual = jest.requireActual<typeof threads>('node:worker_threads');
  return {
    ...actual,
    Worker: class extends actual.Worker {
      constructor(_file: string, options: threads.WorkerOptions) {
        super(script, { ...options, eval: true });
        started.push(this);
      }
    },
  };
});

async function runScript(text: string, signal?: AbortSignal): Promise<unknown> {
  script = `const { parentPort } = require('node:worker_threads');
    parentPort.once('message', ({ cancelled }) => { ${text} });`;
  try {
    return await runTask('hashSource', {} as never, signal === undefined ? {} : { signal });
  } finally {
    // Its end must have been noticed, or the next task would be given to it.
    await started.at(-1)!.terminate();
    await new Promise(setImmediate);
  }
}

const failWith = (error: object): Promise<unknown> =>
  runScript(
    `parentPort.postMessage(${JSON.stringify({ kind: 'error', error: { stack: 's', code: null, ...error } })})`
  );

describe('a thread that ends without a result', () => {
  it('is an error that says how it ended', async () => {
    await expect(runScript('process.exit(3)')).rejects.toThrow(
      new SaeMatchError('a worker thread ended without a result', { found: 'exit code 3' })
    );
  });

  it('is the error it died of', async () => {
    await expect(runScript("throw new RangeError('out of range')")).rejects.toThrow('out of range');
  });

  it('is not given the next task when it died of an error', async () => {
    const task = (): Promise<unknown> => runTask('hashSource', {} as never);
    script = "require('node:worker_threads').parentPort.once('message', () => { throw new RangeError('first'); });";
    const first = task();
    script = "const { parentPort } = require('node:worker_threads');";
    script += "parentPort.once('message', () => parentPort.postMessage({ kind: 'result', value: 'second' }));";
    await expect(first).rejects.toThrow('first');
    expect(await task()).toBe('second');
    await started.at(-1)!.terminate();
  });

  it('is a cancelled one when it was cancelled', async () => {
    const controller = new AbortController();
    const running = runScript('Atomics.wait(new Int32Array(cancelled), 0, 0)', controller.signal);
    // The flag alone would leave it waiting: it is woken only by its end.
    controller.abort();
    await started.at(-1)!.terminate();
    await expect(running).rejects.toThrow(CancelledError);
  });
});

it('a thread sees the wish to stop as a flag that turns from 0 to 1', async () => {
  const controller = new AbortController();
  const running = runScript(
    `const flag = new Int32Array(cancelled);
     parentPort.postMessage({ kind: 'progress', progress: flag[0] });
     while (Atomics.load(flag, 0) === 0);
     parentPort.postMessage({ kind: 'result', value: flag[0] });`,
    controller.signal
  );
  started.at(-1)!.once('message', () => {
    controller.abort();
  });
  expect(await running).toBe(1);
});

it('a thread that does not heed the wish to stop is ended after ten seconds', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date'] });
  try {
    const controller = new AbortController();
    const running = runScript('for (;;);', controller.signal);
    const ended = expect(running).rejects.toThrow(CancelledError);
    const terminate = jest.spyOn(started.at(-1)!, 'terminate');
    controller.abort();
    jest.advanceTimersByTime(9999);
    expect(terminate).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(terminate).toHaveBeenCalled();
    await ended;
  } finally {
    jest.useRealTimers();
  }
});

describe('an error that a thread reports', () => {
  it('has its class, message and stack again, and says whether to try once more', async () => {
    const corrupt = await failWith({ type: 'ArtifactCorruptError', message: 'm' }).catch((error: unknown) => error);
    expect(corrupt).toBeInstanceOf(ArtifactCorruptError);
    expect(corrupt).toMatchObject({ name: 'ArtifactCorruptError', message: 'm', stack: 's', retryable: false });
    await expect(failWith({ type: 'UnavailableError', message: 'm' })).rejects.toMatchObject({ retryable: true });
    await expect(failWith({ type: 'UnavailableError', message: 'm' })).rejects.toThrow(UnavailableError);
    await expect(failWith({ type: 'CancelledError', message: 'm' })).rejects.toThrow(CancelledError);
  });

  it('of the base class stays one of ours', async () => {
    const error = await failWith({ type: 'SaeMatchError', message: 'm' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SaeMatchError);
    expect(error).toMatchObject({ name: 'SaeMatchError', message: 'm' });
  });

  it('that is none of ours keeps its message and code', async () => {
    const error = await failWith({ type: 'TypeError', message: 'm', code: 'ERR_X' }).catch((reason: unknown) => reason);
    expect(error).not.toBeInstanceOf(SaeMatchError);
    expect(error).toMatchObject({ message: 'm', code: 'ERR_X' });
  });
});
