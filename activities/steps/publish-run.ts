import type { ContentKeys } from '../../artifacts/content-keys';
import { runFolder, runLayout } from '../../artifacts/layout';
import type { RunLayout } from '../../artifacts/layout';
import { MANIFEST_SCHEMA, writeManifest } from '../../artifacts/manifest';
import type { ManifestArtifact, RunManifest } from '../../artifacts/manifest';
import type { Planning } from '../../artifacts/planning-record';
import { readRunPlan, runPlanKey } from '../../artifacts/run-plan';
import type { StoredPlan } from '../../artifacts/run-plan';
import { ObjectNotFoundError, type ObjectStore } from '../../artifacts/store/object-store';
import { encodePairs } from '../../artifacts/tables/pairs';
import type { PairRow } from '../../artifacts/tables/pairs';
import { getVerified } from '../../artifacts/verified';
import { ArtifactCorruptError } from '../../matching/errors';
import { VERSION } from '../../matching/version';
import { mapConcurrently } from '../../sae/concurrently';
import type { PublishInput } from '../../workflows/activity-types';
import type { MatchRef, RunOutcome, RunPlan, RunRequest } from '../../workflows/run-types';
import { actualWork } from '../planning/actual-work';
import { sum } from '../planning/run-work';
import { silentContext } from '../task-context';
import type { TaskContext } from '../task-context';
import { environmentFacts } from './environment-facts';
import { failuresByPair } from './failure-of';
import type { FailureOf } from './failure-of';
import { inputHashes } from './input-hashes';
import { chainsObject } from './keys';
import { manifestInput, manifestPairs, manifestTimings } from './manifest-entries';
import { matchingOptions } from './matching-options';
import { requireMatchSummary } from './match-summary';
import { plannedKeys } from './planned-keys';
import type { MatchSummary } from './match-summary';
import { driftOutcomes, publishDrift } from './publish-drift';
import { publishBytes, publishTables } from './publish-tables';

export type PublishContext = Pick<TaskContext, 'onProgress' | 'throwIfCancelled'>;

/** Pairs whose tables are checked and copied at once: each waits for the disk or the network most of the time. */
const PAIRS_AT_ONCE = 16;

/**
 * Puts a run's results into its folder: the tables of every pair, pairs.parquet, chains.parquet, and the manifest last.
 * An earlier manifest is removed first, so that where there is a manifest everything it lists is in place. With the new
 * one the run is not live any more, and its plan goes.
 */
export async function publishRun(
  store: ObjectStore,
  input: PublishInput,
  finished: Date,
  context: PublishContext = silentContext
): Promise<RunOutcome> {
  const { request, plan, matches, failures } = input;
  const folder = runFolder(request.runId);
  const layout = runLayout(Math.max(...plan.layers.map(({ layer }) => layer)));
  await store.delete(`${folder}/${layout.manifest}`);
  const { summaries, artifacts } = await publishPairs(store, folder, layout, matches, context);
  const rows = pairRows(input, summaries);
  const inputs = plan.layers.map((layer) => ({ layer: layer.layer, files: inputHashes(layer) }));
  const pairs = encodePairs(rows, { inputs, options: matchingOptions(request.spec) });
  artifacts.push(await publishBytes(store, folder, layout.pairs, pairs));
  if (input.chains !== null) {
    const chains = await getVerified(store, { ...input.chains, key: chainsObject(input.chains.key) });
    artifacts.push(await publishBytes(store, folder, layout.chains, chains));
  }
  artifacts.push(...(await publishDrift(store, folder, layout, input)));
  const nothingDone = matches.length === 0 && (input.drift ?? []).length === 0;
  const state = failures.length === 0 ? 'done' : nothingDone ? 'failed' : 'partial';
  const planning = await planningOf(store, input, { summaries, artifacts, finished });
  const manifest = manifestOf(input, state, artifacts, finished);
  await writeManifest(store, `${folder}/${layout.manifest}`, { ...manifest, ...(planning && { planning }) });
  await store.delete(runPlanKey(request.runId));
  return {
    state,
    location: store.url(folder),
    pairsDone: matches.length,
    pairsCached: matches.filter(({ cached }) => cached).length,
    failures,
  };
}

interface Published {
  readonly summaries: ReadonlyMap<string, MatchSummary>;
  readonly artifacts: readonly ManifestArtifact[];
  readonly finished: Date;
}

/** Undefined where it is not known any more what the run began with: no result is lost for that. */
async function planningOf(
  store: ObjectStore,
  input: PublishInput,
  { summaries, artifacts, finished }: Published
): Promise<Planning | undefined> {
  let plan: StoredPlan;
  try {
    plan = await readRunPlan(store, input.request.runId);
  } catch (error) {
    if (error instanceof ObjectNotFoundError || error instanceof ArtifactCorruptError) return undefined;
    throw error;
  }
  const published = sum(artifacts, ({ bytes }) => bytes);
  const { seconds } = manifestTimings(input.started, finished);
  return actualWork(store, { input, plan, summaries, published, seconds });
}

