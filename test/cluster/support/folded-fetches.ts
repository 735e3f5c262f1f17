import type { FaultProxy } from '../../support/fault-proxy';

/** Requests for the rows of folded layers that reached the bucket, by layer: each of these small layers is one request. */
export function foldedFetches({ requests }: Pick<FaultProxy, 'requests'>): ReadonlyMap<string, number> {
  const fetches = new Map<string, number>();
  for (const { method, path } of requests) {
    const [, layer] = /artifacts%2Ffolded%2F([0-9a-f]+)%2Fsae\.safetensors\?.*alt=media/.exec(path) ?? [];
    if (method === 'GET' && layer !== undefined) fetches.set(layer, (fetches.get(layer) ?? 0) + 1);
  }
  return fetches;
}
