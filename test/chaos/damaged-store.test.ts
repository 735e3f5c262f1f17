import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expectCode, startProgram } from '../support/program';
import type { Command } from '../support/program';
import { chaosTest } from './support/chance';
import type { Chance } from './support/chance';
import { chaosRuns, LAYERS, PAIRS } from './support/chaos-runs';

/*
 * A store that cannot be written for a while, and one in which objects are damaged, during a run. See support/chance.ts for
 * SAE_MATCH_CHAOS_ROUNDS and SAE_MATCH_CHAOS_SEED; SAE_MATCH_CHAOS_ROUNDS=10 is the long test.
 */

const runs = chaosRuns();

chaosTest(
  'pairs that cannot be stored are set aside, and matched without a command once they can be',
  async (_, round) => {
    const { id, mend, command } = await withoutMatches(`away-${round}`);
    mend();
    expectCode(await command.finished, 0);
    runs.expectUndisturbed(id);
    return 'every pair was set aside';
  }
);

chaosTest('a folded layer that is damaged during the run is folded again', async (chance, round, note) => {
  const { id, artifacts, mend, command } = await withoutMatches(`folded-${round}`);
  await finished(join(artifacts, 'folded'), 'stored.json', LAYERS);
  note(damage(join(artifacts, 'folded'), ['sae.safetensors', 'stored.json'], chance));
  mend();
  expectCode(await command.finished, 0);
  runs.expectUndisturbed(id);
  return 'folded again';
});

chaosTest('tables that are damaged before they are published are computed again', async (chance, round, note) => {
  const id = `tables-${round}`;
  const matches = join(runs.out(id), 'artifacts/matches');
  // One pair cannot be stored, so that the run does not end before a table of another is damaged.
  const blocked = chance.one(readdirSync(join(runs.out('undisturbed'), 'artifacts/matches')));
  mkdirSync(join(matches, blocked, 'matches.parquet'), { recursive: true });
  const command = startProgram(runs.args(id), runs.env);
  await command.says('set aside: match ');
  await finished(matches, 'summary.json', PAIRS.length - 1);
  const names = ['matches.parquet', 'targets.parquet', 'certificate.parquet', 'summary.json'];
  note(damage(matches, names, chance, blocked));
  rmSync(join(matches, blocked), { recursive: true });
  expectCode(await command.finished, 0);
  runs.expectUndisturbed(id);
  return 'computed again';
});

/** Starts a run none of whose pairs can be stored until `mend` is called, and waits until one is set aside. */
async function withoutMatches(
  id: string
): Promise<{ id: string; artifacts: string; command: Command; mend: () => void }> {
  const artifacts = join(runs.out(id), 'artifacts');
  const matches = join(artifacts, 'matches');
  mkdirSync(artifacts, { recursive: true });
  // A file where a folder is needed, as a mount that is gone.
  writeFileSync(matches, '');
  const command = startProgram(runs.args(id), runs.env);
  await command.says('set aside: match ');
  const mend = (): void => {
    rmSync(matches);
  };
  return { id, artifacts, command, mend };
}

/** Waits until so many artifacts are complete. */
async function finished(folder: string, record: string, count: number): Promise<void> {
  const complete = (): number => readdirSync(folder).filter((key) => existsSync(join(folder, key, record))).length;
  while (!existsSync(folder) || complete() < count) await sleep(50);
}

/** Damages one object of one artifact; says how. */
function damage(folder: string, names: readonly string[], chance: Chance, except?: string): string {
  const key = chance.one(readdirSync(folder).filter((name) => name !== except));
  const file = join(folder, key, chance.one(names));
  const content = readFileSync(file);
  const place = chance.number(0, content.length - 1);
  const how = chance.one(['flipped', 'truncated', 'deleted'] as const);
  if (how === 'deleted') rmSync(file);
  else if (how === 'truncated') truncateSync(file, place);
  else {
    content[place]! ^= 1 << chance.number(0, 7);
    writeFileSync(file, content);
  }
  return `${file.slice(folder.length + 1)} ${how} at ${place}`;
}
