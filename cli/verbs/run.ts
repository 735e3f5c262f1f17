import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { webhookReceiver } from '../../activities/notify/webhook-settings';
import { planRun } from '../../activities/steps/resolve-run';
import { runIdOf } from '../../activities/steps/run-id';
import type { ManifestInput, RunManifest } from '../../artifacts/manifest';
import { checkWritable } from '../../artifacts/store/check-writable';
import { openStore } from '../../artifacts/store/open-store';
import { InputError, UsageError } from '../../matching/errors';
import { hashInputs } from '../../sae/hash-inputs';
import { exportDifference } from '../../sae/scale/export-difference';
import { hashExport } from '../../sae/scale/export-files';
import { openSource } from '../../sae/sources/open-source';
import type { RunOutcome, RunSpec } from '../../workflows/run-types';
import { configuredServer } from '../../workers/connection';
import { checkFit } from '../check-fit';
import { exitCodeOfState } from '../exit-codes';
import { createBarDisplay } from '../bar-display';
import { followRun } from '../follow-run';
import { createInterrupt } from '../interrupt';
import type { Output } from '../output';
import { findManifest, requestOf, startRun } from '../runs';
import { requestFor } from '../run-request';
import { RunResults } from '../run-results';
import { withServerFlags } from '../server-flags';
import { openSession } from '../session';
import { DEFAULT_PARALLEL } from '../spec/parse-parallel';
import { resolveRun } from '../spec/resolve-spec';
import type { ResolvedRun, RunFlags } from '../spec/resolve-spec';
import { printDrift } from '../drift-table';
import { planningLines } from '../planning-summary';
import { closingLine, printPairs, warnExcluded, warnFailures } from '../summary';
import { withScaleFlag } from '../scale-flag';
import { withSelectionFlags } from '../selection-flags';
import type { AddVerb } from '../verb';

export const addRun: AddVerb = (program, action) =>
  withRunFlags(program.command('run'))
    .summary('match a whole model: every layer, every pair, through Temporal')
    .description(
      'Folds every layer of a source, matches its pairs of layers, and composes chains. The same command attaches to the\n' +
        'run while it is unfinished, reports a finished one without work, and goes on with one that failed in part.'
    )
    .argument('<source>', 'folder of SAEs, or a specification (.yaml)')
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match run examples/minilm-l6\n  sae-match run spec.yaml --detach\n' +
        '  sae-match run checkpoints/20000 --previous checkpoints/10000\n' +
        '  sae-match run saes/ --layers 0-25 --pairs all --weights all --out results/'
    )
    .action(action((output, source: string, flags: RunFlags & { json?: boolean }) => runVerb(output, source, flags)));

export const DEADLINE_FLAG = '--deadline <duration>';
export const DEADLINE_HELP =
  'how long to try again what keeps failing, such as 12h, from the start of the run (default: 7d)';

export const PARALLEL_FLAG = '--parallel <pairs>';
export const PARALLEL_HELP = `pairs in flight at once, over all workers (default: ${DEFAULT_PARALLEL})`;

/** Flags of a run; `plan` takes the same, so that its command line is that of the run. */
export function withRunFlags(command: Command): Command {
  return withModelFlags(withServerFlags(withMatchingFlags(command)))
    .option('--previous <source>', 'a checkpoint before: each layer is matched with the same layer there as well')
    .option('--previous-step <step>', 'the one of this step of the training (alone: in the same source)')
    .option('--run-id <id>', 'name of the run (default: hash of the specification)')
    .option('--new', 'run again under a new id even if a finished run exists')
    .option('--detach', 'leave when the run has started; see status, watch');
}

