import { ArtifactCorruptError, UnavailableError } from '../../../matching/errors';
import { patiently, waitBeforeRetry } from '../../../transport/patience';
import type { GcsBucket, GcsObject } from './bucket';
import { damaged, uploadAtOnce } from './upload';
import type { Upload, UploadOutcome } from './upload';
import { uploadInSession } from './upload-session';

export interface UploadSizes {
  /** Objects of up to so many bytes are sent in one request. */
  readonly smallBytes: number;
  /** Bytes of a piece of a larger one, a multiple of 256 KiB. */
  readonly chunkBytes: number;
}

/**
 * Writes an object and sees that the bucket has it as it was sent. What is done is the same whether a reply was lost or
 * not: an object that is there with this very content counts as written.
 *
 * @throws ArtifactCorruptError when it must be new and there is one with other content
 * @throws UnavailableError, EnvironmentError, CancelledError
 */
export async function putObject(bucket: GcsBucket, upload: Upload, sizes: UploadSizes): Promise<void> {
  const small = upload.bytes <= sizes.smallBytes;
  // A session looks at its condition when all bytes have been sent.
  if (upload.ifAbsent && !small && (await isThere(bucket, upload))) return;
  for (let failures = 1; ; failures++) {
    const outcome = small
      ? await patiently(bucket.patience, () => uploadAtOnce(bucket, upload), upload.signal)
      : await uploadInSession(bucket, upload, sizes.chunkBytes);
    const fault = await faultOf(bucket, upload, outcome);
    if (fault === null) return;
    if (failures >= bucket.patience.attempts) throw fault;
    await waitBeforeRetry(bucket.patience, failures, fault, upload.signal);
  }
}

/** Null when the object is in the bucket as it should be; else why it has to be sent again. */
async function faultOf(bucket: GcsBucket, upload: Upload, outcome: UploadOutcome): Promise<UnavailableError | null> {
  const { object } = upload;
  if (outcome.kind === 'stored') {
    if (isSame(outcome.object, upload)) return null;
    await bucket.remove(object, outcome.object.generation);
    return damaged(bucket.url(object), inWords(outcome.object));
  }
  if (upload.ifAbsent) {
    if (await isThere(bucket, upload)) return null;
  } else {
    // The reply to the last piece of a session may be lost, and the session with it.
    const now = await bucket.find(object);
    if (now !== null && isSame(now, upload)) return null;
  }
  if (outcome.kind === 'again') return outcome.reason;
  return new UnavailableError('the object was removed meanwhile', { file: bucket.url(object) });
}

/** @throws ArtifactCorruptError when it is there with other content */
async function isThere(bucket: GcsBucket, upload: Upload): Promise<boolean> {
  const now = await bucket.find(upload.object);
  if (now === null) return false;
  if (isSame(now, upload)) return true;
  throw new ArtifactCorruptError('an object of this name exists with other content', {
    ...{ file: bucket.url(upload.object), found: inWords(now), expected: inWords(upload) },
    remedy: 'Delete it if it is damaged, then resume',
  });
}

type Content = Pick<GcsObject, 'bytes' | 'crc32c'>;

const isSame = (a: Content, b: Content): boolean => a.bytes === b.bytes && a.crc32c === b.crc32c;
const inWords = ({ bytes, crc32c }: Content): string => `${bytes} bytes with CRC32C ${crc32c}`;
