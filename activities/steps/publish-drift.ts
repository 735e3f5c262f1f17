import type { RunLayout } from '../../artifacts/layout';
import type { ManifestArtifact, RunManifest } from '../../artifacts/manifest';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { encodeDrift } from '../../artifacts/tables/drift';
import type { DriftRow } from '../../artifacts/tables/drift';
import type { PublishInput } from '../../workflows/activity-types';
import type { DriftRef, LayerPlan, RunPlan } from '../../workflows/run-types';
import { failuresByPair } from './failure-of';
import { inputHashes } from './input-hashes';
import { matchingOptions } from './matching-options';
import { requireMatchSummary } from './match-summary';
import type { MatchSummary } from './match-summary';
import { driftSpec } from './planned-keys';
import { publishBytes, publishTables } from './publish-tables';

/**
 * Puts into the folder of a run how its layers differ from the previous checkpoint: the tables of every layer, and
 * drift.parquet. Nothing where it is compared with none.
 *
 * @throws ArtifactCorruptError when a table is gone or damaged
 */
export async function publishDrift(
  store: ObjectStore,
  folder: string,
  layout: RunLayout,
  input: PublishInput
): Promise<ManifestArtifact[]> {
  const { request, plan, drift } = input;
  const { previous } = request.spec;
  if (previous === undefined || drift === undefined) return [];
  const artifacts: ManifestArtifact[] = [];
  const rows: DriftRow[] = [];
  const why = reasonsOf(input);
  for (const { layer } of plan.layers) {
    const ref = drift.find((candidate) => candidate.layer === layer);
    if (ref === undefined) {
      rows.push(failedRow(layer, why(layer), plan));
      continue;
    }
    const summary = await requireMatchSummary(store, ref.match);
    artifacts.push(...(await publishTables(store, folder, layout.driftOf(layer), summary)));
    rows.push(doneRow(ref, summary));
  }
  const hashes = (layers: readonly LayerPlan[] = []): object[] =>
    layers.map((layer) => ({ layer: layer.layer, files: inputHashes(layer) }));
  const bytes = encodeDrift(rows, {
    inputs: { previous: hashes(plan.previous), current: hashes(plan.layers) },
    options: { ...matchingOptions(driftSpec(request.spec)), kept: previous.kept },
  });
  return [...artifacts, await publishBytes(store, folder, layout.drift, bytes)];
}

/** What the manifest says of each layer. */
export function driftOutcomes(input: PublishInput): NonNullable<RunManifest['drift']> {
  const done = new Set((input.drift ?? []).map(({ layer }) => layer));
  const why = reasonsOf(input);
  return input.plan.layers.map(({ layer }) =>
    done.has(layer) ? { layer, status: 'done' } : { layer, status: 'failed', error: why(layer) }
  );
}

/** Says why a layer could not be compared. */
function reasonsOf({ failures }: PublishInput): (layer: number) => string {
  const whole = failures.find(({ what, layers }) => what === 'drift' && layers.length === 0);
  const failureOf = failuresByPair(failures);
  return (layer) => (failureOf(layer, layer) ?? whole)?.message ?? 'unknown';
}

function doneRow({ layer, counts }: DriftRef, { row }: MatchSummary): DriftRow {
  return {
    layer,
    status: 'done',
    error: null,
    previous_features: row.source_features,
    features: row.target_features,
    ...counts,
    cosine_q05: row.cosine_q05,
    cosine_q50: row.cosine_q50,
    cosine_q95: row.cosine_q95,
    mse_mean: row.mse_mean,
    objective: row.objective,
    matched_cost: row.matched_cost,
    dual_bound: row.dual_bound,
    gap: row.gap,
    passes: row.passes,
    device: row.device,
    fallbacks: row.fallbacks,
    seconds: row.seconds,
  };
}

function failedRow(layer: number, error: string, plan: RunPlan): DriftRow {
  const featuresOf = (layers: readonly LayerPlan[] = []): number | null => {
    const features = layers.find((candidate) => candidate.layer === layer)?.features ?? 0;
    return features === 0 ? null : features;
  };
  return {
    layer,
    status: 'failed',
    error,
    previous_features: featuresOf(plan.previous),
    features: featuresOf(plan.layers),
    kept: null,
    changed: null,
    born: null,
    died: null,
    dead_previous: null,
    dead: null,
    excluded_previous: null,
    excluded: null,
    cosine_q05: null,
    cosine_q50: null,
    cosine_q95: null,
    mse_mean: null,
    objective: null,
    matched_cost: null,
    dual_bound: null,
    gap: null,
    passes: null,
    device: null,
    fallbacks: null,
    seconds: null,
  };
}
