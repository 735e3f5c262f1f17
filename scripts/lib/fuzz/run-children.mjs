import { fork } from 'node:child_process';
import { at } from '../paths.mjs';

/** A reader that holds more than this of JavaScript's own objects is out of bounds long before. */
const HEAP_MEGABYTES = 512;

/**
 * Mutates and reads in processes of their own, so that nothing that happens to one, not even its end, stops the rest.
 * `onResult` gets `{ index, format, outcome, ms, size, memory }`, or `{ index, error }`, of each from `first` to `end`.
 */
export async function runChildren({ seed, first, end, msLimit }, onResult) {
  for (let next = first; next < end;) next = await runChild(seed, next, end, msLimit, onResult);
}

/** Runs one process until it ends; resolves to where the next goes on. */
function runChild(seed, first, end, msLimit, onResult) {
  const child = fork(at('scripts/lib/fuzz/child.mjs'), [seed, first, end].map(String), {
    execArgv: ['--expose-gc', `--max-old-space-size=${HEAP_MEGABYTES}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const tooLong = `no end after ${msLimit} ms`;
  let said = '';
  let current = first;
  let timer;
  let reported = false;
  child.stderr.on('data', (text) => (said = (said + text).slice(-2000)));
  child.on('message', (message) => {
    clearTimeout(timer);
    if (message.began !== undefined) {
      current = message.began;
      reported = false;
      timer = setTimeout(() => {
        reported = true;
        onResult({ index: current, error: tooLong });
        child.kill('SIGKILL');
      }, msLimit);
      return;
    }
    reported = true;
    // Its answer may arrive before the timer is looked at.
    onResult(message.ms >= msLimit ? { index: current, error: tooLong } : message);
  });
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0 && reported) return resolve(end);
      if (!reported) onResult({ index: current, error: `the process ended (${signal ?? code}): ${said}` });
      resolve(current + 1);
    });
  });
}
