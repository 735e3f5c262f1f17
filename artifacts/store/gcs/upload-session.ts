import type { IncomingMessage } from 'node:http';
import { UnavailableError } from '../../../matching/errors';
import { mayPass, patiently, waitBeforeRetry } from '../../../transport/patience';
import type { GcsBucket } from './bucket';
import { slice } from './slice';
import { CONTENT_TYPE, describe, finished, uploadTarget } from './upload';
import type { Upload, UploadOutcome } from './upload';

/**
 * Sends an object in pieces through a resumable session. After a fault it asks how many bytes have arrived, and goes on
 * from there; any byte that has arrived renews the patience.
 *
 * @param chunkBytes bytes of a piece, a multiple of 256 KiB
 * @throws UnavailableError, EnvironmentError, CancelledError
 */
export async function uploadInSession(bucket: GcsBucket, upload: Upload, chunkBytes: number): Promise<UploadOutcome> {
  const session = await patiently(bucket.patience, () => openSession(bucket, upload), upload.signal);
  if (typeof session !== 'string') return session;
  // Null while it is not known how many bytes have arrived.
  let arrived: number | null = 0;
  let furthest = 0;
  for (let failures = 0; ;) {
    try {
      const outcome = await step(bucket, upload, session, arrived, chunkBytes);
      if (typeof outcome !== 'number') return outcome;
      const moved = outcome > furthest;
      if (moved) [furthest, failures] = [outcome, 0];
      if (outcome >= upload.bytes || (arrived !== null && !moved)) throw stuck(bucket, upload, outcome);
      arrived = outcome;
    } catch (error) {
      failures += 1;
      if (!mayPass(error) || failures >= bucket.patience.attempts) throw error;
      await waitBeforeRetry(bucket.patience, failures, error, upload.signal);
      arrived = null;
    }
  }
}

/** The address of a new session. */
async function openSession(bucket: GcsBucket, upload: Upload): Promise<string | UploadOutcome> {
  const request = {
    method: 'POST',
    target: uploadTarget(bucket, upload, 'resumable'),
    headers: {
      'content-type': 'application/json; charset=UTF-8',
      'x-upload-content-type': CONTENT_TYPE,
      'x-upload-content-length': String(upload.bytes),
    },
    body: [Buffer.from(JSON.stringify(describe(upload)))],
  } as const;
  const response = await bucket.ask(upload.object, request, upload.signal);
  const { location } = response.headers;
  if (response.statusCode !== 200 || location === undefined) return finished(bucket, upload, response);
  response.resume();
  return location;
}

/** Sends the next piece, or asks what has arrived; returns the number of bytes that have, or how it ended. */
async function step(
  bucket: GcsBucket,
  upload: Upload,
  session: string,
  arrived: number | null,
  chunkBytes: number
): Promise<number | UploadOutcome> {
  const end = Math.min(upload.bytes, (arrived ?? 0) + chunkBytes);
  const [range, body] = arrived === null ? ['*', []] : [`${arrived}-${end - 1}`, slice(upload.parts, arrived, end)];
  const headers = { 'content-range': `bytes ${range}/${upload.bytes}` };
  const request = { method: 'PUT', target: session, headers, body } as const;
  const response = await bucket.ask(upload.object, request, upload.signal);
  if (response.statusCode === 308) return arrivedBytes(response);
  if (response.statusCode !== 404 && response.statusCode !== 410) return finished(bucket, upload, response);
  response.resume();
  const file = bucket.url(upload.object);
  return { kind: 'again', reason: new UnavailableError('the bucket has forgotten an unfinished upload', { file }) };
}

/** `Range: bytes=0-41` says that 42 bytes have arrived; without it none has. */
function arrivedBytes(response: IncomingMessage): number {
  const { range } = response.headers;
  response.resume();
  return range === undefined ? 0 : Number(/-(\d+)$/.exec(range)?.[1] ?? -1) + 1;
}

function stuck(bucket: GcsBucket, { object, bytes }: Upload, arrived: number): UnavailableError {
  return new UnavailableError('the upload makes no progress', {
    ...{ file: bucket.url(object), found: `${arrived} of ${bytes} bytes` },
    remedy: 'Try again later.',
  });
}
