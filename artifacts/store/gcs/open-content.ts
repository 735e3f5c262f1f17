import type { IncomingMessage } from 'node:http';
import { SaeMatchError } from '../../../matching/errors';
import { refusal } from '../../../transport/gcs-exchange';
import type { ByteRange } from '../../../transport/resumed';
import { ObjectNotFoundError } from '../object-store';
import type { GcsBucket } from './bucket';

/** Content of an object that has begun to arrive. */
export interface OpenContent {
  readonly body: IncomingMessage;
  /** Size of the whole object. */
  readonly bytes: number;
  /** CRC32C of the whole object, null when the answer does not state it. */
  readonly crc32c: string | null;
  readonly generation: string;
}

/**
 * Asks for the content of an object, once.
 *
 * @param range null for the whole
 * @param generation the version that it must be, null for the one there is
 * @throws ObjectNotFoundError, UnavailableError, EnvironmentError
 * @throws ObjectReplacedError when there is no such version any more
 */
export async function openContent(
  bucket: GcsBucket,
  object: string,
  range: ByteRange | null,
  generation: string | null
): Promise<OpenContent> {
  const version = generation === null ? '' : `&generation=${generation}`;
  const headers = range === null ? {} : { range: `bytes=${range.start}-${range.end - 1}` };
  const request = { method: 'GET', target: `${bucket.path(object)}?alt=media${version}`, headers } as const;
  const body = await bucket.ask(object, request);
  const { statusCode } = body;
  if (statusCode === 404) {
    body.resume();
    throw generation === null ? new ObjectNotFoundError(bucket.url(object)) : new ObjectReplacedError();
  }
  // 416: the range begins behind the end.
  if (range === null ? statusCode !== 200 : statusCode !== 206 && statusCode !== 416) {
    throw await refusal(body, bucket.url(object));
  }
  return { body, ...factsOf(body) };
}

/** The version that was being read is gone. */
export class ObjectReplacedError extends SaeMatchError {
  constructor() {
    super('the object was replaced or removed while it was read');
  }
}

/** The bytes of a response as they arrive. The connection is kept for the next request when all have. */
export async function* bytesOf(body: IncomingMessage): AsyncGenerator<Buffer> {
  let missing = Number(body.headers['content-length']);
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      missing -= chunk.length;
      yield chunk;
    }
  } finally {
    if (missing === 0) body.resume();
    else body.destroy();
  }
}

function factsOf({ headers }: IncomingMessage): Omit<OpenContent, 'body'> {
  const header = (name: string): string => String(headers[name] ?? '');
  const total = /\/(\d+)$/.exec(header('content-range'))?.[1];
  return {
    bytes: Number(total ?? (header('x-goog-stored-content-length') || header('content-length'))),
    crc32c: /crc32c=([^,\s]+)/.exec(header('x-goog-hash'))?.[1] ?? null,
    generation: header('x-goog-generation'),
  };
}
