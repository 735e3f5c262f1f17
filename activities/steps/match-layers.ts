import { openStore } from '../../artifacts/store/open-store';
import type { StoredObject } from '../../artifacts/store/object-store';
import { featuresOf } from '../../matching/features';
import { matchPair } from '../../matching/match-pair';
import type { MatchSide } from '../../matching/match-pair';
import { rowsFromArray } from '../../matching/row-matrix';
import type { FoldedLayer } from '../../matching/folding';
import type { ReportRows } from '../../matching/summarise';
import type { FoldedRef, MatchRef, RunSpec } from '../../workflows/run-types';
import type { TaskContext } from '../task-context';
import { checkSpaces } from './check-spaces';
import { readFolded } from './folded-artifact';
import { matchKey, matchObject } from './keys';
import { CHECKPOINT, deleteCheckpoint } from './match-checkpoint';
import { matchPorts, memoryLeft } from './match-resources';
import type { MatchResources } from './match-resources';
import { findIntactMatch, writeMatchSummary } from './match-summary';
import type { TableName } from './match-summary';
import { encodeMatchTables, matchRow } from './match-tables';
import { matchingOptions } from './matching-options';

export interface MatchLayersInput {
  readonly spec: RunSpec;
  readonly source: FoldedRef;
  readonly target: FoldedRef;
  readonly resources: MatchResources;
}

/** Matches two folded layers of the store and stores the pair's tables, or finds that this was done before. */
export async function matchLayersTask(input: MatchLayersInput, context: TaskContext): Promise<MatchRef> {
  const { spec, source, target } = input;
  const started = performance.now();
  const store = openStore(spec.out);
  const key = matchKey(source, target, spec);
  const ref = { source: source.layer, target: target.layer, key };
  if ((await findIntactMatch(store, key)) !== null) return { ...ref, cached: true };

  const side = async (folded: FoldedRef): Promise<MatchSide> => {
    const rows = await readFolded(store, folded.rows);
    const same = folded.folded === folded.rows;
    const reported = same || folded.folded === null ? null : await readFolded(store, folded.folded);
    return { features: featuresOf(rows, spec.weights, spec), report: reportRows(rows, same ? rows : reported) };
  };
  const [a, b] = [await side(source), await side(target)];
  const name = (folded: FoldedRef): string => `${spec.source}#${folded.layer}`;
  checkSpaces({ name: name(source), features: a.features }, { name: name(target), features: b.features });
  const checkpoint = matchObject(key, CHECKPOINT);
  const matching = await matchPair(
    a,
    b,
    { availableMemory: memoryLeft(input.resources), unmatched: spec.unmatched ?? null },
    matchPorts(context, input.resources, store, checkpoint)
  );
  const pair = {
    sourceLayer: source.layer,
    targetLayer: target.layer,
    source: a.features,
    target: b.features,
    matching,
  };
  const tables = encodeMatchTables(pair, { source: source.inputs, target: target.inputs }, matchingOptions(spec));
  const files: [string, StoredObject][] = [];
  for (const [name, bytes] of Object.entries(tables))
    files.push([name, await store.put(matchObject(key, name), bytes)]);
  const row = matchRow(pair, (performance.now() - started) / 1000);
  await writeMatchSummary(store, key, { row, files: Object.fromEntries(files) as Record<TableName, StoredObject> });
  await deleteCheckpoint(store, checkpoint);
  return { ...ref, cached: false };
}

/** The rows matches are reported on: cosines from the matched layer's rows, the paper's metric from the folded ones. */
export function reportRows(rows: FoldedLayer, folded: FoldedLayer | null): ReportRows {
  return {
    decoder: rows.decoder,
    encoder: rows.encoder,
    folded: folded && {
      decoder: folded.decoder,
      encoder: folded.encoder,
      bias: rowsFromArray(folded.encoderBias, folded.features, 1),
      excluded: folded.excluded,
    },
  };
}
