import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { UnavailableError } from '../../../matching/errors';
import { readBody, refusal } from '../../../transport/gcs-exchange';
import type { GcsBucket, GcsObject } from './bucket';

/** An object to be written. */
export interface Upload {
  readonly object: string;
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly crc32c: string;
  /** Only where there is none of this name. */
  readonly ifAbsent: boolean;
  readonly signal: AbortSignal | undefined;
}

/** What became of an upload. */
export type UploadOutcome =
  | { readonly kind: 'stored'; readonly object: GcsObject }
  /** There is an object of this name already. */
  | { readonly kind: 'exists' }
  /** It has to be sent again from its beginning. */
  | { readonly kind: 'again'; readonly reason: UnavailableError };

/** Sends a whole object in one request, once. @throws UnavailableError, EnvironmentError, CancelledError */
export async function uploadAtOnce(bucket: GcsBucket, upload: Upload): Promise<UploadOutcome> {
  const boundary = `sae-match-${randomBytes(16).toString('hex')}`;
  const head =
    `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(describe(upload))}\r\n` +
    `--${boundary}\r\ncontent-type: ${CONTENT_TYPE}\r\n\r\n`;
  const request = {
    method: 'POST',
    target: uploadTarget(bucket, upload, 'multipart'),
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: [Buffer.from(head), ...upload.parts, Buffer.from(`\r\n--${boundary}--\r\n`)],
  } as const;
  return finished(bucket, upload, await bucket.ask(upload.object, request, upload.signal));
}

export const CONTENT_TYPE = 'application/octet-stream';

/** What the bucket is told beforehand: it refuses content of another checksum. */
export function describe({ object, crc32c }: Upload): object {
  return { name: object, crc32c, contentType: CONTENT_TYPE };
}

export function uploadTarget({ name }: GcsBucket, { ifAbsent }: Upload, type: 'multipart' | 'resumable'): string {
  const condition = ifAbsent ? '&ifGenerationMatch=0' : '';
  const fields = 'fields=name,size,crc32c,generation,updated';
  return `/upload/storage/v1/b/${name}/o?uploadType=${type}&${fields}${condition}`;
}

/** Understands the response to the last byte of an object. */
export async function finished(
  bucket: GcsBucket,
  { object }: Upload,
  response: IncomingMessage
): Promise<UploadOutcome> {
  const status = response.statusCode!;
  if (status === 200 || status === 201) return { kind: 'stored', object: await bucket.objectOf(response, object) };
  if (status === 404) throw bucket.missing();
  const file = bucket.url(object);
  if (status === 412) {
    response.resume();
    return { kind: 'exists' };
  }
  if (status !== 400) throw await refusal(response, file);
  const body = await readBody(response, file);
  if (!/crc32c|checksum/i.test(body.toString('utf8'))) throw await refusal(response, file, body);
  return { kind: 'again', reason: damaged(file, 'another checksum') };
}

/** The error for content that did not arrive as it was sent. */
export function damaged(file: string, found: string): UnavailableError {
  return new UnavailableError('the content was damaged on its way to the bucket', {
    ...{ file, found },
    remedy: 'Try again later.',
  });
}
