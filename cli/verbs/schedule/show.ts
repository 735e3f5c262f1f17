import { formatTable } from '../../format-table';
import type { Output } from '../../output';
import { checkpointStates } from '../../schedule/checkpoint-states';
import type { CheckpointState } from '../../schedule/checkpoint-states';
import { ofSchedule, standingOf, watchRequestOf } from '../../schedule/server-schedules';
import type { ScheduleStanding } from '../../schedule/server-schedules';
import { serverChoice, withServerFlags } from '../../server-flags';
import type { ServerFlags } from '../../server-flags';
import { openSession } from '../../session';
import type { Session } from '../../session';
import type { AddVerb } from '../../verb';

/** What `show` says of a schedule; field names as in its JSON. */
interface ShownSchedule extends ScheduleStanding {
  readonly name: string;
  readonly source: string;
  readonly out: string;
  readonly every_seconds: number | null;
  readonly marker: string | null;
  /** Null where a marker says when a checkpoint is complete. */
  readonly settle_seconds: number | null;
  /** ISO 8601 */
  readonly last: string | null;
  readonly checkpoints: readonly CheckpointState[];
}

export const addShow: AddVerb = (schedule, action) =>
  withServerFlags(schedule.command('show'))
    .summary('what a schedule does, and what came of every checkpoint')
    .argument('<name>', 'name of the schedule')
    .option('--json', 'print as JSON')
    .action(
      action(async (output, name: string, flags: ServerFlags & { json?: boolean }) => {
        const session = await openSession({ server: serverChoice(flags), worker: false, output });
        try {
          const shown = await describeSchedule(session, name);
          if (flags.json === true) output.json(shown);
          else print(output, shown);
        } finally {
          await session.close();
        }
        return 0;
      })
    );

async function describeSchedule(session: Session, name: string): Promise<ShownSchedule> {
  const description = await ofSchedule(session, name, (handle) => handle.describe());
  const { schedule: ref, settleSeconds } = watchRequestOf(description);
  const { schedule, checkpoints } = await checkpointStates(session.client, ref);
  const { state, next } = standingOf(description);
  const every = description.spec.intervals?.[0]?.every;
  return {
    ...{ name, state, source: schedule.source, out: ref.out },
    every_seconds: every === undefined ? null : every / 1000,
    ...{ marker: schedule.marker, settle_seconds: settleSeconds },
    next,
    last: description.info.recentActions.at(-1)?.takenAt.toISOString() ?? null,
    checkpoints,
  };
}

function print(output: Output, shown: ShownSchedule): void {
  const { name, state, source, out, every_seconds: every, marker, settle_seconds: settle, next, last } = shown;
  output.print(`schedule ${name}, ${state}: ${source} → ${out}`);
  const complete = marker === null ? `has not changed for ${settle ?? 0} s` : `holds ${marker}`;
  output.print(`looks every ${every ?? '?'} s; a checkpoint is complete when it ${complete}`);
  output.print(`last look (UTC): ${time(last)}; next: ${time(next)}`);
  output.print();
  const header = ['checkpoint', 'step', 'state', 'run', 'kept', 'changed', 'born', 'died'];
  for (const line of formatTable(header, shown.checkpoints.map(cells), [1, 4, 5, 6, 7])) output.print(line);
  const waiting = shown.checkpoints.filter(({ waits_for: wait }) => wait !== null);
  if (waiting.length > 0) output.print();
  for (const { checkpoint, state, waits_for: wait } of waiting) output.print(`${checkpoint} is ${state}: ${wait!}`);
}

const time = (iso: string | null): string => iso?.slice(0, 19) ?? 'none';

function cells({ checkpoint, step, state, run_id: runId, drift }: CheckpointState): string[] {
  const counts = drift === null ? [] : [drift.kept, drift.changed, drift.born, drift.died].map(String);
  return [checkpoint, String(step), state, runId ?? '', ...counts];
}
