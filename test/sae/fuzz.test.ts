import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runNode } from '../support/run-node';

/** Of the compiled program, in processes of its own: a reader may end a process in ways that nothing catches. */
const FUZZ = pathToFileURL(join(__dirname, '../../scripts/lib/fuzz/fuzz.mjs')).href;

const fuzz = (options: object) =>
  runNode(`import { fuzz } from '${FUZZ}'; process.exitCode = (await fuzz(${JSON.stringify(options)})) ? 0 : 1;`);

it('files of every format, whatever is damaged in them, end in SAEs or in errors for people', async () => {
  const { code, stdout, stderr } = await fuzz({ seed: 1, first: 0, end: 208 });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^all +208 /m);
});

it('what ends in anything else is told with what repeats it', async () => {
  const { code, stderr } = await fuzz({ seed: 1, first: 7, end: 8, msLimit: 0 });
  expect(code).toBe(1);
  expect(stderr).toMatch(/npm run fuzz -- --seed 1 --only 7\n.*\nno end after 0 ms/);
});
