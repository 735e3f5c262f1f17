import { DelegatingStore } from '../../artifacts/store/delegating-store';
import type { ObjectStat, ObjectStore } from '../../artifacts/store/object-store';
import { crc32c } from '../../transport/crc32c';

/** What goes wrong with one read of an object. */
export type ReadFault = 'flip' | Error;

/**
 * A store on another machine: objects of a real store on this one, with what is read of them counted, and faults on the
 * way.
 */
export class RemoteStore extends DelegatingStore {
  /** Bytes read of each object. */
  readonly bytesRead = new Map<string, number>();
  /** Faults of the next reads of objects whose key ends so; each happens once. */
  readonly faults: { readonly key: string; readonly kind: ReadFault }[] = [];

  /** @param statesSums whether it knows the CRC32C of its objects, as buckets do */
  constructor(
    store: ObjectStore,
    private readonly statesSums = false
  ) {
    super(store);
  }

  override get isRemote(): boolean {
    return true;
  }

  /** Bytes read of objects whose key ends so. */
  readOf(end = ''): number {
    return [...this.bytesRead].reduce((sum, [key, bytes]) => sum + (key.endsWith(end) ? bytes : 0), 0);
  }

  override async readRange(key: string, start: number, end: number): Promise<Buffer> {
    const content = await super.readRange(key, start, end);
    this.bytesRead.set(key, (this.bytesRead.get(key) ?? 0) + content.length);
    const index = this.faults.findIndex((fault) => key.endsWith(fault.key));
    const [fault] = index < 0 ? [] : this.faults.splice(index, 1);
    if (fault?.kind instanceof Error) throw fault.kind;
    if (fault?.kind === 'flip') content[content.length >> 1]! ^= 1;
    return content;
  }

  override async stat(key: string): Promise<ObjectStat | null> {
    const stat = await super.stat(key);
    return stat === null || !this.statesSums ? stat : { ...stat, crc32c: crc32c(await super.get(key)) };
  }

  override url(key: string): string {
    return `remote://${super.url(key)}`;
  }
}
