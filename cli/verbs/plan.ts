import { loadRates } from '../../activities/planning/calibration-file';
import { misfitError } from '../../activities/planning/check-fit';
import type { PlanningPlace } from '../../activities/planning/predict-run';
import type { RunPreview } from '../../activities/preview/preview-run';
import type { TaskProgress } from '../../activities/task-context';
import { runTask } from '../../activities/thread/run-task';
import { homeFolder } from '../../infra/home';
import { CancelledError } from '../../matching/errors';
import { EXIT } from '../exit-codes';
import { formatBytes } from '../format-table';
import { createInterrupt } from '../interrupt';
import type { Output } from '../output';
import { costOf, parsePrice } from '../plan-cost';
import { printPlan } from '../plan-text';
import { calibrate, placeOf } from '../planning-place';
import type { PlaceFlags } from '../planning-place';
import { createProgressBar } from '../progress-bar';
import { DEVICE_CHOICES } from '../spec/parse-device';
import { resolveRun } from '../spec/resolve-spec';
import type { ResolvedRun, RunFlags } from '../spec/resolve-spec';
import type { AddVerb } from '../verb';
import { withRunFlags } from './run';

interface PlanFlags extends RunFlags, PlaceFlags {
  readonly calibrate?: boolean;
  readonly price?: string;
  readonly json?: boolean;
}

export const addPlan: AddVerb = (program, action) =>
  withRunFlags(program.command('plan'))
    .summary('say what a run would use again, what it would do and why, and what that takes')
    .description(
      'Takes the command line of a run, hashes its inputs and looks for each layer and pair in the store, without\n' +
        'starting or writing anything. Of what has to be done it names the file or option that differs from what is stored,\n' +
        'and says what it takes: bytes, operations, memory, time. Ends with 1 when a pair does not fit the memory budget.'
    )
    .argument('<source>', 'folder of SAEs, or a specification (.yaml)')
    .option('--calibrate', 'measure this machine first, in some seconds, and keep that in the home')
    .option('--device <name>', `what matches are computed on: ${DEVICE_CHOICES} (default: auto)`)
    .option(
      '--devices-count <count>',
      'devices that match at once, each in a worker on a machine as this one (default: 1)'
    )
    .option('--match-slots <count>', 'matches at once on each (default: that of a worker)')
    .option('--price <price>', 'of one device for an hour, in any currency: say what the run costs')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match plan examples/minilm-l6\n  sae-match plan spec.yaml --weights all\n' +
        '  sae-match plan saes/ --calibrate --price 2.5\n' +
        '  sae-match plan saes/ --pairs all --out results/ --json'
    )
    .action(action((output, source: string, flags: PlanFlags) => planVerb(output, source, flags)));

async function planVerb(output: Output, argument: string, flags: PlanFlags): Promise<number> {
  const run = resolveRun(argument, flags);
  const price = flags.price === undefined ? null : parsePrice(flags.price);
  // Flags that cannot be understood are refused before anything is measured.
  let place = await placeOf(flags, run.memoryBudget, await loadRates(homeFolder()));
  if (flags.calibrate === true) place = { ...place, ...(await measured(output, flags.device)) };
  const preview = await previewOf(output, run, place);
  const { prediction } = preview;
  const cost = price === null || prediction === null ? null : costOf(prediction, price);
  if (flags.json === true) {
    const location = `${run.spec.out}/runs/${run.runId}`;
    output.json({ run_id: run.runId, location, ...preview, ...(cost !== null && { cost }) });
  } else printPlan(output, { run, preview, place, cost });
  if (preview.misfits.length === 0) return EXIT.done;
  throw misfitError(preview.misfits, place);
}

async function measured(output: Output, device: string | undefined): Promise<Pick<PlanningPlace, 'rates' | 'from'>> {
  return watched(output, 'calibration', (options) => calibrate(device, options));
}

async function previewOf(output: Output, { runId, spec }: ResolvedRun, place: PlanningPlace): Promise<RunPreview> {
  return watched(output, 'planning', (options) => runTask('previewRun', { runId, spec, place }, options));
}

/** Draws the progress of a task, and stops it on Ctrl-C. */
async function watched<T>(
  output: Output,
  what: string,
  work: (options: { onProgress: (progress: TaskProgress) => void; signal: AbortSignal }) => Promise<T>
): Promise<T> {
  const bar = createProgressBar(output.interactive);
  const interrupt = createInterrupt();
  const onProgress = ({ phase, done, total }: TaskProgress): void => {
    const detail = phase === 'downloading' ? `${formatBytes(done)} of ${formatBytes(total)}` : `${done} of ${total}`;
    bar.draw({ label: phase, fraction: done / Math.max(1, total), detail });
  };
  try {
    return await work({ onProgress, signal: interrupt.signal });
  } catch (error) {
    throw interrupt.interrupted ? new CancelledError(what) : error;
  } finally {
    bar.clear();
    interrupt.dispose();
  }
}
