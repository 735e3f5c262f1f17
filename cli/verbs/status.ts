import { exitCodeOfState } from '../exit-codes';
import type { Output } from '../output';
import { noSuchRun, resolveRunArgument } from '../run-argument';
import { statusFromManifest, statusFromServer } from '../run-status';
import type { RunStatus } from '../run-status';
import { groupFailures, groupLine } from '../../workflows/group-failures';
import { describeRun } from '../runs';
import { serverChoice, withServerFlags } from '../server-flags';
import type { ServerFlags } from '../server-flags';
import { openSession } from '../session';
import type { AddVerb } from '../verb';

interface StatusFlags extends ServerFlags {
  readonly out?: string;
  readonly json?: boolean;
}

export const addStatus: AddVerb = (program, action) =>
  withServerFlags(program.command('status'))
    .summary('say how a run is doing')
    .description('Exit code: 0 running or done, 3 done in part, 1 failed, 130 cancelled.')
    .argument('<run>', 'id of a run, or its folder')
    .option('--out <folder>', 'output folder in which an id is looked up (default: ./sae-match-out)')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  sae-match status 3f9a0c1b2d4e --json')
    .action(
      action(async (output, argument: string, flags: StatusFlags) => {
        const status = await statusOf(output, argument, flags);
        if (flags.json === true) output.json(status);
        else printStatus(output, status);
        return exitCodeOfState(status.state);
      })
    );

async function statusOf(output: Output, argument: string, flags: StatusFlags): Promise<RunStatus> {
  const { runId, out, manifest } = await resolveRunArgument(argument, flags.out);
  if (manifest !== null) return statusFromManifest(manifest, `${out}/runs/${runId}`);
  const session = await openSession({ server: serverChoice(flags), worker: false, output });
  try {
    const description = await describeRun(session.client, runId);
    if (description !== null) return await statusFromServer(session.client, runId, description);
  } finally {
    await session.close();
  }
  throw noSuchRun({ runId, out });
}

function printStatus(output: Output, status: RunStatus): void {
  output.print(`run       ${status.run_id}`);
  output.print(`state     ${status.state}${status.progress === null ? '' : ` (${status.progress.phase})`}`);
  output.print(`source    ${status.source ?? 'unknown'}`);
  output.print(`results   ${status.location ?? 'unknown'}`);
  output.print(`started   ${status.started ?? 'unknown'}`);
  if (status.finished !== null) output.print(`finished  ${status.finished}`);
  const { total, done, failed } = status.pairs;
  if (total !== null) output.print(`pairs     ${done!} of ${total} done, ${failed!} failed`);
  else if (status.state === 'running') output.print(`pairs     unknown: ${whoIsMissing(status.build)}`);
  if (status.drift !== null) {
    output.print(
      `drift     ${status.drift.done} of ${status.drift.total} layers compared, ${status.drift.failed} failed`
    );
  }
  const { setAside = [], pausesUntil = null } = status.progress ?? {};
  for (const group of groupFailures(setAside)) output.print(`set aside ${groupLine(group)}`);
  if (pausesUntil !== null) output.print(`waiting   until ${pausesUntil} to try them again`);
  for (const group of status.causes) output.print(`failure   ${groupLine(group)}`);
}

const whoIsMissing = (build: string | null): string =>
  build === null
    ? 'no worker answers; sae-match watch brings one'
    : `no worker of build ${build} answers; start one with --deployment and --build-id`;
