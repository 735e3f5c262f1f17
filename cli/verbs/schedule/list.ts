import { formatTable } from '../../format-table';
import { nameOfSchedule, ofSchedule, standingOf, watchRequestOf } from '../../schedule/server-schedules';
import type { ScheduleStanding } from '../../schedule/server-schedules';
import { serverChoice, withServerFlags } from '../../server-flags';
import type { ServerFlags } from '../../server-flags';
import { openSession } from '../../session';
import type { Session } from '../../session';
import type { AddVerb } from '../../verb';

/** One schedule in a list; field names as in its JSON. */
interface ListedSchedule extends ScheduleStanding {
  readonly name: string;
  readonly out: string;
}

export const addList: AddVerb = (schedule, action) =>
  withServerFlags(schedule.command('list'))
    .summary('list the schedules that the server knows')
    .option('--json', 'print as JSON')
    .action(
      action(async (output, flags: ServerFlags & { json?: boolean }) => {
        const session = await openSession({ server: serverChoice(flags), worker: false, output });
        let schedules: ListedSchedule[];
        try {
          schedules = await listSchedules(session);
        } finally {
          await session.close();
        }
        if (flags.json === true) output.json(schedules);
        else if (schedules.length === 0) output.note('no schedules yet');
        else {
          const rows = schedules.map(({ name, state, next, out }) => [name, state, next?.slice(0, 19) ?? '', out]);
          for (const line of formatTable(['schedule', 'state', 'next (UTC)', 'results'], rows)) output.print(line);
        }
        return 0;
      })
    );

async function listSchedules(session: Session): Promise<ListedSchedule[]> {
  const schedules: ListedSchedule[] = [];
  for await (const { scheduleId } of session.client.schedule.list()) {
    const name = nameOfSchedule(scheduleId);
    if (name === null) continue;
    const description = await ofSchedule(session, name, (handle) => handle.describe());
    const { state, next } = standingOf(description);
    schedules.push({ name, state, out: watchRequestOf(description).schedule.out, next });
  }
  return schedules.sort((a, b) => (a.name < b.name ? -1 : 1));
}
