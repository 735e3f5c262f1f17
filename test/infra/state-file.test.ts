import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { readState, removeState, writeState } from '../../infra/state-file';
import { removeTemporaryFolders, temporaryFolder } from './support/temporary-home';

afterAll(removeTemporaryFolders);

const schema = z.object({ pid: z.number() });

test('state is read back as written, replaces what was there, and leaves no other file', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'state.json');
  writeState(file, { pid: 1 });
  writeState(file, { pid: 2 });
  expect(readState(file, schema)).toEqual({ pid: 2 });
  expect(readdirSync(folder)).toEqual(['state.json']);
});

test.each([['{"pid": 1'], ['{"pid": "one"}'], ['']])('a state file that holds %j counts as missing', (content) => {
  const file = join(temporaryFolder(), 'state.json');
  writeFileSync(file, content);
  expect(readState(file, schema)).toBeUndefined();
});

test('removing a state file twice is no error', () => {
  const file = join(temporaryFolder(), 'state.json');
  writeState(file, { pid: 1 });
  removeState(file);
  removeState(file);
  expect(readState(file, schema)).toBeUndefined();
});
