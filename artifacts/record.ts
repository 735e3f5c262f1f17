import { crc32c } from '../transport/crc32c';
import type { ObjectStore } from './store/object-store';
import { ObjectNotFoundError } from './store/object-store';

/**
 * Stores a small JSON value with its own checksum. Records are written after what they describe: where one is sound, that was
 * complete.
 */
export async function putRecord(store: ObjectStore, key: string, content: unknown): Promise<void> {
  const text = JSON.stringify({ crc32c: sumOf(content), content });
  await store.put(key, Buffer.from(`${text}\n`));
}

/** The value of a record; null when there is none or it is damaged. */
export async function getRecord<T>(store: ObjectStore, key: string): Promise<T | null> {
  try {
    const record = parse((await store.get(key)).toString('utf8')) as { crc32c: unknown; content: T } | null;
    return record?.content !== undefined && record.crc32c === sumOf(record.content) ? record.content : null;
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return null;
    throw error;
  }
}

/** Reading a value and writing it again gives the same text: names keep their order and numbers their digits. */
const sumOf = (content: unknown): string => crc32c(Buffer.from(JSON.stringify(content)));

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