/** Flags of whatever runs over whole models; shared by `run` and `schedule create`. */
export function withModelFlags(command: Command): Command {
  return command
    .option('--out <folder>', 'where results go: a folder, or gs://<bucket>/<prefix> (default: ./sae-match-out)')
    .option('--layers <list>', 'layers such as 0-6 or 0,2,4 (default: all)')
    .option('--pairs <pairs>', 'adjacent, all, or a list such as 0:1,3:5 (default: adjacent)')
    .option('--drift-kept <cosine>', 'decoder cosine from which a feature counts as kept (default: 0.9)')
    .option(
      '--drift-unmatched <cosine>',
      'features without a partner of about this cosine died or were born (default: 0.5)'
    )
    .option(DEADLINE_FLAG, DEADLINE_HELP)
    .option('--notify', "tell the workers' webhook when the run has ended (see docs/webhooks.md)")
    .option('--notify-drift <share>', 'and when a larger share of the features of a layer was not kept')
    .option(PARALLEL_FLAG, PARALLEL_HELP);
}

/** Flags that decide what is matched and how; shared by `run` and `pair`. */
export function withMatchingFlags(command: Command): Command {
  return withScaleFlag(withSelectionFlags(command))
    .option('--weights <parts>', 'decoder | encoder | decoder+encoder | all (default: decoder)')
    .option(
      '--metric <metric>',
      'squared distance of the vectors (mse) or of their directions (cosine): mse | cosine (default: mse)'
    )
    .option(
      '--part-weights <list>',
      'weights of the squared distances of the parts, such as decoder=1,encoder=0.5 (default: 1 each)'
    )
    .option('--no-fold', 'compare the stored weights instead of folding thresholds into them')
    .option('--degenerate <policy>', 'features with a threshold of 0 or less: exclude | error (default: exclude)')
    .option(
      '--unmatched <cosine>',
      'leave features unmatched that have no partner of about this cosine (default: match all)'
    )
    .option('--allow-hook-mismatch', 'match SAEs of different kinds of hook point')
    .option('--memory-budget <size>', 'memory a process may use, such as 4GiB (default: 70 % of the machine)');
}

async function runVerb(output: Output, argument: string, flags: RunFlags & { json?: boolean }): Promise<number> {
  const run = resolveRun(argument, flags);
  const finished = await findManifest(run.spec.out, run.runId);
  if (finished !== null) refuseOtherSpec(run, finished.spec as RunSpec);
  if (finished?.state === 'done') {
    if (run.fresh) throw idTaken(run);
    await checkUnchanged(run, finished);
    output.note(`run ${run.runId} is done already; --new runs it again`);
    return report(output, run, flags.json ?? false);
  }
  // The embedded worker sees what this process sees, so mistakes are found before anything is started.
  if (configuredServer(run.server) === null) {
    await checkFit(run, await planRun(run.spec));
    await checkWritable(openStore(run.spec.out));
    if (run.notify !== undefined) webhookReceiver();
  }
  return carryOut(output, run, flags.json ?? false);
}

/** Starts or attaches to a run and stays until it ends, unless detached. */
export async function carryOut(output: Output, run: ResolvedRun, json: boolean): Promise<number> {
  const session = await openSession({ server: run.server, worker: true, output });
  const interrupt = createInterrupt();
  let outcome: RunOutcome;
  try {
    const handle = await startRun(session.client, requestFor(run, session));
    if (run.runId !== runIdOf(run.spec)) {
      const attached = requestOf(await handle.describe());
      if (attached !== null) refuseOtherSpec(run, attached.spec);
    }
    output.note(`run ${run.runId}: ${run.spec.source} → ${run.spec.out}`);
    if (run.detach) {
      output.print(run.runId);
      output.note(`started; see sae-match watch ${run.runId}`);
      return 0;
    }
    outcome = await interrupt.during(followRun(session, handle, createBarDisplay(output)));
  } catch (error) {
    if (interrupt.interrupted) output.note(leavingNote(run.runId, session.embedded));
    throw error;
  } finally {
    interrupt.dispose();
    await session.close({ detach: run.detach });
  }
  if ((await findManifest(run.spec.out, run.runId)) !== null) return report(output, run, json);
  return reportElsewhere(output, run, outcome, json);
}

function leavingNote(runId: string, embedded: boolean): string {
  return embedded
    ? 'stopped; the same command goes on from here'
    : `the run goes on; stop it with sae-match cancel ${runId}`;
}

