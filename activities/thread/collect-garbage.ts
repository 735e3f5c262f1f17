import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | null = null;

/**
 * Collects the garbage of this thread now. The memory of onnxruntime and shared memory do not count as memory of the heap, so
 * that a thread whose heap is small would keep what finished problems left for hundreds of problems.
 */
export function collectGarbage(): void {
  if (collect === null) {
    setFlagsFromString('--expose-gc');
    // Only contexts that are made from now on have the function.
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
