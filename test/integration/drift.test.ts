import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { decodeDrift, encodeDrift } from '../../artifacts/tables/drift';
import type { DriftRow } from '../../artifacts/tables/drift';
import { readTableMetadata } from '../../artifacts/tables/decode-table';
import { recomputeChecksums } from '../examples/support/tamper';
import { permuted } from '../support/drifted-sae';
import { expectCode, runProgram } from '../support/program';
import type { Finished } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { randomSae, writeLayers } from '../support/random-sae';
import { residentProgram } from '../support/resident-program';
import { readRunManifest, tableHashes } from '../support/run-folder';

const home = createProgramHome();
const at = (name: string): string => join(home.folder, name);
const runCommand = residentProgram();
const ask = (...args: string[]): Promise<Finished> => runCommand(args, home.env);
const run = (runId: string, ...flags: string[]): Promise<Finished> =>
  runProgram(['run', at('now'), '--out', at('out'), '--run-id', runId, ...flags], home.env);
const folderOf = (runId: string): string => at(`out/runs/${runId}`);
const rowsOf = (runId: string): Promise<DriftRow[]> =>
  decodeDrift(readFileSync(join(folderOf(runId), 'drift.parquet')));

const FEATURES = 32;
const before = [1, 2, 3].map((seed) => randomSae(seed, FEATURES, 64));
const order = Array.from({ length: FEATURES }, (_, i) => (i * 5 + 3) % FEATURES);

beforeAll(async () => {
  writeLayers(
    at('now'),
    before.map((sae) => permuted(sae, order))
  );
  writeLayers(at('before'), [before[0]!, Buffer.from('no archive')]);
  // The embedded server stays for the runs that follow.
  expectCode(await run('plain', '--detach'), 0);
  expectCode(await run('plain'), 0);
}, 120_000);

afterAll(() => home.remove());

describe('a run with a previous checkpoint', () => {
  it('compares what there is of it, fails what is missing or broken, and has all its pairs', async () => {
    const finished = await run('drift', '--previous', at('before'));
    expectCode(finished, 3);
    expect(finished.stdout).toMatch(/layer +kept +changed +born +died/);
    expect(finished.stdout).toMatch(/\n +0 +32 +0 +0 +0 +1\.00\n/);
    expect(finished.stdout).toContain('2 of 2 pairs and 1 of 3 layers compared with before');
    expect(finished.stderr).toContain('failed: drift 1');
    expect((await rowsOf('drift')).map(({ status, kept }) => [status, kept])).toEqual([
      ['done', FEATURES],
      ['failed', null],
      ['failed', null],
    ]);
    expect(readRunManifest(at('out'), 'drift')).toMatchObject({ state: 'partial' });
    expect(tableHashes(at('out'), 'drift')).toEqual(tableHashes(at('out'), 'plain'));
    const status = JSON.parse((await ask('status', 'drift', '--out', at('out'), '--json')).stdout) as object;
    expect(status).toMatchObject({ state: 'partial', drift: { total: 3, done: 1, failed: 2 } });
  }, 60_000);

  it('goes on with the layers that failed, once they are mended, and reports itself as JSON', async () => {
    writeLayers(at('before'), before);
    const finished = await run('drift', '--previous', at('before'), '--json');
    expectCode(finished, 0);
    const { state, drift } = JSON.parse(finished.stdout) as { state: string; drift: DriftRow[] };
    expect(state).toBe('done');
    expect(drift.map(({ layer, kept, died }) => [layer, kept, died])).toEqual([0, 1, 2].map((l) => [l, FEATURES, 0]));
    const again = await ask('run', at('now'), '--out', at('out'), '--run-id', 'drift', '--previous', at('before'));
    expect(again.stderr).toContain('is done already');
  }, 60_000);

  it('is proved by verify, also where the checkpoint has moved', async () => {
    const whole = await ask('verify', folderOf('drift'), '--json');
    expect(whole.code).toBe(0);
    const { drift } = JSON.parse(whole.stdout) as { drift: { certificate: { ok: boolean } }[] };
    expect(drift.map(({ certificate }) => certificate.ok)).toEqual([true, true, true]);
    renameSync(at('before'), at('moved'));
    expect((await ask('verify', folderOf('drift'))).code).toBe(1);
    expect((await ask('verify', folderOf('drift'), '--previous', at('moved'))).code).toBe(0);
    renameSync(at('moved'), at('before'));
    expect((await ask('verify', folderOf('plain'), '--previous', at('before'))).code).toBe(2);
  });

  it('is rejected by verify when its counts or its objective are changed, checksums recomputed', async () => {
    for (const change of [{ kept: FEATURES - 1, changed: 1 }, { objective: 1 }]) {
      cpSync(folderOf('drift'), folderOf('tampered'), { recursive: true });
      const file = join(folderOf('tampered'), 'drift.parquet');
      const bytes = readFileSync(file);
      const rows = (await decodeDrift(bytes)).map((row) => (row.layer === 1 ? { ...row, ...change } : row));
      writeFileSync(file, encodeDrift(rows, await readTableMetadata(bytes)));
      const stale = await ask('verify', folderOf('tampered'));
      expect(stale.stdout).toMatch(/checksums +FAILED/);
      recomputeChecksums(folderOf('tampered'));
      const { code, stdout } = await ask('verify', folderOf('tampered'));
      expect(code).toBe(1);
      expect(stdout).toContain(`states ${'kept' in change ? 'kept 31' : 'the objective 1'}`);
      rmSync(folderOf('tampered'), { recursive: true });
    }
  });

  it('of one layer has no pairs, and of a place that is not there only those', async () => {
    expectCode(await run('one', '--layers', '1', '--previous', at('before')), 0);
    expect(readRunManifest(at('out'), 'one')).toMatchObject({ state: 'done', pairs: [] });
    expect(await rowsOf('one')).toHaveLength(1);
    expect((await ask('verify', folderOf('one'))).code).toBe(0);
    const nowhere = await run('nowhere', '--previous', at('nothing'));
    expectCode(nowhere, 3);
    expect(nowhere.stdout).toContain('2 of 2 pairs and 0 of 3 layers');
    expect(tableHashes(at('out'), 'nowhere')).toEqual(tableHashes(at('out'), 'plain'));
  }, 60_000);
});
