import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProbe } from '../../../kernels/ort/run-probe';

const entry = join(__dirname, 'probe-fixtures.cjs');

test('the answer of the probe is passed on', async () => {
  expect(await runProbe('works', { entry })).toEqual({ works: true, detail: 'onnxruntime 9.9.9' });
});

test('a refusal is told in one line without source locations', async () => {
  expect(await runProbe('refuses', { entry })).toEqual({ works: false, detail: 'Failed to get an adapter' });
  expect((await runProbe('talks', { entry })).detail).toHaveLength(200);
});

test('a crash in native code means that the device does not work', async () => {
  expect(await runProbe('crashes', { entry })).toEqual({ works: false, detail: 'the probe crashed (SIGSEGV)' });
  expect(await runProbe('ends', { entry })).toEqual({ works: false, detail: 'the probe crashed (exit code 7)' });
});

test('a probe that hangs and ignores requests to end is killed, and the device does not work', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sae-match-probe-'));
  const file = join(folder, 'pid');
  try {
    const verdict = await runProbe(`hangs:${file}`, { entry, limitMs: 2000 });
    expect(verdict).toEqual({ works: false, detail: 'no answer within 2 s' });
    const pid = Number(readFileSync(file, 'utf8'));
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
