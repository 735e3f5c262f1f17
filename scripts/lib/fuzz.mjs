import { parseArgs } from 'node:util';
import { compile } from './compile.mjs';
import { Failure, orFail } from './failure.mjs';
import { fuzz } from './fuzz/fuzz.mjs';
import { installPackages } from './install.mjs';
import { progress } from './run.mjs';

const COUNT = 13_000;

/**
 * `npm run fuzz [-- --seed N] [--count N] [--only INDEX]`: damages SAEs of every format and reads them. Each must end in SAEs
 * or in an error for people, in time and within memory; exit code 1 when one does not, with what repeats it.
 */
export function main(argv) {
  return orFail(async () => {
    const range = rangeOf(argv);
    await installPackages();
    await compile();
    progress(`mutations ${range.first} to ${range.end - 1} of seed ${range.seed} ...`);
    process.exitCode = (await fuzz(range)) ? 0 : 1;
  });
}

function rangeOf(argv) {
  const options = { seed: { type: 'string' }, count: { type: 'string' }, only: { type: 'string' } };
  const { values } = parseArgs({ args: argv, options });
  const number = (name, fallback) => {
    if (values[name] === undefined) return fallback;
    if (/^\d{1,9}$/.test(values[name])) return Number(values[name]);
    throw new Failure(`sae-match: --${name} must be a natural number; found "${values[name]}".`);
  };
  const first = number('only', 0);
  const count = values.only === undefined ? number('count', COUNT) : 1;
  return { seed: number('seed', Date.now() % 1_000_000_000), first, end: first + count };
}