/** Removes the plan of a run, and what else a run without a manifest has put into its folder. */
export async function discardRun(store: ObjectStore, { runId }: Pick<RunRequest, 'runId'>): Promise<void> {
  const folder = runFolder(runId);
  const isPublished = (await store.stat(`${folder}/manifest.json`)) !== null;
  const keys = isPublished ? [] : await store.list(`${folder}/`);
  for (const key of [...keys, runPlanKey(runId)]) await store.delete(key);
}

async function publishPairs(
  store: ObjectStore,
  folder: string,
  layout: RunLayout,
  matches: readonly MatchRef[],
  context: PublishContext
): Promise<{ summaries: ReadonlyMap<string, MatchSummary>; artifacts: ManifestArtifact[] }> {
  const summaries = new Map<string, MatchSummary>();
  let done = 0;
  const artifacts = await mapConcurrently(matches, PAIRS_AT_ONCE, async (match) => {
    context.throwIfCancelled();
    const summary = await requireMatchSummary(store, match);
    summaries.set(`${match.source}:${match.target}`, summary);
    const tables = await publishTables(store, folder, layout.pair(match.source, match.target), summary);
    context.onProgress({ phase: 'writing', done: ++done, total: matches.length, gap: null });
    return tables;
  });
  return { summaries, artifacts: artifacts.flat() };
}

function pairRows(input: PublishInput, summaries: ReadonlyMap<string, MatchSummary>): PairRow[] {
  const composed = new Map<string, readonly [agreement: number, extraCost: number]>(
    input.composed.map(([source, target, ...comparison]) => [`${source}:${target}`, comparison])
  );
  const failureOf = failuresByPair(input.failures);
  return input.plan.pairs.map(([source, target]) => {
    const name = `${source}:${target}`;
    const summary = summaries.get(name);
    if (summary === undefined) return failedRow(source, target, input.plan, failureOf);
    const [composed_agreement = null, composed_extra_cost = null] = composed.get(name) ?? [];
    return { ...summary.row, composed_agreement, composed_extra_cost };
  });
}

function failedRow(source: number, target: number, plan: RunPlan, failureOf: FailureOf): PairRow {
  const featuresOf = (layer: number): number | null => {
    const features = plan.layers.find((candidate) => candidate.layer === layer)?.features ?? 0;
    return features === 0 ? null : features;
  };
  const nothing = {
    objective: null,
    matched_cost: null,
    dual_bound: null,
    gap: null,
    matched: null,
    mutual_nearest: null,
    excluded_source: null,
    excluded_target: null,
    mse_mean: null,
    mse_q05: null,
    mse_q50: null,
    mse_q95: null,
    cosine_q05: null,
    cosine_q50: null,
    cosine_q95: null,
    share_decoder: null,
    share_encoder: null,
    share_bias: null,
    folded_mse_decoder: null,
    folded_mse_encoder: null,
    folded_mse_bias: null,
    composed_agreement: null,
    composed_extra_cost: null,
    passes: null,
    device: null,
    fallbacks: null,
    seconds: null,
  };
  return {
    source_layer: source,
    target_layer: target,
    source_features: featuresOf(source),
    target_features: featuresOf(target),
    status: 'failed',
    error: failureOf(source, target)?.message ?? 'unknown',
    ...nothing,
  };
}

/** The re-usable artifacts that a run was made of. */
function usedKeys({ request, plan, matches, chains, drift = [] }: PublishInput): ContentKeys {
  return {
    folded: plannedKeys(request.spec, plan).folded,
    matches: [...matches, ...drift.map(({ match }) => match)].map(({ key }) => key).sort(),
    chains: chains === null ? [] : [chains.key],
  };
}

function manifestOf(
  input: PublishInput,
  state: RunManifest['state'],
  artifacts: ManifestArtifact[],
  finished: Date
): RunManifest {
  const { request, plan, matches, failures } = input;
  return {
    schema: MANIFEST_SCHEMA,
    kind: 'run',
    run_id: request.runId,
    state,
    version: VERSION,
    spec: { ...request.spec },
    inputs: plan.layers.map((layer) => manifestInput(request.spec.source, layer)),
    pairs: manifestPairs(plan, matches, failures),
    failures: failures.map((failure) => ({ ...failure, layers: [...failure.layers] })),
    content_keys: usedKeys(input),
    ...(request.spec.previous !== undefined && {
      previous: (plan.previous ?? [])
        .filter(({ files }) => files.length > 0)
        .map((layer) => manifestInput(request.spec.previous!.source, layer)),
      drift: driftOutcomes(input),
    }),
    artifacts: artifacts.sort((a, b) => (a.path < b.path ? -1 : 1)),
    timings: manifestTimings(input.started, finished),
    environment: environmentFacts(),
  };
}
