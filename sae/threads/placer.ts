import { placeElements } from '../containers/place-elements';
import type { Placement } from '../containers/place-elements';
import { rowHelpers } from './row-helper';
import type { RowHelper } from './row-helper';

/** Fills a matrix with the runs of elements that it is given. */
export interface Placer {
  /** Takes a run of whole elements, the first of which has the index `at` on disk; the bytes are its own from now on. */
  place(bytes: Uint8Array, at: number): void;
  /** Waits for all of it. Whether all values are finite. */
  finish(): Promise<boolean>;
}

/** A placer that has helpers where the matrix is large: this thread does what they have no time for. */
export function openPlacer(
  placement: Placement,
  helpers: readonly RowHelper[] = rowHelpers(placement.matrix.rows * placement.matrix.columns)
): Placer {
  let isFinite = true;
  const answers: Promise<number>[] = [];
  return {
    place: (bytes, at) => {
      const helper = helpers.find(({ isFree }) => isFree);
      if (helper === undefined) {
        isFinite = placeElements(bytes, at, placement) && isFinite;
        return;
      }
      const buffer = transferable(bytes);
      const answer = helper.ask({ kind: 'place', bytes: new Uint8Array(buffer), at, placement }, [buffer]);
      // Where this thread fails first nobody waits for the answer.
      answer.catch(() => undefined);
      answers.push(answer);
    },
    finish: async () => (await Promise.all(answers)).every((answer) => answer === 1) && isFinite,
  };
}

/** What is a buffer of its own is handed over without a copy. */
function transferable({ buffer, byteOffset, length }: Uint8Array): ArrayBuffer {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) return buffer;
  return new Uint8Array(buffer, byteOffset, length).slice().buffer;
}
