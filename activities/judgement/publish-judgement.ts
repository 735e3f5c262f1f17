import { JUDGEMENT_LAYOUT, runFolder } from '../../artifacts/layout';
import { MANIFEST_SCHEMA, writeManifest } from '../../artifacts/manifest';
import type { JudgementManifest, ManifestArtifact, ManifestPair } from '../../artifacts/manifest';
import { runPlanKey } from '../../artifacts/run-plan';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { encodeJudgements } from '../../artifacts/tables/judgements';
import type { JudgementRow } from '../../artifacts/tables/judgements';
import { encodeLabels } from '../../artifacts/tables/labels';
import type { LabelRow } from '../../artifacts/tables/labels';
import type { TableMetadata } from '../../artifacts/tables/table';
import { agreedLabel, countLabels } from '../../matching/evaluation/meaning/labels';
import { VERSION } from '../../matching/version';
import { mapConcurrently } from '../../sae/concurrently';
import type { JudgementOutcome, PublishJudgementInput } from '../../workflows/judgement-types';
import { judgementName } from '../../workflows/judgement-workflow';
import { environmentFacts } from '../steps/environment-facts';
import { failuresByPair } from '../steps/failure-of';
import { manifestTimings } from '../steps/manifest-entries';
import { matchingOptions } from '../steps/matching-options';
import { publishBytes } from '../steps/publish-tables';
import { requireDescribed } from './described-layer';
import { requireMeanings } from './meanings';
import type { DrawnPair, Meanings } from './meanings';
import { findAnswer, questionsAbout } from './questions';
import type { StoredAnswer } from './questions';
import { PublishedRun } from './published-run';

const READS_AT_ONCE = 16;

/**
 * Puts a judgement into the folder of its run: its tables, and its manifest last; that of an earlier one is removed first. With
 * the manifest the judgement is not live any more, and its plan goes.
 *
 * @throws ArtifactCorruptError when something that was stored is gone or damaged
 */
export async function publishJudgement(
  store: ObjectStore,
  input: PublishJudgementInput,
  finished: Date
): Promise<Pick<JudgementOutcome, 'state' | 'location' | 'failures'>> {
  const { request, pairs, failures } = input;
  const run = await PublishedRun.open(store, request.runId);
  const folder = runFolder(request.runId);
  const answers = new Answers(store, request.judge?.model ?? null);
  const judged = await mapConcurrently(pairs, READS_AT_ONCE, (pair) => judgedPair(store, input, pair, answers));
  const options = optionsOf(input);
  const layers = run.layers.map(({ layer }) => ({ layer, files: run.inputsOf(layer) }));
  const described = input.descriptions.map(({ layer, key }) => ({ layer, key }));
  const metadata: TableMetadata = { inputs: { layers, descriptions: described }, options };
  // Everything is there before anything of an earlier judgement goes.
  await store.delete(`${folder}/${JUDGEMENT_LAYOUT.manifest}`);
  const artifacts = await publishTables(store, folder, judged, metadata);
  const state = failures.length === 0 ? 'done' : pairs.length === 0 ? 'failed' : 'partial';
  await writeManifest(store, `${folder}/${JUDGEMENT_LAYOUT.manifest}`, {
    schema: MANIFEST_SCHEMA,
    kind: 'judgement',
    run_id: request.runId,
    state,
    version: VERSION,
    options,
    judge: request.judge === null ? null : answers.facts(request.judge),
    descriptions: await manifestDescriptions(store, input),
    inputs: run.manifest.inputs,
    pairs: manifestPairs(input),
    failures: failures.map((failure) => ({ ...failure, layers: [...failure.layers] })),
    content_keys: {
      ...{ folded: [], matches: [], chains: [] },
      descriptions: [...new Set(input.descriptions.map(({ key }) => key))],
      meanings: pairs.map(({ key }) => key),
      answers: answers.keys,
    },
    artifacts,
    timings: manifestTimings(input.started, finished),
    environment: environmentFacts(),
  });
  await store.delete(runPlanKey(judgementName(request.runId)));
  return { state, location: store.url(folder), failures };
}

/** What the tables follow from, besides their inputs. */
function optionsOf({ request }: PublishJudgementInput): object {
  const { spec, samples, from, explainers, judge } = request;
  return { ...matchingOptions(spec), samples, from, explainers, model: judge?.model ?? null };
}

interface JudgedPair {
  readonly labels: readonly LabelRow[];
  readonly judgements: readonly JudgementRow[];
}

async function judgedPair(
  store: ObjectStore,
  { plan }: PublishJudgementInput,
  { source, target, key }: PublishJudgementInput['pairs'][number],
  answers: Answers
): Promise<JudgedPair> {
  const meanings = await requireMeanings(store, key);
  const layers = { source_layer: source, target_layer: target };
  const judgements = await mapConcurrently(meanings.rows, READS_AT_ONCE, async (row) => ({
    row,
    ...(await answers.about(row)),
  }));
  const { distance } = plan.sources.find((one) => one.source === source)!.targets.find((one) => one.target === target)!;
  return {
    judgements: judgements.map((judgement) => ({ ...layers, ...judgementRow(judgement) })),
    labels: labelRows(meanings, judgements).map((row) => ({ ...layers, distance, ...row })),
  };
}

