import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { clearDetached, countLeases, isDetached, markDetached, takeLease } from '../../infra/leases';
import { type CompiledInfra, compileInfra } from './support/child';
import { removeTemporaryFolders, temporaryHome } from './support/temporary-home';

let compiled: CompiledInfra;
beforeAll(() => {
  compiled = compileInfra();
});
afterAll(() => {
  compiled.remove();
  removeTemporaryFolders();
});

const nothing = (): Promise<void> => Promise.resolve();

test('only the last lease to be released is told so, and only once', async () => {
  const home = temporaryHome();
  const [first, second] = [takeLease(home), takeLease(home)];
  const calls: string[] = [];
  const end = await first.release(() => Promise.resolve(void calls.push('first')));
  expect(end).toEqual({ others: 1, detached: false, last: false });
  const stop = (): Promise<void> => Promise.resolve(void calls.push('second'));
  expect(await second.release(stop)).toEqual({ others: 0, detached: false, last: true });
  await second.release(stop);
  expect(calls).toEqual(['second']);
});

test('a detached run keeps the server although no lease remains, until the mark is cleared', async () => {
  const home = temporaryHome();
  markDetached(home);
  expect(await takeLease(home).release(nothing)).toEqual({ others: 0, detached: true, last: false });
  clearDetached(home);
  expect(isDetached(home)).toBe(false);
  expect(await takeLease(home).release(nothing)).toEqual({ others: 0, detached: false, last: true });
});

test('the lease of a killed process does not count and is removed', async () => {
  const home = temporaryHome();
  const script = `infra('leases').takeLease(JSON.parse(args[0])); process.kill(process.pid, 'SIGKILL');`;
  await expect(compiled.run(script, JSON.stringify(home)).result).rejects.toThrow('SIGKILL');
  expect(readdirSync(join(home.dir, 'leases'))).toHaveLength(1);
  expect(countLeases(home)).toBe(0);
  expect(readdirSync(join(home.dir, 'leases'))).toEqual([]);
});

test('files in the folder that are no leases are ignored and removed', () => {
  const home = temporaryHome();
  takeLease(home);
  writeFileSync(join(home.dir, 'leases', 'notes.txt'), '');
  expect(countLeases(home)).toBe(1);
  expect(readdirSync(join(home.dir, 'leases'))).toHaveLength(1);
});
