import { setTimeout as sleep } from 'node:timers/promises';

import { expectCode, killPrograms, runProgram, startProgram, type Command, type Finished } from '../support/program';
import { crash } from '../support/program-home';
import { chaosTest, type Chance } from './support/chance';
import { chaosRuns, PAIRS } from './support/chaos-runs';
import { PairWatch } from './support/pair-watch';

/*
 * Crashes at random moments of a run: real processes, a real server, nothing replaced. The server is the embedded one, or that
 * of `npm run check:postgres`. See support/chance.ts for
 * SAE_MATCH_CHAOS_ROUNDS and SAE_MATCH_CHAOS_SEED; SAE_MATCH_CHAOS_ROUNDS=10 is the long test.
 */

const runs = chaosRuns();

chaosTest('a run goes on by itself after its worker crashed', (chance, round, note) =>
  disturbed(`worker-${round}`, chance, note, async (run, moment) => {
    await moment(0);
    const hit = await crash(runs.processes().worker);
    return { hit, finished: run.watch.snapshot(), by: 'itself', last: await run.command.finished };
  })
);

chaosTest('a run goes on by itself after its server crashed', (chance, round, note) =>
  disturbed(`server-${round}`, chance, note, async (run, moment) => {
    await moment(0);
    const hit = await crash(runs.processes().server);
    return { hit, finished: run.watch.snapshot(), by: 'itself', last: await run.command.finished };
  })
);

chaosTest('a run whose command crashed is finished by the same command, resume or watch', (chance, round, note) =>
  disturbed(`command-${round}`, chance, note, async (run, moment) => {
    const [verb, ...rest] = wayToFinish(run.id, chance);
    await moment(verb === 'run' ? -1 : 0);
    const hit = run.command.isRunning();
    await killPrograms();
    return { hit, finished: run.watch.snapshot(), by: verb, last: await finish([verb, ...rest]) };
  })
);

chaosTest('a run is finished by the same command, resume or watch after everything crashed', (chance, round, note) =>
  disturbed(`everything-${round}`, chance, note, async (run, moment) => {
    const [verb, ...rest] = wayToFinish(run.id, chance);
    await moment(verb === 'run' ? -1 : 0);
    const hit = await crashEverything(run, chance);
    return { hit, finished: run.watch.snapshot(), by: verb, last: await finish([verb, ...rest]) };
  })
);

interface Run {
  readonly id: string;
  readonly command: Command;
  readonly watch: PairWatch;
}

interface Disturbance {
  /** Whether there was still something to be killed. */
  readonly hit: boolean;
  /** The pairs that were finished at the moment of the crash. */
  readonly finished: ReadonlyMap<string, string>;
  /** The command that finished the run, in a word and its end. */
  readonly by: string;
  readonly last: Finished;
}

/**
 * Starts a run, has it disturbed, and checks its end. `moment(least)` waits for a random moment between the `least`-th
 * finished pair and the end; with -1 it may also come before the run has begun.
 */
async function disturbed(
  id: string,
  chance: Chance,
  note: (text: string) => void,
  disturb: (run: Run, moment: (least: number) => Promise<void>) => Promise<Disturbance>
): Promise<string> {
  const watch = new PairWatch(runs.out(id));
  try {
    const command = startProgram(runs.args(id), runs.env);
    const moment = async (least: number): Promise<void> => {
      const pairs = chance.number(least, PAIRS.length);
      const delay = chance.number(0, pairs < 0 ? 5000 : 1000);
      note(pairs < 0 ? `${delay} ms after its start` : `${delay} ms after ${pairs} of ${PAIRS.length} pairs`);
      if (pairs >= 0) await command.says(`run ${id}:`);
      await watch.finished(pairs, () => !command.isRunning());
      await sleep(delay);
    };
    const { hit, finished, by, last } = await disturb({ id, command, watch }, moment);
    expectCode(last, 0);
    runs.expectUndisturbed(id);
    expect(watch.snapshotOf(finished.keys())).toEqual(finished);
    const repeated = watch.repeated().length;
    const facts = `${hit ? 'hit' : 'too late'}, finished by ${by}`;
    return `${facts}, pairs finished before: ${finished.size}, computed twice: ${repeated}`;
  } finally {
    watch.stop();
    await killPrograms();
  }
}

/** Carries out a command once there is a server to speak with. */
async function finish(args: readonly string[]): Promise<Finished> {
  await runs.answers();
  return runProgram(args, runs.env);
}

/** A command that finishes a run whose command is gone; only the same command can finish one that had not begun. */
function wayToFinish(id: string, chance: Chance): readonly [string, ...string[]] {
  const verb = chance.one(['run', 'resume', 'watch']);
  return verb === 'run' ? runs.args(id) : [verb, id, '--out', runs.out(id)];
}

/** Kills command, server and worker in random order, with pauses in which those that are left go on. */
async function crashEverything({ command }: Run, chance: Chance): Promise<boolean> {
  const hit = command.isRunning();
  const crashes = [killPrograms, () => crash(runs.processes().server), () => crash(runs.processes().worker)];
  while (crashes.length > 0) {
    await crashes.splice(chance.number(0, crashes.length - 1), 1)[0]!();
    await sleep(chance.one([0, 0, 50, 400]));
  }
  // A command that was still alive may have brought a process back in between.
  await crash(runs.processes().server);
  await crash(runs.processes().worker);
  return hit;
}