/** A pair of features with its answers; null where there is none. */
interface AnsweredPair {
  readonly row: DrawnPair;
  readonly forward: StoredAnswer | null;
  readonly swapped: StoredAnswer | null;
}

function judgementRow({ row, ...answers }: AnsweredPair): Omit<JudgementRow, 'source_layer' | 'target_layer'> {
  const labels = { forward: answers.forward?.label ?? null, swapped: answers.swapped?.label ?? null };
  return {
    method: row.method,
    source_feature: row.source,
    target_feature: row.target,
    label_forward: labels.forward,
    label_swapped: labels.swapped,
    label: agreedLabel(labels),
    lexical_score: row.lexical,
    mse: row.mse,
    source_description: row.descriptions[0],
    target_description: row.descriptions[1],
  };
}

function labelRows(
  { figures }: Meanings,
  judgements: readonly AnsweredPair[]
): Omit<LabelRow, 'source_layer' | 'target_layer' | 'distance'>[] {
  return figures.map(({ method, features, described, lexicalMean, sameWords, anyWord }) => {
    const drawn = judgements.filter(({ row }) => row.method === method);
    // What was not asked about is neither judged nor unusable.
    const asked = drawn.flatMap(({ forward, swapped }) =>
      forward === null || swapped === null ? [] : [{ forward: forward.label, swapped: swapped.label }]
    );
    const { scoreMean, ...counts } = countLabels(asked);
    return {
      ...{ method, features, described },
      ...{ lexical_mean: lexicalMean, same_words: sameWords, any_word: anyWord },
      ...{ sampled: drawn.length, ...counts, score_mean: scoreMean },
    };
  });
}

/** The answers of one judge, each read once. */
class Answers {
  private readonly read = new Map<string, Promise<StoredAnswer | null>>();
  private readonly found = new Map<string, StoredAnswer>();

  /** @param model null where nobody is asked */
  constructor(
    private readonly store: ObjectStore,
    private readonly model: string | null
  ) {}

  /** Content keys of all that were found. */
  get keys(): string[] {
    return [...this.found.keys()].sort();
  }

  async about(row: DrawnPair): Promise<Pick<AnsweredPair, 'forward' | 'swapped'>> {
    if (this.model === null) return { forward: null, swapped: null };
    const { forward, swapped } = questionsAbout(row, this.model);
    return { forward: await this.of(forward.key), swapped: await this.of(swapped.key) };
  }

  facts({ endpoint, model }: { endpoint: string; model: string }): NonNullable<JudgementManifest['judge']> {
    const all = [...this.found.values()];
    const sum = (of: (answer: StoredAnswer) => number): number => all.reduce((total, one) => total + of(one), 0);
    return {
      ...{ endpoint, model, answers: all.length },
      unusable: sum(({ label }) => (label === null ? 1 : 0)),
      prompt_tokens: sum(({ promptTokens }) => promptTokens),
      completion_tokens: sum(({ completionTokens }) => completionTokens),
    };
  }

  private of(key: string): Promise<StoredAnswer | null> {
    let answer = this.read.get(key);
    if (answer === undefined) {
      answer = findAnswer(this.store, key).then((one) => {
        if (one !== null) this.found.set(key, one);
        return one;
      });
      this.read.set(key, answer);
    }
    return answer;
  }
}

async function publishTables(
  store: ObjectStore,
  folder: string,
  judged: readonly JudgedPair[],
  metadata: TableMetadata
): Promise<ManifestArtifact[]> {
  const judgements = encodeJudgements(
    judged.flatMap((pair) => pair.judgements),
    metadata
  );
  const labels = encodeLabels(
    judged.flatMap((pair) => pair.labels),
    metadata
  );
  const tables = [
    [JUDGEMENT_LAYOUT.judgements, judgements],
    [JUDGEMENT_LAYOUT.labels, labels],
  ] as const;
  const published: ManifestArtifact[] = [];
  for (const [path, bytes] of tables) {
    const artifact = await publishBytes(store, folder, path, bytes);
    published.push({ ...artifact, path: path.slice(JUDGEMENT_LAYOUT.folder.length + 1) });
  }
  return published;
}

function manifestDescriptions(
  store: ObjectStore,
  { descriptions }: PublishJudgementInput
): Promise<JudgementManifest['descriptions']> {
  const found = descriptions.filter((layer) => layer.files > 0);
  return mapConcurrently(found, READS_AT_ONCE, async (ref) => {
    const { files, features, described, several, empty } = await requireDescribed(store, ref);
    return { layer: ref.layer, files: files.map((file) => ({ ...file })), features, described, several, empty };
  });
}

function manifestPairs({ plan, pairs, failures }: PublishJudgementInput): ManifestPair[] {
  const done = new Set(pairs.map(({ source, target }) => `${source}:${target}`));
  const failureOf = failuresByPair(failures);
  return plan.sources.flatMap(({ source, targets }) =>
    targets.map(({ target }): ManifestPair => {
      const pair = { source_layer: source, target_layer: target };
      if (done.has(`${source}:${target}`)) return { ...pair, status: 'done' };
      return { ...pair, status: 'failed', error: failureOf(source, target)?.message ?? 'unknown' };
    })
  );
}
