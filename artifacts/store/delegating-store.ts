import type { ObjectStat, ObjectStore, PutOptions, StoredObject } from './object-store';

/** A store that hands everything on to another one; what a subclass does not override is as it is there. */
export abstract class DelegatingStore implements ObjectStore {
  constructor(protected readonly store: ObjectStore) {}

  get isRemote(): boolean {
    return this.store.isRemote;
  }

  put(key: string, chunks: Uint8Array | readonly Uint8Array[], options?: PutOptions): Promise<StoredObject> {
    return this.store.put(key, chunks, options);
  }

  get(key: string): Promise<Buffer> {
    return this.store.get(key);
  }

  readRange(key: string, start: number, end: number): Promise<Buffer> {
    return this.store.readRange(key, start, end);
  }

  stat(key: string): Promise<ObjectStat | null> {
    return this.store.stat(key);
  }

  list(prefix: string): Promise<string[]> {
    return this.store.list(prefix);
  }

  delete(key: string): Promise<void> {
    return this.store.delete(key);
  }

  copy(from: string, to: string): Promise<void> {
    return this.store.copy(from, to);
  }

  url(key: string): string {
    return this.store.url(key);
  }
}
