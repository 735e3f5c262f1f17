import type { RunManifest } from '../../artifacts/manifest';
import { openStore } from '../../artifacts/store/open-store';
import { SaeMatchError } from '../../matching/errors';
import { formatTable } from '../format-table';
import type { Output } from '../output';
import { statusFromManifest, stateOf } from '../run-status';
import { findManifest } from '../runs';
import { serverChoice, withServerFlags } from '../server-flags';
import type { ServerFlags } from '../server-flags';
import { openSession } from '../session';
import type { Session } from '../session';
import { absolute } from '../../sae/sources/location';
import { DEFAULT_OUT } from '../spec/resolve-spec';
import type { AddVerb } from '../verb';
import type { RunRequest, RunState } from '../../workflows/run-types';

interface ListFlags extends ServerFlags {
  readonly out?: string;
  readonly json?: boolean;
}

/** One run in a list; field names as in its JSON. */
interface ListedRun {
  readonly run_id: string;
  readonly state: RunState;
  readonly started: string;
  readonly source: string | null;
  readonly location: string | null;
}

export const addList: AddVerb = (program, action) =>
  withServerFlags(program.command('list'))
    .summary('list runs: those the server knows and those in an output folder')
    .option('--out <folder>', 'output folder to look into (default: ./sae-match-out)')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  sae-match list\n  sae-match list --json --out results/')
    .action(
      action(async (output, flags: ListFlags) => {
        const runs = await listRuns(output, flags);
        if (flags.json === true) output.json(runs);
        else printRuns(output, runs);
        return 0;
      })
    );

async function listRuns(output: Output, flags: ListFlags): Promise<ListedRun[]> {
  const runs = new Map<string, ListedRun>();
  const session = await openSession({ server: serverChoice(flags), worker: false, output });
  try {
    for (const run of await runsOfServer(session)) if (!runs.has(run.run_id)) runs.set(run.run_id, run);
  } finally {
    await session.close();
  }
  for (const run of await runsOfFolder(absolute(flags.out ?? DEFAULT_OUT, process.cwd()))) {
    if (runs.get(run.run_id)?.state !== 'running') runs.set(run.run_id, run);
  }
  return [...runs.values()].sort((a, b) => (a.started < b.started ? 1 : -1));
}

/** Newest first; a run that was resumed appears once for every time. A finished one may have failed in part. */
async function runsOfServer({ client }: Session): Promise<ListedRun[]> {
  const runs: ListedRun[] = [];
  for await (const execution of client.workflow.list({ query: "WorkflowType = 'modelMatch'" })) {
    const request = execution.memo?.request as RunRequest | undefined;
    const state = stateOf(execution);
    const manifest = request === undefined || state !== 'done' ? null : await publishedManifest(request);
    runs.push({
      run_id: request?.runId ?? execution.workflowId,
      state: manifest?.state ?? state,
      started: execution.startTime.toISOString(),
      source: request?.spec.source ?? null,
      location: request === undefined ? null : `${request.spec.out}/runs/${request.runId}`,
    });
  }
  return runs;
}

/** Null as well when the place of the results cannot be looked into from here: the run is listed all the same. */
async function publishedManifest({ spec, runId }: RunRequest): Promise<RunManifest | null> {
  try {
    return await findManifest(spec.out, runId);
  } catch (error) {
    if (error instanceof SaeMatchError) return null;
    throw error;
  }
}

async function runsOfFolder(out: string): Promise<ListedRun[]> {
  const runs: ListedRun[] = [];
  for (const key of await openStore(out).list('runs/')) {
    const runId = /^runs\/([^/]+)\/manifest\.json$/.exec(key)?.[1];
    const manifest = runId === undefined ? null : await findManifest(out, runId);
    if (manifest === null) continue;
    const { run_id, state, started, source, location } = statusFromManifest(manifest, `${out}/runs/${manifest.run_id}`);
    runs.push({ run_id, state, started: started!, source, location });
  }
  return runs;
}

function printRuns(output: Output, runs: readonly ListedRun[]): void {
  if (runs.length === 0) {
    output.note('no runs yet');
    return;
  }
  const rows = runs.map((run) => [
    run.run_id,
    run.state,
    run.started.slice(0, 19),
    run.source ?? '',
    run.location ?? '',
  ]);
  for (const line of formatTable(['run', 'state', 'started (UTC)', 'source', 'results'], rows)) output.print(line);
}
