import { EVALUATION_LAYOUT, runFolder } from '../../artifacts/layout';
import { readManifest } from '../../artifacts/manifest';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { decodeCycles } from '../../artifacts/tables/cycles';
import type { CycleRow } from '../../artifacts/tables/cycles';
import { decodeLayers } from '../../artifacts/tables/layers';
import type { LayerRow } from '../../artifacts/tables/layers';
import { decodeMethods } from '../../artifacts/tables/methods';
import type { MethodRow } from '../../artifacts/tables/methods';
import { decodeReconstructions } from '../../artifacts/tables/reconstructions';
import type { ReconstructionRow } from '../../artifacts/tables/reconstructions';
import { decodeScores } from '../../artifacts/tables/scores';
import type { ScoreRow } from '../../artifacts/tables/scores';

/** What an evaluation says; the names are those of its JSON. */
export interface EvaluationTables {
  readonly methods: readonly MethodRow[];
  readonly layers: readonly LayerRow[];
  readonly cycles: readonly CycleRow[];
  /** Null without hidden states. */
  readonly scores: readonly ScoreRow[] | null;
  readonly reconstructions: readonly ReconstructionRow[] | null;
}

/** The tables of the last evaluation of a run. @throws InputError when there is none */
export async function readEvaluationTables(store: ObjectStore, runId: string): Promise<EvaluationTables> {
  const folder = runFolder(runId);
  const { artifacts } = await readManifest(store, `${folder}/${EVALUATION_LAYOUT.manifest}`);
  const read = async <R>(
    name: 'methods' | 'layers' | 'cycles' | 'scores' | 'reconstructions',
    decode: (bytes: Uint8Array, file: string) => Promise<R[]>
  ): Promise<R[] | null> => {
    const path = EVALUATION_LAYOUT[name];
    if (!artifacts.some((artifact) => path.endsWith(`/${artifact.path}`))) return null;
    return decode(await store.get(`${folder}/${path}`), store.url(`${folder}/${path}`));
  };
  return {
    methods: (await read('methods', decodeMethods)) ?? [],
    layers: (await read('layers', decodeLayers)) ?? [],
    cycles: (await read('cycles', decodeCycles)) ?? [],
    scores: await read('scores', decodeScores),
    reconstructions: await read('reconstructions', decodeReconstructions),
  };
}
