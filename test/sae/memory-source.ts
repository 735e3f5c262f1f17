import { checkRange } from '../../sae/containers/byte-reader';
import type { SaeSource } from '../../sae/sources/source';

/** A source whose files are in memory: one that lies nowhere, and of which each read is as a real one. */
export function memorySource(files: ReadonlyMap<string, Buffer>, root = '/nowhere'): SaeSource {
  const bytesOf = (path: string): Buffer => files.get(path)!;
  return {
    ...{ root, pinned: root, fullRoot: root, namedFile: null },
    list: () => Promise.resolve([...files].map(([path, { length }]) => ({ path, bytes: length }))),
    read: (path, range = { start: 0, end: bytesOf(path).length }) => {
      checkRange(path, bytesOf(path).length, range.start, range.end);
      return Promise.resolve(Buffer.from(bytesOf(path).subarray(range.start, range.end)));
    },
    async *stream(path) {
      yield await Promise.resolve(bytesOf(path));
    },
    bringHere: () => Promise.resolve(),
    locate: (path) => `${root}/${path}`,
  };
}
