import { join } from 'node:path';

import { expectCode, runProgram } from '../../support/program';
import { readRunManifest, tableHashes } from '../../support/run-folder';
import { createRunPlace, type RunPlace } from '../../support/run-place';
import { writeSmallModel } from '../../support/small-model';

/** Runs over one small model, each with an output folder of its own so that nothing is there before it. */
export interface ChaosRuns extends Omit<RunPlace, 'home' | 'start' | 'remove'> {
  /** Folder of the model. */
  readonly source: string;
  out(id: string): string;
  /** The command line of run `id`. */
  args(id: string, source?: string): readonly [string, ...string[]];
  /** Expects that run `id` is done, has every pair once, and has the tables of a run that nothing happened to. */
  expectUndisturbed(id: string): void;
}

export const LAYERS = 4;
/** Every pair of layers. */
export const PAIRS = Array.from({ length: LAYERS }, (_, a) =>
  Array.from({ length: LAYERS - 1 - a }, (_, b) => [a, a + b + 1] as const)
).flat();
const FEATURES = 256;

/** Prepares model, home and the undisturbed run before the tests of a file, and ends and removes all of it after. */
export function chaosRuns(): ChaosRuns {
  const place = createRunPlace();
  const { folder, env } = place;
  const source = join(folder, 'model');
  const out = (id: string): string => join(folder, 'out', id);
  const args: ChaosRuns['args'] = (id, from = source) => {
    const flags = ['--out', out(id), '--run-id', id, '--pairs', 'all'];
    return ['run', from, ...flags];
  };
  let undisturbed: Record<string, string> = {};
  beforeAll(async () => {
    await place.start();
    await writeSmallModel(source, LAYERS, FEATURES);
    expectCode(await runProgram(args('undisturbed'), env), 0);
    undisturbed = tableHashes(out('undisturbed'), 'undisturbed');
    expect(Object.keys(undisturbed)).toHaveLength(2 * PAIRS.length + 1);
  }, 300_000);
  afterAll(() => place.remove(), 90_000);
  return {
    ...{ folder, env, source, out, args },
    processes: () => place.processes(),
    answers: () => place.answers(),
    withoutWorker: (work) => place.withoutWorker(work),
    expectUndisturbed: (id) => {
      const { state, failures, pairs } = readRunManifest(out(id), id);
      expect({ state, failures }).toEqual({ state: 'done', failures: [] });
      expect(pairs.map(({ source_layer, target_layer }) => [source_layer, target_layer])).toEqual(PAIRS);
      expect(tableHashes(out(id), id)).toEqual(undisturbed);
    },
  };
}
