import { EVALUATION_LAYOUT, runFolder } from '../../artifacts/layout';
import { MANIFEST_SCHEMA, writeManifest } from '../../artifacts/manifest';
import type { EvaluationManifest, ManifestArtifact } from '../../artifacts/manifest';
import { runPlanKey } from '../../artifacts/run-plan';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { encodeCycles } from '../../artifacts/tables/cycles';
import type { CycleRow } from '../../artifacts/tables/cycles';
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
import type { Cycle, EvaluationOutcome, StatesPlan } from '../../workflows/run-types';
import { environmentFacts } from '../steps/environment-facts';
import { inputHashes } from '../steps/input-hashes';
import { manifestInput, manifestPairs, manifestTimings } from '../steps/manifest-entries';
import { matchingOptions } from '../steps/matching-options';
import { publishBytes } from '../steps/publish-tables';
import { readEstimates } from './estimate-pair';
import { readEvaluation } from './evaluate-pair';
import { estimatesObject, evaluationObject } from './keys';
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
  await store.delete(`${folder}/${EVALUATION_LAYOUT.manifest}`);
  const options = { ...matchingOptions(request.spec), methods: request.methods };
  const artifacts = await publishAll(store, folder, input);
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

async function publishAll(
  store: ObjectStore,
  folder: string,
  input: PublishEvaluationInput
): Promise<ManifestArtifact[]> {
  const { request, plan, layers = [], cycles = [], activations } = input;
  const inputs = plan.layers.map((layer) => ({ layer: layer.layer, files: inputHashes(layer) }));
  const options = { ...matchingOptions(request.spec), methods: request.methods };
  const metadata: TableMetadata = { inputs, options };
  const evaluations = await readAll(store, input.pairs, readEvaluation, evaluationObject);
  const measured = await mapConcurrently(layers, READS_AT_ONCE, ({ key }) => requireMeasured(store, key));
  const tables: [string, Uint8Array][] = [
    [
      'methods',
      encodeMethods(
        evaluations.flatMap(({ rows }) => rows),
        metadata
      ),
    ],
    [
      'histograms',
      encodeHistograms(
        evaluations.flatMap(({ histograms }) => histograms),
        metadata
      ),
    ],
    [
      'layers',
      encodeLayers(
        measured.map(({ row }) => row),
        metadata
      ),
    ],
    ['cycles', encodeCycles(cycles.map(cycleRow), metadata)],
  ];
  if (activations !== undefined) {
    const estimates = await readAll(store, activations.pairs, readEstimates, estimatesObject);
    const of: TableMetadata = { inputs: { layers: inputs, activations: statesHashes(activations.states) }, options };
    tables.push(
      [
        'scores',
        encodeScores(
          estimates.flatMap(({ scores }) => scores),
          of
        ),
      ],
      [
        'reconstructions',
        encodeReconstructions(
          estimates.flatMap(({ reconstructions }) => reconstructions),
          of
        ),
      ]
    );
  }
  const published: ManifestArtifact[] = [];
  for (const [name, bytes] of tables) {
    const path = EVALUATION_LAYOUT[name as keyof typeof EVALUATION_LAYOUT];
    const artifact = await publishBytes(store, folder, path, bytes);
    published.push({ ...artifact, path: path.slice(EVALUATION_LAYOUT.folder.length + 1) });
  }
  return published;
}

const cycleRow = ([source, middle, target, features, consistent]: Cycle): CycleRow => ({
  source_layer: source,
  middle_layer: middle,
  target_layer: target,
  features,
  consistent: features === 0 ? null : consistent / features,
});

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
    throw new ArtifactCorruptError('the figures of an evaluated pair are gone', {
      file: store.url(objectOf(key)),
      remedy: 'Evaluate the run again: they will be computed again.',
    });
  });
}
