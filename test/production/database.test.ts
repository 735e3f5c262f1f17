import { setTimeout as sleep } from 'node:timers/promises';
import { chaosTest } from '../chaos/support/chance';
import { chaosRuns, PAIRS } from '../chaos/support/chaos-runs';
import { PairWatch } from '../chaos/support/pair-watch';
import { expectCode, startProgram } from '../support/program';
import { crash } from '../support/program-home';
import { processOf, readTestServer } from '../support/production-place';

const runs = chaosRuns();
const server = readTestServer(process.env.SAE_MATCH_TEST_SERVER!);

chaosTest('a run goes on by itself after the database of its server crashed', async (chance, round, note) => {
  const id = `database-${round}`;
  const watch = new PairWatch(runs.out(id));
  try {
    const command = startProgram(runs.args(id), runs.env);
    await command.says(`run ${id}:`);
    const pairs = chance.number(0, PAIRS.length - 2);
    note(`after ${pairs} pairs`);
    await watch.finished(pairs, () => !command.isRunning());
    const before = processOf(server.databasePid);
    expect(await crash(before)).toBe(true);
    while ((processOf(server.databasePid)?.pid ?? before!.pid) === before!.pid) await sleep(50);
    expectCode(await command.finished, 0);
    runs.expectUndisturbed(id);
    return `computed twice: ${watch.repeated().length}`;
  } finally {
    watch.stop();
  }
});
