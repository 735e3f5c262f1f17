import type { RunPreview } from '../../activities/preview/preview-run';
import { runTask } from '../../activities/thread/run-task';
import type { TaskProgress } from '../../activities/task-context';
import { CancelledError } from '../../matching/errors';
import { EXIT } from '../exit-codes';
import { formatBytes, formatTable } from '../format-table';
import { createInterrupt } from '../interrupt';
import type { Output } from '../output';
import { createProgressBar } from '../progress-bar';
import { resolveRun } from '../spec/resolve-spec';
import type { ResolvedRun, RunFlags } from '../spec/resolve-spec';
import type { AddVerb } from '../verb';
import { withRunFlags } from './run';

export const addPlan: AddVerb = (program, action) =>
  withRunFlags(program.command('plan'))
    .summary('say what a run would use again, what it would do, and why')
    .description(
      'Takes the command line of a run, hashes its inputs and looks for each layer and pair in the store, without\n' +
        'starting or writing anything. Of what has to be done it names the file or option that differs from what is stored.'
    )
    .argument('<source>', 'folder of SAEs, or a specification (.yaml)')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match plan examples/minilm-l6\n  sae-match plan spec.yaml --weights all\n' +
        '  sae-match plan saes/ --pairs all --out results/ --json'
    )
    .action(action((output, source: string, flags: RunFlags & { json?: boolean }) => planVerb(output, source, flags)));

async function planVerb(output: Output, argument: string, flags: RunFlags & { json?: boolean }): Promise<number> {
  const run = resolveRun(argument, flags);
  const preview = await previewOf(output, run);
  if (flags.json === true)
    output.json({ run_id: run.runId, location: `${run.spec.out}/runs/${run.runId}`, ...preview });
  else printPreview(output, run, preview);
  return EXIT.done;
}

async function previewOf(output: Output, { runId, spec }: ResolvedRun): Promise<RunPreview> {
  const bar = createProgressBar(output.interactive);
  const interrupt = createInterrupt();
  const onProgress = ({ phase, done, total }: TaskProgress): void => {
    const detail = phase === 'downloading' ? `${formatBytes(done)} of ${formatBytes(total)}` : `${done} of ${total}`;
    bar.draw({ label: phase, fraction: done / Math.max(1, total), detail });
  };
  try {
    return await runTask('previewRun', { runId, spec }, { onProgress, signal: interrupt.signal });
  } catch (error) {
    throw interrupt.interrupted ? new CancelledError('planning') : error;
  } finally {
    bar.clear();
    interrupt.dispose();
  }
}

function printPreview(
  output: Output,
  { runId, spec }: ResolvedRun,
  { run, layers, pairs, previous, totals }: RunPreview
): void {
  output.print(`run ${runId}: ${STATES[run.state]}`);
  if (run.state === 'done') {
    const changed = run.changed_layers.map((layer) => `layer ${layer}`).join(', ');
    output.print(
      changed === ''
        ? 'the same command reports it without work; with --new it would do this:'
        : `made from other files than there are now (${changed}): run refuses it, with --new it would do this:`
    );
  }
  output.print();
  const layerRows = layers.map(({ layer, state, reason }) => [String(layer), state, reason ?? '']);
  for (const line of formatTable(['layer', 'state', 'why'], layerRows, [0])) output.print(line);
  output.print();
  const pairRows = pairs.map(({ source, target, state, reason }) => [`${source}→${target}`, state, reason ?? '']);
  for (const line of formatTable(['pair', 'state', 'why'], pairRows)) output.print(line);
  output.print();
  if (previous !== undefined) {
    const rows = previous.layers.map(({ layer, state, reason }, index) => {
      const match = previous.pairs[index]!;
      return [String(layer), state, match.state, reason ?? match.reason ?? ''];
    });
    for (const line of formatTable(['previous', 'layer', 'drift', 'why'], rows, [0])) output.print(line);
    output.print();
  }
  output.print(`layers   ${tally([...layers, ...(previous?.layers ?? [])])}`);
  if (pairs.length > 0) output.print(`pairs    ${tally(pairs)}`);
  if (previous !== undefined) output.print(`drift    ${tally(previous.pairs)}`);
  output.print(`to read  ${formatBytes(totals.read_bytes)}`);
  if (totals.match_memory !== null) {
    const { least, most } = totals.match_memory;
    // A multiply-add is two operations.
    const pass = ((2 * totals.multiply_adds) / 1e9).toPrecision(3);
    output.print(`compute  ${pass} GFLOP for one pass over all pairs of features; a match may take several`);
    output.print(
      `memory   a match takes ${formatBytes(least)} to ${formatBytes(most)} on the CPU, the more the faster`
    );
  }
  output.print(`results  ${spec.out}/runs/${runId}`);
}

const STATES: Readonly<Record<RunPreview['run']['state'], string>> = {
  new: 'new',
  unfinished: 'unfinished; the same command goes on with it',
  done: 'done',
  partial: 'done in part; the same command goes on with it',
  failed: 'failed; the same command tries it again',
};

/** Such as `5 cached, 2 fold`. */
function tally(items: readonly { readonly state: string }[]): string {
  const counts = new Map<string, number>();
  for (const { state } of items) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
}
