import type { Planning } from '../../artifacts/planning-record';
import type { StoredPlan } from '../../artifacts/run-plan';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { mapConcurrently } from '../../sae/concurrently';
import type { PublishInput } from '../../workflows/activity-types';
import { readFoldedRecord } from '../steps/folded-record';
import { readMatchSummary } from '../steps/match-summary';
import type { MatchSummary } from '../steps/match-summary';
import { foldedKeys } from './missing-work';
import { fileBytes, sum } from './run-work';

/** Records that are read at once. */
const AT_ONCE = 32;

export interface ActualInput {
  readonly input: PublishInput;
  readonly plan: StoredPlan;
  /** Of the pairs of the run, by source and target. */
  readonly summaries: ReadonlyMap<string, MatchSummary>;
  /** Bytes of the files in the folder of the run. */
  readonly published: number;
  readonly seconds: number;
}

/**
 * Predicted against actual. What was made is what was not in the store when the run began and is there now.
 *
 * @returns undefined for a run that was planned by a version that did not look for that
 */
export async function actualWork(store: ObjectStore, actual: ActualInput): Promise<Planning | undefined> {
  const { missing, prediction = null } = actual.plan;
  if (missing === undefined) return undefined;
  const folds = await madeFolds(store, actual.input, new Set(missing.folded));
  const matches = await madeMatches(store, actual, new Set(missing.matches));
  const works = matches.flatMap(({ work }) => work ?? []);
  const tables = sum(matches, ({ files }) => sum(Object.values(files), ({ bytes }) => bytes));
  return {
    predicted: prediction,
    actual: {
      ...{ folds: folds.length, matches: matches.length, seconds: actual.seconds },
      match_seconds: sum(matches, ({ row }) => row.seconds ?? 0),
      // Summaries of earlier versions do not say it.
      multiply_adds: works.length < matches.length ? null : sum(works, ({ multiply_adds }) => multiply_adds),
      passes: sum(matches, ({ row }) => row.passes ?? 0),
      read_bytes: sum(folds, ({ read }) => read),
      stored_bytes: sum(folds, ({ stored }) => stored) + tables + (actual.input.chains?.bytes ?? 0) + actual.published,
    },
  };
}

interface MadeFold {
  readonly read: number;
  readonly stored: number;
}

async function madeFolds(
  store: ObjectStore,
  { request, plan }: PublishInput,
  missing: ReadonlySet<string>
): Promise<MadeFold[]> {
  const layers = [...plan.layers, ...(plan.previous ?? [])].filter(({ failure }) => failure === null);
  const folds = await mapConcurrently(layers, AT_ONCE, async (layer) => {
    const keys = foldedKeys(request.spec, layer).filter((key) => missing.has(key));
    const records = await Promise.all(keys.map((key) => readFoldedRecord(store, key)));
    const parts = records.flatMap((record) => record ?? []);
    return { read: fileBytes(layer), stored: sum(parts, ({ bytes }) => bytes) };
  });
  return folds.filter(({ stored }) => stored > 0);
}

async function madeMatches(
  store: ObjectStore,
  { input, summaries }: ActualInput,
  missing: ReadonlySet<string>
): Promise<MatchSummary[]> {
  const ofRun = input.matches
    .filter(({ key }) => missing.has(key))
    .flatMap(({ source, target }) => summaries.get(`${source}:${target}`) ?? []);
  const drift = (input.drift ?? []).filter(({ match }) => missing.has(match.key));
  const ofDrift = await mapConcurrently(drift, AT_ONCE, ({ match }) => readMatchSummary(store, match.key));
  return [...ofRun, ...ofDrift.flatMap((summary) => summary ?? [])];
}
