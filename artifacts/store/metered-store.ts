import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ObjectStat, ObjectStore, PutOptions, StoredObject } from './object-store';

/** Content that went into a store or came out of it; copies inside a store are none. */
export interface StoreTraffic {
  readonly operation: 'read' | 'write';
  readonly store: 'folder' | 'gcs';
  readonly bytes: number;
}

/** Heard by whoever runs the task, in this thread; nothing in between has to pass it on. */
const TRAFFIC = 'sae-match:store-traffic';
const published = channel(TRAFFIC);

/** Calls `listener` with what the stores of this thread read and write. @returns what ends it */
export function onStoreTraffic(listener: (traffic: StoreTraffic) => void): () => void {
  const hear = (traffic: unknown): void => {
    listener(traffic as StoreTraffic);
  };
  subscribe(TRAFFIC, hear);
  return () => {
    unsubscribe(TRAFFIC, hear);
  };
}

/** A store that tells of every transfer that succeeded. */
export class MeteredStore implements ObjectStore {
  constructor(private readonly store: ObjectStore) {}

  get isRemote(): boolean {
    return this.store.isRemote;
  }

  async put(key: string, chunks: Uint8Array | readonly Uint8Array[], options?: PutOptions): Promise<StoredObject> {
    const stored = await this.store.put(key, chunks, options);
    this.tell('write', stored.bytes);
    return stored;
  }

  async get(key: string): Promise<Buffer> {
    return this.told(await this.store.get(key));
  }

  async readRange(key: string, start: number, end: number): Promise<Buffer> {
    return this.told(await this.store.readRange(key, start, end));
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

  private told(content: Buffer): Buffer {
    this.tell('read', content.length);
    return content;
  }

  private tell(operation: StoreTraffic['operation'], bytes: number): void {
    const traffic: StoreTraffic = { operation, store: this.isRemote ? 'gcs' : 'folder', bytes };
    published.publish(traffic);
  }
}
