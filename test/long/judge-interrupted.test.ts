import { labelOf } from '../support/judge-server';
import { JudgedRun, PARALLEL } from '../support/judged-run';
import type { Judged } from '../support/judged-run';
import { expectCode, startProgram } from '../support/program';
import { crash } from '../support/program-home';

const run = new JudgedRun();

describe('sae-match judge, interrupted,', () => {
  it('goes on after its worker was killed, asking again only what was under way', async () => {
    run.judge.answered.clear();
    run.judge.delayMs = 60;
    const running = startProgram(run.args('killed'), run.env);
    while (run.judge.answered.size < 10) await new Promise((wait) => setTimeout(wait, 5));
    expect(await crash(run.home.processes().worker)).toBe(true);
    const ended = await running.finished;
    run.said.push(ended.stdout, ended.stderr);
    expectCode(ended, 0);
    const twice = [...run.judge.answered.values()].filter((count) => count > 1);
    expect(twice.length).toBeLessThanOrEqual(PARALLEL);
    const { survey } = JSON.parse(ended.stdout) as Judged;
    expect(run.judge.answered.size).toBe(survey!.questions);
    for (const { source_description: first, target_description: second, ...row } of await run.judgements()) {
      const swapped = labelOf({ first: second, second: first });
      expect(row).toMatchObject({ label_forward: labelOf({ first, second }), label_swapped: swapped });
    }
  }, 120_000);

  it('asks nothing more once its command is left, and goes on from there', async () => {
    run.judge.answered.clear();
    run.judge.delayMs = 60;
    const left = startProgram(run.args('left'), run.env);
    while (run.judge.answered.size < 5) await new Promise((wait) => setTimeout(wait, 5));
    left.kill('SIGINT');
    const { code, stderr } = await left.finished;
    run.said.push(stderr);
    expect([code, stderr]).toEqual([130, expect.stringContaining('what was answered is kept')]);
    const asked = run.judge.seen.length;
    await new Promise((wait) => setTimeout(wait, 500));
    expect(run.judge.seen.length).toBe(asked);
    const { survey } = await run.judgedBy('left');
    expect(survey!.stored).toBeGreaterThanOrEqual(5);
    expect(run.judge.answered.size).toBe(survey!.questions);
    expect([...run.judge.answered.values()].filter((count) => count > 1).length).toBeLessThanOrEqual(PARALLEL);
  }, 60_000);

  it('gives way to another judgement of the same run, but not to a look at what that would ask', async () => {
    run.judge.answered.clear();
    run.judge.delayMs = 60;
    const first = startProgram(run.args('first'), run.env);
    while (run.judge.answered.size < 5) await new Promise((wait) => setTimeout(wait, 5));
    await run.judgedBy('second', '--dry-run');
    expect(first.isRunning()).toBe(true);
    await run.judgedBy('second');
    const { code, stderr } = await first.finished;
    run.said.push(stderr);
    expect([code, stderr]).toEqual([130, expect.stringContaining('was cancelled')]);
    expect(run.manifest().judge).toMatchObject({ model: 'second', unusable: 0 });
    const order = run.judge.seen.map(({ model }) => model);
    expect(order.lastIndexOf('first')).toBeLessThan(order.indexOf('second'));
  }, 60_000);
});
