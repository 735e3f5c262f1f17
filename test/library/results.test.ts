import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { matchSaesTask } from '../../activities/steps/match-saes';
import { publishRun } from '../../activities/steps/publish-run';
import { silentContext } from '../../activities/task-context';
import {
  listSaes,
  fold,
  matchPair,
  readChains,
  readMatching,
  readPairs,
  readSae,
  verify,
  writeMatching,
} from '../../library';
import type { FoldedSae } from '../../library';
import { ArtifactCorruptError, InputError, UsageError } from '../../matching/errors';
import { prepareRun, smallModel, storeOf } from '../activities/small-run';
import { temporaryFolders } from '../artifacts/temporary-folder';
import { residentProgram } from '../support/resident-program';
import { randomSae, withoutThreshold, writeLayers } from '../support/random-sae';

const newFolder = temporaryFolders();
const command = residentProgram();
let names: string[];
let a: FoldedSae;
let b: FoldedSae;
beforeAll(async () => {
  names = writeLayers(newFolder(), [withoutThreshold(randomSae(1), [3]), randomSae(2, 20)]);
  [a, b] = [fold(await readSae(names[0]!)), fold(await readSae(names[1]!))];
});

describe('a matching that is written', () => {
  it('is the tables that `pair` writes, byte by byte, and proven again by the command', async () => {
    const [own, other] = [join(newFolder(), 'own'), join(newFolder(), 'other')];
    await writeMatching(own, await matchPair(a, b, { unmatched: 0.1 }));
    const resources = { memoryBudget: 2 ** 34, slots: 1, device: 'cpu', checkpointSeconds: 30 } as const;
    const options = { weights: 'decoder', fold: true, degenerate: 'exclude', unmatched: 0.1, format: null } as const;
    const places = { source: names[0]!, target: names[1]!, out: other };
    await matchSaesTask({ ...places, ...options, selection: {}, allowHookMismatch: false, resources }, silentContext);
    for (const table of ['matches.parquet', 'targets.parquet']) {
      expect(readFileSync(join(own, table)).equals(readFileSync(join(other, table)))).toBe(true);
    }
    const verified = await command(['verify', own, '--json'], {});
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, pairs: [{ certificate: { ok: true } }] });
  });

  it('is read back as it was', async () => {
    const folder = join(newFolder(), 'pair');
    const matching = await matchPair(a, b);
    await writeMatching(folder, matching);
    const read = await readMatching(folder);
    expect(read).toEqual(matching);
    expect(await verify(a, b, read)).toMatchObject({ ok: true });
    expect(await readPairs(folder)).toEqual([matching.figures]);
    expect(await readChains(folder)).toEqual([]);
  });

  it('replaces an earlier one, and nothing else', async () => {
    const folder = newFolder();
    const matching = await matchPair(a, b);
    await writeMatching(folder, matching);
    await writeMatching(folder, matching);
    const foreign = newFolder();
    writeFileSync(join(foreign, 'thesis.tex'), '');
    await expect(writeMatching(foreign, matching)).rejects.toThrow(UsageError);
    await writeMatching(foreign, matching, { force: true });
    expect((await readMatching(foreign)).objective).toBe(matching.objective);
  });

  it('is not read when a table was changed', async () => {
    const folder = newFolder();
    await writeMatching(folder, await matchPair(a, b));
    const file = join(folder, 'targets.parquet');
    const bytes = readFileSync(file);
    bytes[40]! ^= 1;
    writeFileSync(file, bytes);
    await expect(readMatching(folder)).rejects.toThrow(ArtifactCorruptError);
  });

  it('of an SAE that changed since is not proven', async () => {
    const folder = newFolder();
    const [one] = writeLayers(folder, [randomSae(1)]) as [string];
    const before = fold(await readSae(one));
    const matching = await matchPair(before, b);
    writeLayers(folder, [randomSae(5)]);
    const { ok, faults } = await verify(fold(await readSae(one)), b, matching);
    expect(ok).toBe(false);
    expect(faults[0]).toContain('its files have another SHA-256');
  });
});

describe('the results of a run', () => {
  let run: string;
  beforeAll(async () => {
    const spec = smallModel(newFolder());
    const store = storeOf(spec);
    await publishRun(store, await prepareRun(spec, 'run'), new Date('2026-01-01T00:01:30.000Z'));
    run = store.url('runs/run');
  });

  it('are read pair by pair, with chains, and proven', async () => {
    const matching = await readMatching(run, { source: 1, target: 2 });
    const sides = [fold(await readSae(matching.source.name)), fold(await readSae(matching.target.name))] as const;
    expect(await verify(...sides, matching)).toMatchObject({ ok: true });
    const rows = await readPairs(run);
    expect(rows.map((row) => [row.source_layer, row.target_layer])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    const first = (await readMatching(run, { source: 0, target: 1 })).targetFeature[0]!;
    const [chain] = await readChains(run);
    expect(chain!.steps.slice(0, 3).map(({ feature }) => feature)).toEqual([0, first, matching.targetFeature[first]]);
  });

  it('say which pairs there are when another is asked for', async () => {
    await expect(readMatching(run, { source: 0, target: 2 })).rejects.toThrow(/no pair 0:2, expected 0:1, 1:2/);
    await expect(readMatching(run)).rejects.toThrow(/2 pairs/);
    await expect(readMatching(newFolder())).rejects.toThrow(InputError);
  });
});

describe('a source', () => {
  it('is listed one SAE a layer, each by a name that reads it', async () => {
    const folder = newFolder();
    writeLayers(folder, [randomSae(1), Buffer.from('damaged'), randomSae(3)]);
    const listed = await listSaes(folder);
    expect(listed.map(({ layer, error }) => [layer, error === null])).toEqual([
      [0, true],
      [1, false],
      [2, true],
    ]);
    const sae = await readSae(listed[2]!.name);
    expect(sae).toMatchObject({ name: listed[2]!.name, header: { layer: 2, format: 'gemma-scope' } });
    await expect(readSae(listed[1]!.name)).rejects.toThrow(InputError);
    await expect(readSae(folder)).rejects.toThrow(/several SAEs/);
    await expect(readSae(listed[0]!.name, { scale: 'threshold:0.5' })).rejects.toThrow(/thresholds of this SAE/);
  });
});
