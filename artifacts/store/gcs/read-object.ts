import { ArtifactCorruptError, UnavailableError } from '../../../matching/errors';
import { crc32c } from '../../../transport/crc32c';
import { patiently } from '../../../transport/patience';
import { resumed } from '../../../transport/resumed';
import type { ByteRange, FetchRange } from '../../../transport/resumed';
import { ObjectNotFoundError } from '../object-store';
import type { GcsBucket } from './bucket';
import { bytesOf, ObjectReplacedError, openContent } from './open-content';

/** Times that content is read before it counts as damaged in the bucket itself, not on its way. */
const READINGS = 3;

/**
 * The whole content of an object, checked against the CRC32C that the bucket states.
 *
 * @throws ObjectNotFoundError
 * @throws ArtifactCorruptError when it has another checksum every time it is read
 * @throws UnavailableError, EnvironmentError
 */
export async function readWhole(bucket: GcsBucket, object: string): Promise<Buffer> {
  for (let reading = 1; ; reading++) {
    const { content, expected } = await unlessReplaced(bucket, object, () => readOnce(bucket, object));
    const found = crc32c(content);
    if (found === expected) return content;
    if (reading < READINGS) continue;
    throw new ArtifactCorruptError('the content has another CRC32C than the bucket states', {
      ...{ file: bucket.url(object), found, expected: expected ?? 'one' },
      remedy: 'Delete it and resume the run: it will be computed again',
    });
  }
}

/**
 * A part of an object, all of one version of it. The bucket states no checksum of a part.
 *
 * @throws ObjectNotFoundError
 * @throws ArtifactCorruptError when the object ends before the range does
 * @throws UnavailableError, EnvironmentError
 */
export async function readPart(bucket: GcsBucket, object: string, range: ByteRange): Promise<Buffer> {
  if (range.start === range.end) {
    if ((await bucket.find(object)) === null) throw new ObjectNotFoundError(bucket.url(object));
    return Buffer.alloc(0);
  }
  return unlessReplaced(bucket, object, () => {
    let generation: string | null = null;
    return gather(bucket, object, range, async function* (wanted) {
      const opened = await openContent(bucket, object, wanted, generation);
      generation = opened.generation;
      if (opened.bytes < range.end) {
        opened.body.destroy();
        throw endsEarly(bucket.url(object), opened.bytes, range.end);
      }
      yield* bytesOf(opened.body);
    });
  });
}

async function readOnce(bucket: GcsBucket, object: string): Promise<{ content: Buffer; expected: string | null }> {
  const first = await patiently(bucket.patience, () => openContent(bucket, object, null, null));
  let begun = false;
  const content = await gather(bucket, object, { start: 0, end: first.bytes }, async function* (wanted) {
    const { body } = begun ? await openContent(bucket, object, wanted, first.generation) : first;
    begun = true;
    yield* bytesOf(body);
  });
  if (first.bytes === 0) first.body.resume();
  return { content, expected: first.crc32c };
}

async function gather(bucket: GcsBucket, object: string, range: ByteRange, fetch: FetchRange): Promise<Buffer> {
  const content = Buffer.allocUnsafe(range.end - range.start);
  let filled = 0;
  for await (const chunk of resumed(range, fetch, { name: bucket.url(object), patience: bucket.patience })) {
    filled += chunk.copy(content, filled);
  }
  return content;
}

/** Reads again from the beginning when the object was replaced in the middle of a reading that broke off. */
async function unlessReplaced<T>(bucket: GcsBucket, object: string, read: () => Promise<T>): Promise<T> {
  for (let reading = 1; reading <= READINGS; reading++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ObjectReplacedError)) throw error;
    }
  }
  throw new UnavailableError('the object is replaced again and again', { file: bucket.url(object) });
}

function endsEarly(file: string, size: number, end: number): ArtifactCorruptError {
  return new ArtifactCorruptError('the object ends early', {
    ...{ file, found: `${size} bytes`, expected: `at least ${end}` },
    remedy: 'Delete it and resume the run: it will be computed again',
  });
}
