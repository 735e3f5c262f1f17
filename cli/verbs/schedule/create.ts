import type { Command } from 'commander';
import { webhookReceiver } from '../../../activities/notify/webhook-settings';
import { waitsFor, wholePrint } from '../../../activities/schedules/survey';
import { ScheduleRecords } from '../../../artifacts/schedules';
import type { StoredSchedule } from '../../../artifacts/schedules';
import { checkWritable } from '../../../artifacts/store/check-writable';
import { openStore } from '../../../artifacts/store/open-store';
import { UsageError } from '../../../matching/errors';
import { findCheckpoints } from '../../../sae/checkpoints/find-checkpoints';
import { configuredServer } from '../../../workers/connection';
import type { Output } from '../../output';
import { executionFor } from '../../run-request';
import { putSchedule } from '../../schedule/server-schedules';
import { withServerFlags } from '../../server-flags';
import { openSession } from '../../session';
import { parseDuration } from '../../spec/parse-duration';
import { resolveRun } from '../../spec/resolve-spec';
import type { ResolvedRun, RunFlags } from '../../spec/resolve-spec';
import type { AddVerb } from '../../verb';
import { withMatchingFlags, withModelFlags } from '../run';

interface CreateFlags extends RunFlags {
  readonly every: string;
  readonly marker?: string;
  readonly settle: string;
}

export const addCreate: AddVerb = (schedule, action) =>
  withModelFlags(withServerFlags(withMatchingFlags(withTimeFlags(schedule.command('create')))))
    .summary('match every checkpoint that appears from now on')
    .description(
      'Checkpoints that are there already are not matched (see schedule backfill). The same command again changes nothing\n' +
        'but --every, --memory-budget, --deadline and --notify.'
    )
    .argument('<name>', 'name of the schedule')
    .argument('<source>', 'place of the checkpoints, or a specification (.yaml)')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match schedule create gemma checkpoints/ --out results/\n' +
        '  sae-match schedule create gemma gs://bucket/run-7 --every 30m --marker DONE --notify-drift 0.2'
    )
    .action(
      action((output, name: string, source: string, flags: CreateFlags) => createVerb(output, name, source, flags))
    );

function withTimeFlags(command: Command): Command {
  return command
    .option('--every <duration>', 'how often it looks for new checkpoints', '10m')
    .option('--marker <file>', 'a checkpoint is complete when this file is in it, such as DONE or done_{step}')
    .option('--settle <duration>', 'without a marker it is when it has not changed for so long', '60s');
}

async function createVerb(output: Output, name: string, argument: string, flags: CreateFlags): Promise<number> {
  const run = resolveTemplate(argument, flags);
  const every = parseDuration(flags.every, '--every');
  const settle = parseDuration(flags.settle, '--settle');
  if (every === 0) throw new UsageError('not usable as an interval', { field: '--every', found: flags.every });
  const { source, previous, ...spec } = run.spec;
  const { out } = spec;
  const store = openStore(out);
  const records = new ScheduleRecords(store, name);
  const marker = flags.marker ?? null;
  const baseline = await findBaseline(source, marker);
  await checkWritable(store);
  if (configuredServer(run.server) === null && run.notify !== undefined) webhookReceiver();
  const { kept, unmatched } = previous!;
  const drift = { kept, unmatched };
  const shared = JSON.parse(JSON.stringify(spec)) as StoredSchedule['spec'];
  const wanted = { name, source, marker, settle_seconds: settle, spec: shared, drift, baseline };
  const { schedule, created } = await records.create(wanted);
  const session = await openSession({ server: run.server, worker: true, output });
  let detach = false;
  try {
    const settleSeconds = marker === null ? settle : null;
    await putSchedule(
      session,
      { schedule: { out, name }, settleSeconds, execution: executionFor(run, session) },
      every
    );
    detach = true;
  } finally {
    await session.close({ detach });
  }
  const count = schedule.baseline.length;
  output.print(`schedule ${name} ${created ? 'created' : 'is there with these options'}: ${source} → ${out}`);
  output.print(`${count} checkpoint${count === 1 ? '' : 's'} in the baseline, not matched unless backfilled`);
  if (session.embedded) output.note('server and worker stay in the background for it; sae-match stop ends them');
  return 0;
}

/** The run of a checkpoint that is not there yet. @throws UsageError when flags or the specification choose a step */
function resolveTemplate(argument: string, flags: RunFlags): ResolvedRun {
  // Every run but the first is compared with a checkpoint before; which one shows when there is one.
  const run = resolveRun(argument, { ...flags, previous: '.' });
  if (run.spec.step === undefined) return run;
  throw new UsageError('a schedule matches the checkpoints of every step', {
    ...{ field: '--step', found: String(run.spec.step), expected: 'no step' },
  });
}

/** Checkpoints that are complete now. */
async function findBaseline(source: string, marker: string | null): Promise<StoredSchedule['baseline']> {
  const listing = await findCheckpoints(source);
  return listing.checkpoints
    .filter((checkpoint) => waitsFor(checkpoint, listing, marker) === null)
    .map((one) => ({ checkpoint: one.name, step: one.step, fingerprint: wholePrint(one) }));
}
