import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { runTask } from '../../activities/thread/run-task';
import type { MatchSaesInput } from '../../activities/steps/match-saes';
import type { TaskProgress } from '../../activities/task-context';
import { readManifest } from '../../artifacts/manifest';
import { openStore } from '../../artifacts/store/open-store';
import type { PairRow } from '../../artifacts/tables/pairs';
import { CancelledError, SaeMatchError, UsageError } from '../../matching/errors';
import { parseWeightMode } from '../../matching/features';
import { figure, formatSeconds } from '../format-table';
import { createInterrupt } from '../interrupt';
import type { Output } from '../output';
import { createProgressBar } from '../progress-bar';
import { defaultMemoryBudget } from '../session';
import { parseBytes } from '../spec/parse-bytes';
import { degenerate } from '../spec/resolve-spec';
import type { RunFlags } from '../spec/resolve-spec';
import type { AddVerb } from '../verb';
import { withMatchingFlags } from './run';

type PairFlags = RunFlags & { readonly force?: boolean; readonly json?: boolean; readonly out: string };

export const addPair: AddVerb = (program, action) =>
  withMatchingFlags(program.command('pair'))
    .summary('match two SAEs in this process, without a server')
    .description('Matches two SAEs here and now: the same engine and tables as a run, straight into a folder.')
    .argument('<source>', 'SAE: a folder, a file, or <source>#<layer>')
    .argument('<target>', 'SAE: a folder, a file, or <source>#<layer>')
    .requiredOption('--out <folder>', 'where the tables go')
    .option('--force', 'write into a folder that holds other files')
    .option('--json', 'print the pair’s figures as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match pair examples/minilm-l6#3 examples/minilm-l6#4 --out pair-3-4\n' +
        '  sae-match pair a/params.npz b/params.npz --weights all --out out/'
    )
    .action(
      action((output, source: string, target: string, flags: PairFlags) => pairVerb(output, source, target, flags))
    );

async function pairVerb(output: Output, source: string, target: string, flags: PairFlags): Promise<number> {
  const out = resolve(flags.out);
  if (flags.force !== true) await checkFolder(out);
  const input: MatchSaesInput = {
    source,
    target,
    out,
    weights: parseWeightMode(flags.weights ?? 'decoder'),
    fold: flags.fold ?? true,
    degenerate: degenerate(flags.degenerate ?? 'exclude'),
    format: flags.format ?? null,
    allowHookMismatch: flags.allowHookMismatch ?? false,
    memoryBudget:
      flags.memoryBudget === undefined ? defaultMemoryBudget() : parseBytes(flags.memoryBudget, '--memory-budget'),
  };
  const bar = createProgressBar(output.interactive);
  const interrupt = createInterrupt();
  try {
    const onProgress = ({ phase, done, total }: TaskProgress): void => {
      bar.draw({ label: phase, fraction: done / Math.max(1, total), detail: '' });
    };
    const row = await runTask('matchSaes', input, { onProgress, signal: interrupt.signal });
    bar.clear();
    if (flags.json === true) output.json(row);
    else printRow(output, row, out);
    return 0;
  } catch (error) {
    throw interrupt.interrupted ? new CancelledError('the match') : error;
  } finally {
    bar.clear();
    interrupt.dispose();
  }
}

function printRow(output: Output, row: PairRow, out: string): void {
  output.print(`matched ${row.matched!} of ${row.source_features!} source and ${row.target_features!} target features`);
  output.print(`objective       ${row.objective!}`);
  output.print(`proven bound    ${row.dual_bound!} (gap ${row.gap!.toExponential(1)})`);
  output.print(`median cosine   ${figure(row.cosine_q50)} of the matched decoder rows`);
  output.print(`mutual nearest  ${row.mutual_nearest!} matches`);
  const excluded = row.excluded_source! + row.excluded_target!;
  if (excluded > 0) {
    output.warn(`${excluded} features with a threshold of 0 or less were left out (see --degenerate)`);
  }
  output.print(`time            ${formatSeconds(row.seconds!)}`);
  output.print(`results: ${out}`);
}

/** @throws UsageError when the folder holds something that an earlier `pair` did not write */
async function checkFolder(out: string): Promise<void> {
  if (!existsSync(out) || readdirSync(out).length === 0) return;
  try {
    if ((await readManifest(openStore(out), 'manifest.json')).kind === 'pair') return;
  } catch (error) {
    if (!(error instanceof SaeMatchError)) throw error;
  }
  throw new UsageError('the folder is not empty and not of an earlier pair', {
    file: out,
    field: '--out',
    found: readdirSync(out).slice(0, 5).join(', '),
    expected: 'an empty or new folder',
    remedy: 'Choose another folder, or pass --force.',
  });
}
