import { readers } from './readers.mjs';

/**
 * A source whose files, a map from path to bytes, are in memory. `onRead` is called before each read: what the readers
 * hold then is what they have allocated for what they were told so far.
 */
export function memorySource(name, files, { namedFile = null, onRead = () => undefined } = {}) {
  const root = `/fuzz/${name}`;
  const bytesOf = (path) => files.get(path);
  return {
    ...{ root, pinned: root, fullRoot: namedFile === null ? root : `${root}/${namedFile}`, namedFile },
    list: async () =>
      [...files].map(([path, bytes]) => ({ path, bytes: bytes.length })).sort((a, b) => (a.path < b.path ? -1 : 1)),
    read: async (path, { start, end } = { start: 0, end: bytesOf(path).length }) => {
      onRead();
      readers.checkRange(path, bytesOf(path).length, start, end);
      return Buffer.from(bytesOf(path).subarray(start, end));
    },
    stream: async function* (path) {
      yield await Promise.resolve(bytesOf(path));
    },
    bringHere: () => Promise.resolve(),
    locate: (path) => (path === '.' ? root : `${root}/${path}`),
  };
}