/** The worker wrote to a folder that this machine does not see. */
function reportElsewhere(output: Output, run: ResolvedRun, outcome: RunOutcome, json: boolean): number {
  const { state, location, pairsDone, failures } = outcome;
  if (json) {
    output.json({ run_id: run.runId, state, location, failures });
  } else {
    output.print(`run ${run.runId} ${state}: ${pairsDone} pairs done, ${failures.length} failures`);
    output.print(`results: ${location}, on the machine of the worker`);
  }
  return exitCodeOfState(state);
}

async function report(output: Output, run: ResolvedRun, json: boolean): Promise<number> {
  const manifest = await findManifest(run.spec.out, run.runId);
  if (manifest === null) throw new InputError('the run has no manifest', { file: run.spec.out, field: run.runId });
  const results = new RunResults(run.spec.out, manifest);
  if (json) {
    const { run_id, state, pairs, failures, planning } = manifest;
    const drift = manifest.drift !== undefined && { drift: await results.drift() };
    output.json({
      run_id,
      state,
      location: results.location,
      pairs,
      ...drift,
      failures,
      ...(planning && { planning }),
    });
  } else {
    await printPairs(output, results);
    await printDrift(output, results);
    warnFailures(output, results);
    output.print();
    output.print(closingLine(results));
    if (manifest.planning !== undefined) for (const line of planningLines(manifest.planning)) output.print(line);
    output.print(`results: ${results.location}`);
  }
  warnExcluded(output, await results.pairs(), (manifest.spec as RunSpec).scale);
  return exitCodeOfState(manifest.state);
}

/** @throws UsageError when the run of this id was asked for something else; its folder may have moved since */
function refuseOtherSpec({ runId, spec }: ResolvedRun, earlier: RunSpec): void {
  // What only one of them has counts as well: an option that was not asked for is absent.
  const keys = (Object.keys({ ...earlier, ...spec }) as (keyof RunSpec)[]).filter((key) => key !== 'out');
  // A schedule may have written the keys of an object in another order.
  const other = keys.find((key) => !isDeepStrictEqual(spec[key], earlier[key]));
  if (other === undefined) return;
  throw new UsageError('there is another run of this id', {
    file: `run ${runId}`,
    field: other,
    found: asText(earlier[other]),
    expected: asText(spec[other]),
    remedy: 'Choose another --run-id, or leave it out to have one for each specification.',
  });
}

const asText = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

function idTaken({ runId }: ResolvedRun): UsageError {
  return new UsageError('there is a finished run of this id', {
    field: '--run-id',
    found: runId,
    expected: 'a new id, because of --new',
    remedy: 'Choose another one, or leave it out.',
  });
}

/** @throws InputError when a finished run was made from other files than there are now */
async function checkUnchanged(run: ResolvedRun, manifest: RunManifest): Promise<void> {
  await checkInputs(run, run.spec.source, manifest.inputs);
  const { previous } = run.spec;
  if (previous !== undefined) await checkInputs(run, previous.source, manifest.previous ?? []);
}

async function checkInputs(run: ResolvedRun, location: string, inputs: readonly ManifestInput[]): Promise<void> {
  if (inputs.length === 0) return;
  const source = await openSource(location);
  const listed = await source.list();
  for (const input of inputs) {
    for (const file of input.files) {
      const now = listed.find(({ path }) => path === file.path);
      const same = now?.bytes === file.bytes && (await hashInputs(source, { files: [now] }))[0]!.sha256 === file.sha256;
      if (same) continue;
      const found = now === undefined ? 'no such file any more' : 'other content than when the run was made';
      throw otherFiles(run, `${location}/${file.path}`, found, `SHA-256 ${file.sha256.slice(0, 12)}…`);
    }
    if (input.scale === undefined) continue;
    const { location: place, files } = input.scale;
    const difference = exportDifference(await hashExport(place), files);
    if (difference === null) continue;
    throw otherFiles(run, `${place}: ${difference.path}`, difference.found, difference.expected);
  }
}

function otherFiles({ runId }: ResolvedRun, file: string, found: string, expected: string): InputError {
  return new InputError('a finished run was made from other files', {
    ...{ file, field: `run ${runId}`, found, expected },
    remedy: 'Use --new to match the files as they are now.',
  });
}
