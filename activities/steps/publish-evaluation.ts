import { EVALUATION_LAYOUT, runFolder } from '../../artifacts/layout';
import { MANIFEST_SCHEMA, writeManifest } from '../../artifacts/manifest';
import { runPlanKey } from '../../artifacts/run-plan';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { encodeMethods } from '../../artifacts/tables/methods';
import type { MethodRow } from '../../artifacts/tables/methods';
import { ArtifactCorruptError } from '../../matching/errors';
import { VERSION } from '../../matching/version';
import { mapConcurrently } from '../../sae/concurrently';
import type { PublishEvaluationInput } from '../../workflows/activity-types';
import { evaluationName } from '../../workflows/evaluation-workflow';
import type { EvaluationOutcome } from '../../workflows/run-types';
import { environmentFacts } from './environment-facts';
import { readEvaluation } from './evaluate-pair';
import { inputHashes } from './input-hashes';
import { evaluationObject } from './keys';
import { manifestInput, manifestPairs, manifestTimings } from './manifest-entries';
import { matchingOptions } from './matching-options';
import { publishBytes } from './publish-tables';

/** Figures of pairs that are read at once. */
const READS_AT_ONCE = 16;

/**
 * Puts an evaluation into the folder of its run: its table, and its manifest last; that of an earlier one is removed first. With the
 * manifest the evaluation is not live any more, and its plan goes.
 *
 * @throws ArtifactCorruptError when the figures of a pair are gone or damaged
 */
export async function publishEvaluation(
  store: ObjectStore,
  input: PublishEvaluationInput,
  finished: Date
): Promise<EvaluationOutcome> {
  const { request, plan, pairs, failures } = input;
  const folder = runFolder(request.runId);
  await store.delete(`${folder}/${EVALUATION_LAYOUT.manifest}`);
  const rows = (await mapConcurrently(pairs, READS_AT_ONCE, ({ key }) => requireEvaluation(store, key))).flat();
  const options = { ...matchingOptions(request.spec), methods: request.methods };
  const inputs = plan.layers.map((layer) => ({ layer: layer.layer, files: inputHashes(layer) }));
  const table = await publishBytes(store, folder, EVALUATION_LAYOUT.methods, encodeMethods(rows, { inputs, options }));
  const state = failures.length === 0 ? 'done' : pairs.length === 0 ? 'failed' : 'partial';
  await writeManifest(store, `${folder}/${EVALUATION_LAYOUT.manifest}`, {
    schema: MANIFEST_SCHEMA,
    kind: 'evaluation',
    run_id: request.runId,
    state,
    version: VERSION,
    options,
    inputs: plan.layers.map((layer) => manifestInput(request.spec.source, layer)),
    pairs: manifestPairs(plan, pairs, failures),
    failures: failures.map((failure) => ({ ...failure, layers: [...failure.layers] })),
    artifacts: [{ ...table, path: EVALUATION_LAYOUT.methods.slice(EVALUATION_LAYOUT.folder.length + 1) }],
    timings: manifestTimings(input.started, finished),
    environment: environmentFacts(),
  });
  await store.delete(runPlanKey(evaluationName(request.runId)));
  return { state, location: store.url(folder), failures };
}

async function requireEvaluation(store: ObjectStore, key: string): Promise<readonly MethodRow[]> {
  const rows = await readEvaluation(store, key);
  if (rows !== null) return rows;
  throw new ArtifactCorruptError('the figures of an evaluated pair are gone', {
    file: store.url(evaluationObject(key)),
    remedy: 'Evaluate the run again: they will be computed again.',
  });
}
