import { CancelledError, SaeMatchError, UnavailableError } from '../matching/errors';
import { faultText } from './fault-text';
import type { Patience } from './patience';
import { mayPass, waitBeforeRetry } from './patience';

/** Bytes `[start, end)` of a file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Asks a place for a range once: bytes from its start on, in order, until its end or until the transfer breaks off. */
export type FetchRange = (range: ByteRange, signal: AbortSignal) => AsyncIterable<Uint8Array>;

export interface ResumeOptions {
  /** Name of the file in errors. */
  readonly name: string;
  readonly patience: Patience;
  readonly signal?: AbortSignal;
}

/**
 * Exactly the bytes of a range, in chunks. A transfer that breaks off or stalls goes on where it stopped; any byte that
 * arrives renews the patience.
 *
 * @throws UnavailableError when the place fails too often in a row
 * @throws CancelledError when the signal is aborted
 * @throws InputError and what else `fetch` throws that cannot pass
 */
export async function* resumed(
  range: ByteRange,
  fetch: FetchRange,
  { name, patience, signal }: ResumeOptions
): AsyncGenerator<Buffer> {
  let { start } = range;
  for (let failures = 0; start < range.end;) {
    try {
      for await (const chunk of unlessStalled(fetch, { start, end: range.end }, { name, patience, signal })) {
        if (chunk.length === 0) continue;
        const wanted = Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.length, range.end - start));
        start += wanted.length;
        failures = 0;
        yield wanted;
        if (start === range.end) return;
      }
      if (start < range.end) throw brokenOff(name, `the transfer ended ${range.end - start} bytes early`);
    } catch (error) {
      if (signal?.aborted === true) throw new CancelledError(`reading ${name}`);
      const reason = error instanceof SaeMatchError ? error : brokenOff(name, faultText(error), error);
      failures += 1;
      if (!mayPass(reason) || failures >= patience.attempts) throw reason;
      await waitBeforeRetry(patience, failures, reason, signal);
    }
  }
}

/** The chunks of one transfer, which is given up when none arrives for too long. */
async function* unlessStalled(
  fetch: FetchRange,
  range: ByteRange,
  { name, patience, signal }: { name: string; patience: Patience; signal: AbortSignal | undefined }
): AsyncGenerator<Uint8Array> {
  const own = new AbortController();
  const stop = signal === undefined ? own.signal : AbortSignal.any([own.signal, signal]);
  const watch = (): NodeJS.Timeout =>
    setTimeout(() => {
      own.abort();
    }, patience.stallMs);
  let timer = watch();
  try {
    for await (const chunk of fetch(range, stop)) {
      // The time the caller takes over a chunk is not the place's.
      clearTimeout(timer);
      yield chunk;
      timer = watch();
    }
  } catch (error) {
    throw own.signal.aborted ? brokenOff(name, `no byte for ${patience.stallMs / 1000} s`, error) : error;
  } finally {
    clearTimeout(timer);
    own.abort();
  }
}

function brokenOff(file: string, found: string, cause?: unknown): UnavailableError {
  return new UnavailableError('the transfer broke off', { file, found, cause, remedy: 'Try again later.' });
}
