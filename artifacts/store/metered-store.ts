import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { DelegatingStore } from './delegating-store';
import type { PutOptions, StoredObject } from './object-store';

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
export class MeteredStore extends DelegatingStore {
  override async put(
    key: string,
    chunks: Uint8Array | readonly Uint8Array[],
    options?: PutOptions
  ): Promise<StoredObject> {
    const stored = await super.put(key, chunks, options);
    this.tell('write', stored.bytes);
    return stored;
  }

  override async get(key: string): Promise<Buffer> {
    return this.told(await super.get(key));
  }

  override async readRange(key: string, start: number, end: number): Promise<Buffer> {
    return this.told(await super.readRange(key, start, end));
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
