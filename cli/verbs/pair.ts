import { CHECKPOINT_SECONDS } from '../../activities/steps/match-checkpoint';
import { runTask } from '../../activities/thread/run-task';
import type { MatchSaesInput } from '../../activities/steps/match-saes';
import type { TaskProgress } from '../../activities/task-context';
import { openStore } from '../../artifacts/store/open-store';
import type { PairRow } from '../../artifacts/tables/pairs';
import { chooseDevice } from '../../kernels/choose-device';
import { CancelledError } from '../../matching/errors';
import { selectionOf } from '../../sae/select/selection';
import { parseBytes } from '../../transport/parse-bytes';
import { figure, formatBytes, formatSeconds } from '../format-table';
import { createInterrupt } from '../interrupt';
import { checkFolder, checkOwn } from '../../artifacts/out-folder';
import type { Output } from '../output';
import { createProgressBar } from '../progress-bar';
import { defaultMemoryBudget } from '../../infra/machine';
import { parseComparison } from '../../matching/options/parse-comparison';
import { absolute } from '../../sae/sources/location';
import { DEVICE_CHOICES, parseDevice } from '../spec/parse-device';
import { parseScale } from '../../sae/scale/parse-scale';
import { parseUnmatched } from '../../matching/options/parse-unmatched';
import { degenerate } from '../spec/resolve-spec';
import type { RunFlags } from '../spec/resolve-spec';
import { warnExcluded } from '../summary';
import type { AddVerb } from '../verb';
import { withMatchingFlags } from './run';

type PairFlags = RunFlags & {
  readonly force?: boolean;
  readonly json?: boolean;
  readonly out: string;
  readonly device: string;
};

export const addPair: AddVerb = (program, action) =>
  withMatchingFlags(program.command('pair'))
    .summary('match two SAEs in this process, without a server')
    .description('Matches two SAEs here and now: the same engine and tables as a run, straight into a folder.')
    .argument('<source>', 'SAE: a folder, a file, or <source>#<layer>')
    .argument('<target>', 'SAE: a folder, a file, or <source>#<layer>')
    .requiredOption('--out <folder>', 'where the tables go: a folder, or gs://<bucket>/<prefix>')
    .option('--force', 'write into a folder that holds other files')
    .option('--device <name>', `where to compute: ${DEVICE_CHOICES}`, 'auto')
    .option('--json', 'print the pair’s figures as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match pair examples/minilm-l6#3 examples/minilm-l6#4 --out pair-3-4\n' +
        '  sae-match pair a/params.npz b/params.npz --weights all --out out/\n' +
        '  sae-match pair saes#0 saes#1 --metric cosine --unmatched 0.3 --out out/\n' +
        '  sae-match pair saes#0 saes#1 --weights all --part-weights encoder=0.5,bias=0 --out out/'
    )
    .action(
      action((output, source: string, target: string, flags: PairFlags) => pairVerb(output, source, target, flags))
    );

async function pairVerb(output: Output, source: string, target: string, flags: PairFlags): Promise<number> {
  const out = openStore(absolute(flags.out, process.cwd())).url('');
  await checkFolder(out);
  if (flags.force !== true) await checkOwn(out);
  const scale = flags.scale === undefined ? undefined : parseScale(flags.scale, process.cwd());
  const input: MatchSaesInput = {
    // The manifest names them, so that the results can be verified from anywhere.
    source: absolute(source, process.cwd()),
    target: absolute(target, process.cwd()),
    out,
    ...parseComparison(flags),
    fold: flags.fold ?? true,
    degenerate: degenerate(flags.degenerate ?? 'exclude'),
    ...(scale !== undefined && { scale }),
    ...(flags.unmatched !== undefined && { unmatched: parseUnmatched(flags.unmatched) }),
    format: flags.format ?? null,
    selection: selectionOf(flags),
    allowHookMismatch: flags.allowHookMismatch ?? false,
    resources: {
      memoryBudget:
        flags.memoryBudget === undefined ? defaultMemoryBudget() : parseBytes(flags.memoryBudget, '--memory-budget'),
      slots: 1,
      device: await chooseDevice(parseDevice(flags.device)),
      checkpointSeconds: CHECKPOINT_SECONDS,
    },
  };
  const bar = createProgressBar(output.interactive);
  const interrupt = createInterrupt();
  try {
    const onProgress = ({ phase, done, total, gap }: TaskProgress): void => {
      const moved = phase === 'downloading' ? `${formatBytes(done)} of ${formatBytes(total)}` : '';
      const detail = gap === null ? moved : `gap ${gap.toExponential(1)}`;
      bar.draw({ label: phase, fraction: done / Math.max(1, total), detail });
    };
    const onNote = (text: string): void => {
      bar.clear();
      output.note(text);
    };
    const row = await runTask('matchSaes', input, { onProgress, onNote, signal: interrupt.signal });
    bar.clear();
    if (flags.json === true) output.json(row);
    else printRow(output, row, out);
    warnExcluded(output, [row], scale);
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
  output.print(`time            ${formatSeconds(row.seconds!)}`);
  output.print(`results: ${out}`);
}
