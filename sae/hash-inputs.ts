import { createHash } from 'node:crypto';
import { CancelledError, InputError } from '../matching/errors';
import { bytesOf } from './catalogue-entry';
import type { CatalogueEntry } from './catalogue-entry';
import type { SaeSource, SourceFile, TransferOptions } from './sources/source';

/** A file that determines weights, fixed by its content. */
export interface InputFile {
  /** Path relative to the source. */
  readonly path: string;
  readonly bytes: number;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  /** Version of the file where it lies, where the place tells versions apart. */
  readonly version?: string;
}

export interface HashOptions extends TransferOptions {
  /** Takes the place's word for hashes that it states, so that nothing is fetched to plan with. False by default. */
  readonly trustPlace?: boolean;
  /** Called after each chunk with the bytes hashed so far and in all. */
  readonly onProgress?: (bytesDone: number, bytesTotal: number) => void;
}

/**
 * The hash of every file that determines the weights of an SAE: of its content, streaming.
 *
 * @throws InputError when a file cannot be read or changed its size since it was listed.
 * @throws CancelledError when the signal is aborted.
 */
export async function hashInputs(
  source: SaeSource,
  entry: Pick<CatalogueEntry, 'files'>,
  options: HashOptions = {}
): Promise<readonly InputFile[]> {
  const total = bytesOf(entry);
  let done = 0;
  const result: InputFile[] = [];
  for (const file of entry.files) {
    const onChunk = (bytes: number): void => {
      if (options.signal?.aborted === true) throw new CancelledError('hashing the inputs');
      done += bytes;
      options.onProgress?.(done, total);
    };
    const { path, bytes, version } = file;
    const stated = options.trustPlace === true ? file.sha256 : undefined;
    if (stated !== undefined) onChunk(bytes);
    if (stated === undefined) await source.bringHere([path], options);
    const sha256 = stated ?? (await hashFile(source, file, onChunk));
    result.push({ path, bytes, sha256, ...(version !== undefined && { version }) });
  }
  return result;
}

async function hashFile(source: SaeSource, file: SourceFile, onChunk: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  onChunk(0);
  for await (const chunk of source.stream(file.path)) {
    hash.update(chunk);
    bytes += chunk.length;
    onChunk(chunk.length);
  }
  if (bytes === file.bytes) return hash.digest('hex');
  throw new InputError('the file changed while it was being read', {
    file: source.locate(file.path),
    found: `${bytes} bytes`,
    expected: `${file.bytes} bytes, as listed`,
    remedy: 'Wait until nothing writes to it, then start again.',
  });
}
