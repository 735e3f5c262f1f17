import { execFileSync } from 'node:child_process';
import { totalmem } from 'node:os';
import { join } from 'node:path';

import { freeDisk, goVersion, isAtLeast, machineFacts, memoryLimit } from '../../infra/machine';
import { removeTemporaryFolders, temporaryFolder } from './support/temporary-home';

afterAll(removeTemporaryFolders);

test('versions are compared number by number', () => {
  expect(isAtLeast('20.19.0', '20.19.0')).toBe(true);
  expect(isAtLeast('20.9.0', '20.19.0')).toBe(false);
  expect(isAtLeast('22.0.0', '20.19.0')).toBe(true);
  expect(isAtLeast('1.26', '1.21')).toBe(true);
  expect(isAtLeast('1.3', '1.21')).toBe(false);
  expect(isAtLeast('20', '20.19.0')).toBe(false);
});

test('free disk agrees with df, for a folder that does not exist yet too', async () => {
  const folder = temporaryFolder();
  const df = execFileSync('df', ['-Pk', folder], { encoding: 'utf8' });
  const available = Number(df.trim().split('\n')[1]!.split(/\s+/)[3]) * 1024;
  const found = await freeDisk(join(folder, 'not', 'there'));
  expect(Math.abs(found - available)).toBeLessThan(2 ** 30);
});

test('the memory limit is positive and not above the memory of the machine', () => {
  expect(memoryLimit()).toBeGreaterThan(0);
  expect(memoryLimit()).toBeLessThanOrEqual(totalmem());
});

test('no Go on PATH is told as such', async () => {
  expect(await goVersion({ PATH: temporaryFolder() })).toBeUndefined();
});

test('the facts name the Node.js that runs and whether it is supported', async () => {
  const { node, cores } = await machineFacts();
  expect(node).toEqual({ version: process.versions.node, supported: true, minimum: '20.19.0' });
  expect(cores).toBeGreaterThan(0);
});
