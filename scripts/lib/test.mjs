import { compile } from './compile.mjs';
import { Failure } from './failure.mjs';
import { installPackages } from './install.mjs';
import { preparePython } from './python.mjs';
import { steps } from './steps.mjs';
import { prepareTemporal } from './temporal.mjs';

/** What each step needs beyond the packages. */
const needsEverything = new Set(['unit', 'integration', 'chaos']);

/**
 * `npm test [-- --only STEP[,STEP]] [-- JEST ARGUMENTS]`: sets up what is missing, runs every step even after one that
 * fails, and ends with the line `N passed, N failed`.
 */
export async function main(argv) {
  const totals = { passed: 0, failed: 0 };
  try {
    const { names, jestArguments } = parse(argv);
    const env = await prepare(names);
    for (const name of names) {
      const began = Date.now();
      console.log(`\n== ${name}`);
      const { passed, failed } = await steps[name](env, jestArguments);
      console.log(`== ${name}: ${passed} passed, ${failed} failed, ${Math.round((Date.now() - began) / 1000)} s`);
      totals.passed += passed;
      totals.failed += failed;
    }
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    totals.failed++;
  }
  console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
  process.exitCode = totals.failed > 0 ? 1 : 0;
}

function parse(argv) {
  const all = Object.keys(steps);
  const at = argv.indexOf('--only');
  if (at < 0) return { names: all, jestArguments: argv };
  const names = (argv[at + 1] ?? '').split(',');
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    throw new Failure(`sae-match: --only knows ${all.join(', ')}; found "${unknown}".`);
  }
  return { names, jestArguments: argv.filter((_, i) => i !== at && i !== at + 1) };
}

async function prepare(names) {
  await installPackages();
  if (!names.some((name) => needsEverything.has(name))) return process.env;
  await compile({ despiteErrors: true });
  const [temporal, python] = await Promise.all([prepareTemporal(), preparePython()]);
  return { ...process.env, SAE_MATCH_TEMPORAL: temporal, SAE_MATCH_PYTHON: python };
}
