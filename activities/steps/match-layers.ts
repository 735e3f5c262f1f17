import { writeKeyRecord } from '../../artifacts/key-record';
import { putOnce } from '../../artifacts/put-once';
import { openStore } from '../../artifacts/store/open-store';
import type { StoredObject } from '../../artifacts/store/object-store';
import type { FoldedRef, MatchRef, RunSpec } from '../../workflows/run-types';
import { mapConcurrently } from '../../sae/concurrently';
import { WRITING } from '../task-context';
import type { TaskContext } from '../task-context';
import { keyOf, matchIngredients, matchObject } from './keys';
import { CHECKPOINT, deleteCheckpoint } from './match-checkpoint';
import type { MatchResources } from './match-resources';
import { findIntactMatch, writeMatchSummary } from './match-summary';
import type { MatchRow, TableName } from './match-summary';
import { encodeMatchTables, matchRow } from './match-tables';
import { matchRows } from './match-rows';
import { matchingOptions } from './matching-options';
import type { RowsRef, SideRef } from './rows-ref';

export interface MatchLayersInput {
  readonly spec: RunSpec;
  readonly source: FoldedRef;
  readonly target: FoldedRef;
  readonly resources: MatchResources;
}

/** A matched pair with its figures. */
export interface MatchedLayers {
  readonly match: MatchRef;
  readonly row: MatchRow;
}

/** Matches two folded layers of the store and stores the pair's tables, or finds that this was done before. */
export async function matchLayersTask(input: MatchLayersInput, context: TaskContext): Promise<MatchedLayers> {
  const { spec, source, target } = input;
  const started = performance.now();
  const store = openStore(spec.out);
  const made = matchIngredients(source, target, spec);
  const key = keyOf(made);
  const ref = { source: source.layer, target: target.layer, key };
  const found = await findIntactMatch(store, key);
  if (found !== null) return { match: { ...ref, cached: true }, row: found.row };

  const side = (folded: FoldedRef): SideRef => {
    const stored = (object: string): RowsRef => ({ kind: 'stored', out: spec.out, key: object });
    return {
      name: `${spec.source}#${folded.layer}`,
      rows: stored(folded.rows),
      folded: folded.folded === null ? null : stored(folded.folded),
    };
  };
  const { matching } = await matchRows(
    {
      ...{ source: side(source), target: side(target), options: matchingOptions(spec), resources: input.resources },
      ...{ out: spec.out, checkpoint: matchObject(key, CHECKPOINT) },
      bytes: (source.features * source.elements + target.features * target.elements) * 8,
    },
    context
  );
  const pair = {
    sourceLayer: source.layer,
    targetLayer: target.layer,
    sourceFeatures: source.features,
    targetFeatures: target.features,
    matching,
  };
  context.onProgress(WRITING);
  const tables = encodeMatchTables(pair, { source: source.inputs, target: target.inputs }, matchingOptions(spec));
  await writeKeyRecord(store, 'matches', made);
  const entries = Object.entries(tables);
  const files = await mapConcurrently(entries, entries.length, async ([name, bytes]) => {
    const object = matchObject(key, name);
    // Prices are not unique: another computation of the pair may prove it by others.
    const isUnique = name !== 'certificate.parquet';
    return [name, await (isUnique ? putOnce(store, object, bytes) : store.put(object, bytes))] as const;
  });
  const row = matchRow(pair, (performance.now() - started) / 1000);
  const work = { multiply_adds: matching.multiplyAdds, storage: matching.storage };
  await writeMatchSummary(store, key, {
    row,
    work,
    files: Object.fromEntries(files) as Record<TableName, StoredObject>,
  });
  await deleteCheckpoint(store, matchObject(key, CHECKPOINT));
  return { match: { ...ref, cached: false }, row };
}
