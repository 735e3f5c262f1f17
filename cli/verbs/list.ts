import { formatTable } from '../format-table';
import { listRuns } from '../list/listed-runs';
import type { ListedRun } from '../list/listed-runs';
import { parseFilter } from '../list/run-filter';
import type { FilterFlags } from '../list/run-filter';
import type { Output } from '../output';
import { serverChoice, withServerFlags } from '../server-flags';
import type { ServerFlags } from '../server-flags';
import { openSession } from '../session';
import { absolute } from '../../sae/sources/location';
import { DEFAULT_OUT } from '../spec/resolve-spec';
import type { AddVerb } from '../verb';

interface ListFlags extends ServerFlags, FilterFlags {
  readonly out?: string;
  readonly json?: boolean;
}

export const addList: AddVerb = (program, action) =>
  withServerFlags(program.command('list'))
    .summary('list runs: those the server knows and those in an output folder')
    .description('The latest come first. Several filters narrow the list down together.')
    .argument('[prefix]', 'beginning of the ids of the runs')
    .option('--state <states>', 'running, done, partial, failed, cancelled; several with commas between them')
    .option('--source <text>', 'part of the source')
    .option('--since <time>', 'started since then: 12h, 7d, 2026-03-31 or 2026-03-31T18:00 (UTC)')
    .option('--limit <count>', 'at most so many')
    .option('--out <folder>', 'output folder to look into (default: ./sae-match-out)')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match list\n  sae-match list --state failed,partial --since 7d\n' +
        '  sae-match list --source gemma-scope --limit 10\n  sae-match list 3f9a --json --out results/'
    )
    .action(
      action(async (output, prefix: string | undefined, flags: ListFlags) => {
        const runs = await find(output, prefix ?? '', flags);
        if (flags.json === true) output.json(runs);
        else printRuns(output, runs);
        return 0;
      })
    );

async function find(output: Output, prefix: string, flags: ListFlags): Promise<readonly ListedRun[]> {
  const filter = parseFilter(prefix, flags, new Date());
  const session = await openSession({ server: serverChoice(flags), worker: false, output });
  try {
    return await listRuns(session, absolute(flags.out ?? DEFAULT_OUT, process.cwd()), filter);
  } finally {
    await session.close();
  }
}

function printRuns(output: Output, runs: readonly ListedRun[]): void {
  if (runs.length === 0) {
    output.note('no runs');
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
