import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FileStore } from '../../../artifacts/store/file-store';
import type { Matching } from '../../../matching/matching';
import { allocateRows } from '../../../matching/row-matrix';
import type { RowMatrix } from '../../../matching/row-matrix';
import { encodeCanonical } from '../../../sae/canonical-file';
import type { RunSpec } from '../../../workflows/run-types';
import { foldLayerTask } from '../../steps/fold-layer';
import { readFolded } from '../../steps/folded-artifact';
import { hashSourceTask } from '../../steps/hash-source';
import { encodeMatchTables } from '../../steps/match-tables';
import type { TaskContext } from '../../task-context';
import { silentContext } from '../../task-context';
import type { StoreRates } from '../rates';

/** Features and elements of each layer: some 25 MB. */
const FEATURES = 4096;
const WIDTH = 768;
/** Two layers are the least that a run has. */
const LAYERS = [0, 1];

/**
 * Hashes, folds and reads a model of random weights, and writes the tables of a match, with the steps of a run.
 *
 * @param folder where the model is for the time being, and removed
 * @throws EnvironmentError when it cannot be written
 */
export async function measureStore(folder: string, matching: Matching, context: TaskContext): Promise<StoreRates> {
  const place = await mkdtemp(join(folder, 'calibration-'));
  try {
    return await measureIn(place, matching, { ...silentContext, throwIfCancelled: context.throwIfCancelled });
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

async function measureIn(place: string, matching: Matching, context: TaskContext): Promise<StoreRates> {
  const spec = await writeModel(place);
  const store = new FileStore(spec.out);
  const timed = async <T>(work: () => Promise<T>): Promise<readonly [T, number]> => {
    const began = performance.now();
    return [await work(), (performance.now() - began) / 1000];
  };
  const [{ layers }, hashing] = await timed(() => hashSourceTask({ spec }, context));
  const bytes = layers.flatMap(({ files }) => files).reduce((sum, file) => sum + file.bytes, 0);
  // The first layer warms the thread.
  const folds = [];
  for (const layer of layers) folds.push(await timed(() => foldLayerTask({ spec, layer }, context)));
  const [folded, folding] = folds.at(-1)!;
  const [, reading] = await timed(() => readFolded(store, folded.rows, context));
  const pair = { sourceLayer: 0, targetLayer: 1, ...sizesOf(matching), matching };
  const [, writing] = await timed(async () => {
    const tables = encodeMatchTables(
      pair,
      { source: [], target: [] },
      { weights: 'decoder', fold: true, degenerate: 'exclude' }
    );
    for (const [name, content] of Object.entries(tables)) await store.put(name, content);
  });
  return {
    hash_byte: hashing / bytes,
    fold_byte: folding / (bytes / layers.length),
    read_byte: reading / (2 * FEATURES * WIDTH * 4),
    table_feature: writing / (pair.sourceFeatures + pair.targetFeatures),
  };
}

const sizesOf = ({ targetFeature, sourceFeature }: Matching): { sourceFeatures: number; targetFeatures: number } => ({
  sourceFeatures: targetFeature.length,
  targetFeatures: sourceFeature.length,
});

async function writeModel(place: string): Promise<RunSpec> {
  const saes = new FileStore(join(place, 'saes'));
  for (const layer of LAYERS) {
    const tensors = {
      encoder: weights(),
      encoderBias: new Float32Array(FEATURES),
      decoder: weights(),
      decoderBias: new Float32Array(WIDTH),
      threshold: new Float32Array(FEATURES).fill(0.5),
      ...{ excluded: null, selectScale: null, skip: null },
    };
    const metadata = { activation: 'jumprelu', k: null, gauge: 'theta', inputNorm: 'none', layer, hook: null } as const;
    await saes.put(`layer_${layer}/sae.safetensors`, encodeCanonical(tensors, metadata).chunks);
  }
  return {
    ...{
      source: saes.url(''),
      out: join(place, 'out'),
      layers: null,
      pairs: 'adjacent',
      weights: 'decoder',
      fold: true,
    },
    ...{ degenerate: 'exclude', format: null, allow_hook_mismatch: false },
  };
}

function weights(): RowMatrix {
  const rows = allocateRows(Float32Array, FEATURES, WIDTH);
  for (const block of rows.blocks) for (let n = 0; n < block.length; n++) block[n] = ((n * 7919) % 1000) / 1000 - 0.5;
  return rows;
}
