import { copyFileSync, cpSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

import { decodeChains } from '../../artifacts/tables/chains';
import { expectCode, runProgram } from '../support/program';
import { readRunManifest } from '../support/run-folder';
import { chaosTest } from './support/chance';
import { chaosRuns, LAYERS, PAIRS } from './support/chaos-runs';
import { PairWatch } from './support/pair-watch';

/*
 * A file that ends early, at a random place of a random layer. See support/chance.ts for SAE_MATCH_CHAOS_ROUNDS and
 * SAE_MATCH_CHAOS_SEED; SAE_MATCH_CHAOS_ROUNDS=10 is the long test.
 */

const runs = chaosRuns();

chaosTest(
  'the pairs of a broken layer fail alone, and only they are done once it is mended',
  async (chance, round, note) => {
    const id = `broken-${round}`;
    const model = join(runs.folder, id);
    cpSync(runs.source, model, { recursive: true });
    const broken = chance.number(0, LAYERS - 1);
    const file = `layer_${broken}/width_small/average_l0_1/params.npz`;
    const bytes = chance.one([0, chance.number(1, statSync(join(model, file)).size - 1)]);
    truncateSync(join(model, file), bytes);
    note(`layer ${broken} ends after ${bytes} bytes`);

    const command = runs.args(id, model);
    expectCode(await runProgram(command, runs.env), 3);
    const manifest = readRunManifest(runs.out(id), id);
    expect(manifest.state).toBe('partial');
    expect(manifest.failures).toEqual([
      { what: 'read', layers: [broken], type: 'InputError', message: expect.stringContaining(file) as string },
    ]);
    const reason = manifest.failures[0]!.message;
    expect(manifest.pairs).toEqual(
      PAIRS.map(([source_layer, target_layer]) => {
        const pair = { source_layer, target_layer };
        return pairHas(broken, pair) ? { ...pair, status: 'failed', error: reason } : { ...pair, status: 'done' };
      })
    );
    await expectChainsBroken(join(runs.out(id), 'runs', id, 'chains.parquet'), broken);

    copyFileSync(join(runs.source, file), join(model, file));
    const watch = new PairWatch(runs.out(id));
    try {
      const before = watch.snapshot();
      expect(before.size).toBe(PAIRS.length - (LAYERS - 1));
      const again = chance.one([
        command,
        ['resume', id, '--out', runs.out(id)],
        ['resume', join(runs.out(id), 'runs', id)],
      ]);
      expectCode(await runProgram(again, runs.env), 0);
      runs.expectUndisturbed(id);
      expect(watch.snapshotOf(before.keys())).toEqual(before);
      expect(watch.snapshot().size).toBe(PAIRS.length);
      return `mended with ${again[0]}, ${before.size} pairs kept`;
    } finally {
      watch.stop();
    }
  }
);

function pairHas(layer: number, pair: { source_layer: number; target_layer: number }): boolean {
  return pair.source_layer === layer || pair.target_layer === layer;
}

/** Expects chains on the sides of a layer, and none that has it or crosses it. */
async function expectChainsBroken(file: string, broken: number): Promise<void> {
  const { chainId, layer } = await decodeChains(readFileSync(file));
  expect(new Set(layer)).toEqual(new Set(Array.from({ length: LAYERS }, (_, l) => l).filter((l) => l !== broken)));
  const sides = Array.from(chainId, (id, row) => `${id} ${layer[row]! < broken ? 'before' : 'after'}`);
  expect(new Set(sides).size).toBe(new Set(chainId).size);
}
