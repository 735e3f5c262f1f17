import { EVALUATION_LAYOUT, runFolder } from '../../artifacts/layout';
import { MANIFEST_SCHEMA, writeManifest } from '../../artifacts/manifest';
import type { EvaluationManifest, ManifestArtifact } from '../../artifacts/manifest';
import { runPlanKey } from '../../artifacts/run-plan';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { encodeCycles } from '../../artifacts/tables/cycles';
import { encodeHistograms } from '../../artifacts/tables/histograms';
import { encodeLayers } from '../../artifacts/tables/layers';
import { encodeMethods } from '../../artifacts/tables/methods';
import { encodeReconstructions } from '../../artifacts/tables/reconstructions';
import { encodeScores } from '../../artifacts/tables/scores';
import type { TableMetadata } from '../../artifacts/tables/table';
import { ArtifactCorruptError } from '../../matching/errors';
import { VERSION } from '../../matching/version';
import { mapConcurrently } from '../../sae/concurrently';
import type { PublishEvaluationInput } from '../../workflows/activity-types';
import { evaluationName } from '../../workflows/evaluation-workflow';
import type { EvaluationOutcome, StatesPlan } from '../../workflows/run-types';
import { environmentFacts } from '../steps/environment-facts';
import { inputHashes } from '../steps/input-hashes';
import { manifestInput, manifestPairs, manifestTimings } from '../steps/manifest-entries';
import { matchingOptions } from '../steps/matching-options';
import { publishBytes } from '../steps/publish-tables';
import { readCycles } from './compare-cycles';
import { readEstimates } from './estimate-pair';
import { readEvaluation } from './evaluate-pair';
import { cyclesObject, estimatesObject, evaluationObject } from './keys';
import { requireMeasured } from './measured-layer';

/** Figures that are read at once. */
const READS_AT_ONCE = 16;

/**
 * Puts an evaluation into the folder of its run: its tables, and its manifest last; that of an earlier one is removed first.
 * With the manifest the evaluation is not live any more, and its plan goes.
 *
 * @throws ArtifactCorruptError when the figures of a pair or layer are gone or damaged
 */
export async function publishEvaluation(
  store: ObjectStore,
  input: PublishEvaluationInput,
  finished: Date
): Promise<EvaluationOutcome> {
  const { request, plan, pairs, failures, activations } = input;
  const folder = runFolder(request.runId);
  // Everything is there before anything of an earlier evaluation goes.
  const options = { ...matchingOptions(request.spec), methods: request.methods };
  const tables = await tablesOf(store, input, options);
  await store.delete(`${folder}/${EVALUATION_LAYOUT.manifest}`);
  const artifacts = await publishTables(store, folder, tables);
  const state = failures.length === 0 ? 'done' : pairs.length === 0 ? 'failed' : 'partial';
  await writeManifest(store, `${folder}/${EVALUATION_LAYOUT.manifest}`, {
    schema: MANIFEST_SCHEMA,
    kind: 'evaluation',
    run_id: request.runId,
    state,
    version: VERSION,
    options,
    inputs: plan.layers.map((layer) => manifestInput(request.spec.source, layer)),
    ...(activations !== undefined && { activations: manifestStates(activations.states) }),
    pairs: manifestPairs(plan, pairs, failures),
    failures: failures.map((failure) => ({ ...failure, layers: [...failure.layers] })),
    artifacts,
    timings: manifestTimings(input.started, finished),
    environment: environmentFacts(),
  });
  await store.delete(runPlanKey(evaluationName(request.runId)));
  return { state, location: store.url(folder), failures };
}

type TableName = (typeof TABLES)[number];
const TABLES = ['methods', 'histograms', 'layers', 'cycles', 'scores', 'reconstructions'] as const;

/** The tables of the evaluation; those that it has nothing for are left out. */
async function tablesOf(
  store: ObjectStore,
  { plan, pairs, layers = [], cycles = [], activations }: PublishEvaluationInput,
  options: object
): Promise<Partial<Record<TableName, Uint8Array>>> {
  const inputs = plan.layers.map((layer) => ({ layer: layer.layer, files: inputHashes(layer) }));
  const metadata: TableMetadata = { inputs, options };
  const evaluations = await readAll(store, pairs, readEvaluation, evaluationObject);
  const measured = await mapConcurrently(layers, READS_AT_ONCE, ({ key }) => requireMeasured(store, key));
  const around = await readAll(store, cycles, readCycles, cyclesObject);
  const byWeights = {
    methods: encodeMethods(
      evaluations.flatMap(({ rows }) => rows),
      metadata
    ),
    histograms: encodeHistograms(
      evaluations.flatMap(({ histograms }) => histograms),
      metadata
    ),
    layers: encodeLayers(
      measured.map(({ row }) => row),
      metadata
    ),
    cycles: encodeCycles(around.flat(), metadata),
  };
  if (activations === undefined) return byWeights;
  const estimates = await readAll(store, activations.pairs, readEstimates, estimatesObject);
  const of: TableMetadata = { inputs: { layers: inputs, activations: statesHashes(activations.states) }, options };
  return {
    ...byWeights,
    scores: encodeScores(
      estimates.flatMap(({ scores }) => scores),
      of
    ),
    reconstructions: encodeReconstructions(
      estimates.flatMap(({ reconstructions }) => reconstructions),
      of
    ),
  };
}

/** Writes the tables; those of an earlier evaluation that this one does not have are removed. */
async function publishTables(
  store: ObjectStore,
  folder: string,
  tables: Partial<Record<TableName, Uint8Array>>
): Promise<ManifestArtifact[]> {
  const published: ManifestArtifact[] = [];
  for (const name of TABLES) {
    const path = EVALUATION_LAYOUT[name];
    const bytes = tables[name];
    if (bytes === undefined) {
      await store.delete(`${folder}/${path}`);
      continue;
    }
    const artifact = await publishBytes(store, folder, path, bytes);
    published.push({ ...artifact, path: path.slice(EVALUATION_LAYOUT.folder.length + 1) });
  }
  return published;
}

const statesHashes = ({ layers, tokensFile }: StatesPlan): object => ({
  layers: layers.map(({ layer, file }) => ({ layer, file: file.sha256 })),
  tokens: tokensFile?.sha256 ?? null,
});

function manifestStates(states: StatesPlan): NonNullable<EvaluationManifest['activations']> {
  const files = [...states.layers.map(({ file }) => file), ...(states.tokensFile === null ? [] : [states.tokensFile])];
  return {
    path: states.location,
    tokens: states.tokens,
    documents: states.documents,
    layers: states.layers.map(({ layer }) => layer),
    files: files.map((file) => ({ ...file })),
  };
}

function readAll<T>(
  store: ObjectStore,
  pairs: readonly { readonly key: string }[],
  read: (store: ObjectStore, key: string) => Promise<T | null>,
  objectOf: (key: string) => string
): Promise<readonly T[]> {
  return mapConcurrently(pairs, READS_AT_ONCE, async ({ key }) => {
    const found = await read(store, key);
    if (found !== null) return found;
    throw new ArtifactCorruptError('figures of an evaluation are gone', {
      file: store.url(objectOf(key)),
      remedy: 'Evaluate the run again: they will be computed again.',
    });
  });
}
