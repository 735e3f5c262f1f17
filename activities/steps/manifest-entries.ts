import type { Manifest, ManifestInput, ManifestPair } from '../../artifacts/manifest';
import type { Failure, LayerPlan, MatchRef, RunPlan, RunSpec } from '../../workflows/run-types';
import { failuresByPair } from './failure-of';

/** What a manifest says of the input of a layer. */
export function manifestInput(source: RunSpec['source'], plan: LayerPlan): ManifestInput {
  const { layer, path, argument, files, scale, header } = plan;
  return {
    layer,
    path: argument ?? `${source}#${layer}`,
    files: files.map((file) => ({ ...file })),
    ...(scale !== undefined && { scale: { ...scale, files: scale.files.map((file) => ({ ...file })) } }),
    header: { ...header, path },
  };
}

/** What it says came of every planned pair; of those that are not done, why. */
export function manifestPairs(
  { pairs }: Pick<RunPlan, 'pairs'>,
  done: readonly Pick<MatchRef, 'source' | 'target'>[],
  failures: readonly Failure[]
): ManifestPair[] {
  const names = new Set(done.map(({ source, target }) => `${source}:${target}`));
  const failureOf = failuresByPair(failures);
  return pairs.map(([source, target]) => {
    const pair = { source_layer: source, target_layer: target };
    if (names.has(`${source}:${target}`)) return { ...pair, status: 'done' };
    return { ...pair, status: 'failed', error: failureOf(source, target)?.message ?? 'unknown' };
  });
}

/** When it was made. @param started ISO 8601 */
export function manifestTimings(started: string, finished: Date): Manifest['timings'] {
  return { started, finished: finished.toISOString(), seconds: (finished.getTime() - Date.parse(started)) / 1000 };
}
