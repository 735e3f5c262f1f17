import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { RunManifest } from '../../artifacts/manifest';
import { CancelledError } from '../../matching/errors';
import { runWorkflowId } from '../../workflows/run-workflow';
import { exitCodeOfError, exitCodeOfState } from '../exit-codes';
import { followRun } from '../follow-run';
import type { RunDisplay } from '../follow-run';
import { createInterrupt } from '../interrupt';
import type { Output } from '../output';
import { noSuchRun, resolveRunArgument } from '../run-argument';
import { RunResults } from '../run-results';
import { describeRun, findManifest, requestOf } from '../runs';
import type { RunHandle } from '../runs';
import { serverChoice, withServerFlags } from '../server-flags';
import type { ServerFlags } from '../server-flags';
import { openSession } from '../session';
import type { Session } from '../session';
import { parseDuration } from '../spec/parse-duration';
import { closingLine } from '../summary';
import type { AddVerb } from '../verb';
import { endEvent } from '../watch/watch-events';
import type { WatchEvent } from '../watch/watch-events';

interface WatchFlags extends ServerFlags {
  readonly out?: string;
  readonly plain?: boolean;
  readonly json?: boolean;
  readonly every: string;
}

export const addWatch: AddVerb = (program, action) =>
  withServerFlags(program.command('watch'))
    .summary('show a run while it goes on, until it ends')
    .description(
      'On a terminal: pairs by state, rate and time left, workers and the last faults, kept up to date in place. Elsewhere\n' +
        'a line when something has changed. Ends with the run, with its exit code. Ctrl-C leaves the run alone.'
    )
    .argument('<run>', 'id of a run, or its folder')
    .option('--out <folder>', 'output folder in which an id is looked up (default: ./sae-match-out)')
    .option('--plain', 'print lines on a terminal too')
    .option('--json', 'print a JSON object a line, see docs/json-output.md')
    .option('--every <duration>', 'least time between two lines of progress, without those of faults', '10s')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match watch 3f9a0c1b2d4e\n  sae-match watch 3f9a0c1b2d4e --plain --every 1m\n' +
        '  sae-match watch 3f9a0c1b2d4e --json --every 1s'
    )
    .action(action((output, argument: string, flags: WatchFlags) => watchVerb(output, argument, flags)));

async function watchVerb(output: Output, argument: string, flags: WatchFlags): Promise<number> {
  const everyMs = 1000 * parseDuration(flags.every, '--every');
  const { runId, out, manifest } = await resolveRunArgument(argument, flags.out);
  if (manifest !== null) return reportEnd(output, out, manifest, flags);
  const session = await openSession({ server: serverChoice(flags), worker: true, output });
  const interrupt = createInterrupt();
  let display: RunDisplay | null = null;
  try {
    const description = await describeRun(session.client, runId);
    if (description === null) throw noSuchRun({ runId, out });
    display = await chooseDisplay(output, { runId, description, session, everyMs, flags });
    const handle: RunHandle = session.client.workflow.getHandle(runWorkflowId(runId));
    const outcome = await interrupt.during(followRun(session, handle, display));
    display.close();
    const place = requestOf(description)?.spec.out ?? out;
    const finished = await findManifest(place, runId);
    if (finished !== null) return reportEnd(output, place, finished, flags);
    // The worker wrote to a folder that this machine does not see.
    const { state, location } = outcome;
    if (flags.json === true)
      emit(endEvent(runId, { state, exit_code: exitCodeOfState(state), location, message: null }));
    return exitCodeOfState(state);
  } catch (error) {
    display?.close();
    if (interrupt.interrupted) output.note(leavingNote(runId, session.embedded));
    else if (flags.json === true && display !== null) emit(endOf(runId, error));
    throw error;
  } finally {
    interrupt.dispose();
    await session.close();
  }
}

interface Watched {
  readonly runId: string;
  readonly description: WorkflowExecutionDescription;
  readonly session: Session;
  readonly everyMs: number;
  readonly flags: WatchFlags;
}

/** What only some of them need is loaded by these. */
async function chooseDisplay(
  output: Output,
  { runId, description, session, everyMs, flags }: Watched
): Promise<RunDisplay> {
  const request = requestOf(description);
  const run = {
    ...{ runId, source: request?.spec.source ?? null, out: request?.spec.out ?? null },
    started: description.startTime,
    workersOf: request?.execution.taskQueue ?? session.taskQueue,
  };
  if (flags.json === true) {
    const { createJsonDisplay } = await import('../watch/json-display.js');
    return createJsonDisplay(run, emit, everyMs);
  }
  const terminal = process.stdout;
  if (terminal.isTTY && !output.quiet && flags.plain !== true && process.env.TERM !== 'dumb') {
    const { createLiveDisplay } = await import('../watch/live-display.js');
    return createLiveDisplay(run, output, terminal);
  }
  const { createPlainDisplay } = await import('../watch/plain-display.js');
  return createPlainDisplay(run, output, everyMs);
}

function reportEnd(output: Output, out: string, manifest: RunManifest, { json }: WatchFlags): number {
  const results = new RunResults(out, manifest);
  const code = exitCodeOfState(manifest.state);
  const { run_id: runId, state } = manifest;
  if (json === true) emit(endEvent(runId, { state, exit_code: code, location: results.location, message: null }));
  else output.print(closingLine(results));
  return code;
}

function endOf(runId: string, error: unknown): WatchEvent {
  const state = error instanceof CancelledError ? 'cancelled' : 'failed';
  const message = error instanceof Error ? error.message : String(error);
  return endEvent(runId, { state, exit_code: exitCodeOfError(error), location: null, message });
}

function leavingNote(runId: string, embedded: boolean): string {
  return embedded
    ? `left; where nothing else uses the embedded server, the run pauses until sae-match watch ${runId}`
    : `left; the run goes on; stop it with sae-match cancel ${runId}`;
}

function emit(event: WatchEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
