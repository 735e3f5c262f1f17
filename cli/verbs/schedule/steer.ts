import type { ScheduleHandle } from '@temporalio/client';
import { ScheduleRecords } from '../../../artifacts/schedules';
import type { BackfillRange } from '../../../artifacts/schedules';
import { openStore } from '../../../artifacts/store/open-store';
import { UsageError } from '../../../matching/errors';
import { parseStep } from '../../../sae/select/selection';
import type { Output } from '../../output';
import { ofSchedule, watchRequestOf } from '../../schedule/server-schedules';
import { serverChoice, withServerFlags } from '../../server-flags';
import type { ServerFlags } from '../../server-flags';
import { openSession } from '../../session';
import type { Session } from '../../session';
import type { AddVerb } from '../../verb';

interface BackfillFlags extends ServerFlags {
  readonly from?: string;
  readonly to?: string;
}

export const addTrigger: AddVerb = (schedule, action) =>
  withServerFlags(schedule.command('trigger'))
    .summary('look for new checkpoints now')
    .argument('<name>', 'name of the schedule')
    .action(
      action((output, name: string, flags: ServerFlags) =>
        steer(output, flags, async (session) => {
          await ofSchedule(session, name, (handle) => handle.trigger('ALLOW_ALL'));
          output.print(`schedule ${name} looks for new checkpoints`);
        })
      )
    );

export const addPause: AddVerb = steering('pause', 'look for no checkpoints until unpause', 'paused', (handle) =>
  handle.pause()
);

export const addUnpause: AddVerb = steering('unpause', 'look for checkpoints again', 'goes on', (handle) =>
  handle.unpause()
);

export const addDelete: AddVerb = steering(
  'delete',
  'look for no checkpoints any more; runs, results and records stay',
  'deleted; its runs, results and records stay',
  (handle) => handle.delete()
);

export const addBackfill: AddVerb = (schedule, action) =>
  withServerFlags(schedule.command('backfill'))
    .summary('match checkpoints as well that were there before the schedule')
    .argument('<name>', 'name of the schedule')
    .option('--from <step>', 'from this step on (default: the first)')
    .option('--to <step>', 'up to this step (default: the last)')
    .action(
      action((output, name: string, flags: BackfillFlags) => {
        const range = backfillRange(flags);
        return steer(output, flags, async (session) => {
          const description = await ofSchedule(session, name, (handle) => handle.describe());
          await new ScheduleRecords(openStore(watchRequestOf(description).schedule.out), name).addBackfill(range);
          await ofSchedule(session, name, (handle) => handle.trigger('ALLOW_ALL'));
          output.print(`schedule ${name} looks for new checkpoints, with those of the baseline in these steps`);
        });
      })
    );

function backfillRange({ from = '0', to = String(Number.MAX_SAFE_INTEGER) }: BackfillFlags): BackfillRange {
  const range = { from: parseStep(from, '--from'), to: parseStep(to, '--to') };
  if (range.from <= range.to) return range;
  throw new UsageError('there is no step in this range', {
    ...{ field: '--to', found: String(range.to), expected: `at least ${range.from}, as --from says` },
  });
}

/** A verb that is one request to the server. */
function steering(
  verb: string,
  summary: string,
  done: string,
  request: (handle: ScheduleHandle) => Promise<void>
): AddVerb {
  return (schedule, action) =>
    withServerFlags(schedule.command(verb))
      .summary(summary)
      .argument('<name>', 'name of the schedule')
      .action(
        action((output, name: string, flags: ServerFlags) =>
          steer(output, flags, async (session) => {
            await ofSchedule(session, name, request);
            output.print(`schedule ${name} ${done}`);
          })
        )
      );
}

async function steer(output: Output, flags: ServerFlags, work: (session: Session) => Promise<void>): Promise<number> {
  const session = await openSession({ server: serverChoice(flags), worker: true, output });
  let detach = false;
  try {
    await work(session);
    // What was started, and other schedules, go on in the background.
    detach = true;
  } finally {
    await session.close({ detach });
  }
  return 0;
}
