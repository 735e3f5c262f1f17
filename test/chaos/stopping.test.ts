import { setTimeout as sleep } from 'node:timers/promises';

import { isAlive } from '../../infra/process-identity';
import { expectCode, killPrograms, runProgram, startProgram, type Command, type Finished } from '../support/program';
import { filesOfRun } from '../support/run-folder';
import { chaosTest, type Chance } from './support/chance';
import { chaosRuns } from './support/chaos-runs';
import { PairWatch } from './support/pair-watch';

/*
 * A run that is cancelled, and workers that are asked to stop, at random moments. See support/chance.ts for
 * SAE_MATCH_CHAOS_ROUNDS and SAE_MATCH_CHAOS_SEED; SAE_MATCH_CHAOS_ROUNDS=10 is the long test.
 */

const runs = chaosRuns();
/** The moments lie in the first pairs of ten, so that there is something left to stop. */
const LATEST = 3;
/** How often a run that was over too early is tried again. */
const ATTEMPTS = 4;

chaosTest(
  'a cancelled run leaves nothing behind and the same command finishes it later',
  async (chance, round, note) => {
    for (let attempt = 1; ; attempt++) {
      const line = await cancelled(`cancel-${round}-${attempt}`, chance, note);
      // On a busy machine the run may be over before the command that cancels it has started.
      if (line !== null || attempt === ATTEMPTS) return line ?? 'always too late';
    }
  }
);

/** Cancels a run; null when it was done before. */
async function cancelled(id: string, chance: Chance, note: (text: string) => void): Promise<string | null> {
  const outcome = { late: false };
  const line = await watched(id, async (watch) => {
    const command = startProgram(runs.args(id), runs.env);
    await command.says(`run ${id}:`);
    await moment(watch, command, chance, note);
    const cancel = await runProgram(['cancel', id, '--out', runs.out(id)], runs.env);
    const followed = await command.finished;
    outcome.late = followed.code === 0;
    if (outcome.late) return followed;
    expectCode(cancel, 0);
    expectCode(followed, 130);
    expect(filesOfRun(runs.out(id), id)).toEqual([]);
    const status = await runProgram(['status', id, '--out', runs.out(id), '--json'], runs.env);
    expect({ code: status.code, state: (JSON.parse(status.stdout) as { state: string }).state }).toEqual({
      code: 130,
      state: 'cancelled',
    });
    return runProgram(runs.args(id), runs.env);
  });
  return outcome.late ? null : line;
}

chaosTest('a worker ends when it is asked to, and the run goes on with another', async (chance, round, note) => {
  const id = `terminate-${round}`;
  const command = startProgram(runs.args(id), runs.env);
  return watched(id, async (watch) => {
    await command.says(`run ${id}:`);
    await moment(watch, command, chance, note);
    const { worker } = runs.processes();
    process.kill(worker!.pid, 'SIGTERM');
    while (isAlive(worker!)) await sleep(20);
    return command.finished;
  });
});

chaosTest('a worker that may not finish its work in time hands it to the next one', async (chance, round, note) => {
  const id = `hand-over-${round}`;
  const grace = chance.one(['0', '1']);
  // Matches save their state at every opportunity, and the next worker takes it up.
  const options = ['--metrics', '127.0.0.1:0', '--grace', grace, '--checkpoint', '0'];
  return runs.withoutWorker((server) =>
    watched(id, async (watch) => {
      const worker = (): Command => startProgram(['worker', ...server, ...options], runs.env);
      const first = worker();
      const command = startProgram([...runs.args(id), ...server], runs.env);
      await command.says(`run ${id}:`);
      await moment(watch, command, chance, note);
      first.kill('SIGTERM');
      expectCode(await first.finished, 0);
      expect(command.isRunning()).toBe(true);
      worker();
      return command.finished;
    })
  );
});

/** Carries out `work`, which returns the command that finishes run `id`, and checks what became of it. */
async function watched(id: string, work: (watch: PairWatch) => Promise<Finished>): Promise<string> {
  const watch = new PairWatch(runs.out(id));
  try {
    expectCode(await work(watch), 0);
    runs.expectUndisturbed(id);
    expect(watch.repeated()).toEqual([]);
    return 'no pair computed twice';
  } finally {
    watch.stop();
    await killPrograms();
  }
}

async function moment(watch: PairWatch, command: Command, chance: Chance, note: (text: string) => void): Promise<void> {
  const pairs = chance.number(0, LATEST);
  const delay = chance.number(0, pairs === 0 ? 3000 : 500);
  note(`${delay} ms after ${pairs} pairs`);
  await watch.finished(pairs, () => !command.isRunning());
  await sleep(delay);
}
