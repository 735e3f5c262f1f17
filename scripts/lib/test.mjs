import { compile } from './compile.mjs';
import { Failure } from './failure.mjs';
import { prepareFakeClock } from './fake-clock.mjs';
import { prepareGcsEmulator } from './gcs-emulator.mjs';
import { installPackages } from './install.mjs';
import { preparePrometheus } from './prometheus.mjs';
import { preparePython } from './python.mjs';
import { everyday, lanes, steps } from './steps.mjs';
import { prepareTemporal } from './temporal.mjs';
import { takeTurns } from './turns.mjs';

/**
 * `npm test [-- --only STEP[,STEP]] [-- JEST ARGUMENTS]`: sets up what is missing, runs every step even after one that
 * fails, and ends with the line `N passed, N failed`. The step `long` runs only where it is named.
 */
export async function main(argv) {
  const totals = { passed: 0, failed: 0 };
  try {
    const { names, jestArguments } = parse(argv);
    for (const failure of await runSteps(names, jestArguments, totals)) {
      report(failure);
      totals.failed++;
    }
  } catch (error) {
    report(error);
    totals.failed++;
  }
  console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
  process.exitCode = totals.failed > 0 ? 1 : 0;
}

/** Runs the steps in their lanes, adds up their tests in `totals`, and resolves to what kept steps from running. */
async function runSteps(names, jestArguments, totals) {
  const chosen = lanes
    .map((lane) => ({ ...lane, names: lane.names.filter((name) => names.includes(name)) }))
    .filter((lane) => lane.names.length > 0);
  const packages = installPackages();
  const everything = chosen.some((lane) => lane.needs !== 'packages') ? prepareEverything(packages) : undefined;
  const emulator = chosen.some((lane) => lane.needs === 'emulator') ? everything.then(addEmulator) : undefined;
  const ready = { packages: packages.then(() => process.env), everything, emulator };
  const join = takeTurns((text, stream) => process[stream].write(text));
  const places = new Map(names.map((name) => [name, join()]));

  const runLane = async (lane) => {
    try {
      const env = await ready[lane.needs];
      for (const name of lane.names) {
        const { print, end } = places.get(name);
        // A step that is alone has the terminal for itself, colours and all.
        const counts = await runStep(name, names.length > 1 ? { env, print } : { env }, print, jestArguments);
        totals.passed += counts.passed;
        totals.failed += counts.failed;
        end();
      }
    } finally {
      // What never ran must not keep the others from being shown.
      for (const name of lane.names) places.get(name).end();
    }
  };
  const ends = await Promise.allSettled(chosen.map(runLane));
  // Lanes that waited for the same preparation fail with the same error, which counts once.
  return new Set(ends.filter(({ status }) => status === 'rejected').map(({ reason }) => reason));
}

async function runStep(name, how, print, jestArguments) {
  const began = Date.now();
  print(`\n== ${name}\n`);
  const { passed, failed } = await steps[name](how, jestArguments);
  print(`== ${name}: ${passed} passed, ${failed} failed, ${Math.round((Date.now() - began) / 1000)} s\n`);
  return { passed, failed };
}

/** Prepares what the tests need and resolves to their environment. */
async function prepareEverything(packages) {
  const compiled = packages.then(() => compile({ despiteErrors: true }));
  const [temporal, python] = await Promise.all([compiled.then(prepareTemporal), preparePython()]);
  return { ...process.env, SAE_MATCH_TEMPORAL: temporal, SAE_MATCH_PYTHON: python };
}

async function addEmulator(env) {
  // Two programs of apt at once would wait for each other's lock, and fail.
  const packages = prepareFakeClock().then(preparePrometheus);
  const [emulator, prometheus] = await Promise.all([prepareGcsEmulator(), packages]);
  return { ...env, SAE_MATCH_GCS_EMULATOR: emulator, ...(prometheus && { SAE_MATCH_PROMETHEUS: prometheus }) };
}

function parse(argv) {
  const all = Object.keys(steps);
  const at = argv.indexOf('--only');
  if (at < 0) return { names: everyday, jestArguments: argv };
  const names = (argv[at + 1] ?? '').split(',');
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    throw new Failure(`sae-match: --only knows ${all.join(', ')}; found "${unknown}".`);
  }
  return { names, jestArguments: argv.filter((_, i) => i !== at && i !== at + 1) };
}

function report(error) {
  console.error(error instanceof Failure ? error.message : error);
}
