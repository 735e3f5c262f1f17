import { writeKeyRecord } from '../../artifacts/key-record';
import { putOnce } from '../../artifacts/put-once';
import { openStore } from '../../artifacts/store/open-store';
import { encodeChains } from '../../artifacts/tables/chains';
import { buildChains } from '../../matching/chains';
import type { ChainLayer, ChainStep } from '../../matching/chains';
import type { ChainsInput, ChainsRef } from '../../workflows/activity-types';
import { READING, WRITING } from '../task-context';
import type { TaskContext } from '../task-context';
import { readMatches } from './compare-composed';
import { readFolded } from './folded-artifact';
import { chainsIngredients, chainsObject, keyOf } from './keys';
import { matchingOptions } from './matching-options';

/** Stitches the matches of neighbouring layers into chains.parquet. Layers that failed have no features. */
export async function buildChainsTask(input: ChainsInput, context: TaskContext): Promise<ChainsRef> {
  const store = openStore(input.spec.out);
  const present = input.layers.map(({ layer, folded }) => ({ layer, rows: folded?.rows ?? null }));
  const made = chainsIngredients(present, input.steps, input.spec);
  const key = keyOf(made);
  context.onProgress(READING);
  const layers: ChainLayer[] = [];
  for (const { layer, folded } of input.layers) {
    context.throwIfCancelled();
    const rows = folded && (await readFolded(store, folded.rows, context, []));
    layers.push({ layer, features: rows?.features ?? 0, excluded: rows?.excluded ?? null });
  }
  const steps: (ChainStep | null)[] = [];
  for (const step of input.steps) {
    const table = step && (await readMatches(store, step));
    steps.push(
      table && {
        targetFeature: table.targetFeature,
        cost: table.cost,
        decoderCosine: Float64Array.from(table.decoderCosine),
      }
    );
  }
  const chains = buildChains(layers, steps);
  const inputs = input.layers.map(({ layer, folded }) => ({ layer, files: folded?.inputs ?? [] }));
  const bytes = encodeChains(
    { ...chains, stepCosine: Float32Array.from(chains.stepCosine) },
    { inputs, options: matchingOptions(input.spec) }
  );
  context.onProgress(WRITING);
  await writeKeyRecord(store, 'chains', made);
  const stored = await putOnce(store, chainsObject(key), bytes);
  return { key, bytes: stored.bytes, crc32c: stored.crc32c };
}
