import { mkdirSync, readFileSync, rmSync } from 'node:fs';

import { at } from './paths.mjs';
import { runVisibly } from './run.mjs';

/**
 * The steps of `npm test`, in their order. Each takes how its programs are run (environment and print, as for
 * `runVisibly`) and the arguments for jest and resolves to how many tests passed and failed; type check and lint count
 * as one test each. `long` takes minutes, and runs only where it is named.
 */
export const steps = {
  types: (how) => check(how, [['typescript/bin/tsc', '-p', 'tsconfig.check.json', '--noEmit']]),
  lint: (how) =>
    check(how, [
      ['eslint/bin/eslint.js', '.', '--max-warnings', '0'],
      ['prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
    ]),
  unit: (how, args) =>
    jest(how, 'unit', [
      '--testPathIgnorePatterns',
      '/node_modules/',
      '<rootDir>/test/integration/',
      '<rootDir>/test/chaos/',
      '<rootDir>/test/cluster/',
      '<rootDir>/test/package/',
      '<rootDir>/test/long/',
      // Needs a production server, see check-postgres.mjs.
      '<rootDir>/test/production/',
      '--',
      ...args,
    ]),
  package: (how, args) => jest(how, 'package', ['--', 'test/package/', ...args]),
  integration: (how, args) => jest(how, 'integration', ['--runInBand', '--', 'test/integration/', ...args]),
  // Each file has a home, a server and a worker of its own.
  chaos: (how, args) => jest(how, 'chaos', ['--', 'test/chaos/', ...args]),
  // Workers that are given up for lost must not be so because other tests take the cores.
  cluster: (how, args) => jest(how, 'cluster', ['--runInBand', '--', 'test/cluster/', ...args]),
  long: (how, args) => jest(how, 'long', ['--runInBand', '--', 'test/long/', ...args]),
};

/**
 * Which steps run at once: those of a lane one after the other, the lanes side by side, so that one uses the cores while
 * another waits for its processes. Each begins when what it needs is ready: the packages; also the program, Python and
 * Temporal; also the emulator of buckets.
 */
export const lanes = [
  { names: ['types', 'lint'], needs: 'packages' },
  { names: ['unit', 'package', 'chaos'], needs: 'everything' },
  { names: ['integration', 'cluster', 'long'], needs: 'emulator' },
];

/** The steps of `npm test` without `--only`. */
export const everyday = Object.keys(steps).filter((name) => name !== 'long');

async function check(how, commands) {
  let failed = 0;
  for (const [script, ...args] of commands) {
    if ((await runVisibly(process.execPath, [at(`node_modules/${script}`), ...args], how)) !== 0) failed = 1;
  }
  return { passed: 1 - failed, failed };
}

/** Runs jest and resolves to how many tests passed and failed; `name` is that of its report. */
export async function jest(how, name, args) {
  const report = at(`.cache/jest-${name}.json`);
  mkdirSync(at('.cache'), { recursive: true });
  rmSync(report, { force: true });
  const program = [at('node_modules/jest/bin/jest.js'), '--json', `--outputFile=${report}`, ...args];
  const code = await runVisibly(process.execPath, program, how);
  const result = readReport(report);
  // A suite that cannot even be loaded has no tests of its own, and neither has a step without tests: both are failures.
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  const silent = failed === 0 && (code !== 0 || result.numPassedTests === 0);
  return { passed: result.numPassedTests, failed: silent ? 1 : failed };
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0 };
  }
}
