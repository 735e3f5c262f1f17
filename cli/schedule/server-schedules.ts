import type { ScheduleDescription, ScheduleHandle } from '@temporalio/client';
import { InputError } from '../../matching/errors';
import type { checkpointWatch } from '../../workflows/checkpoint-watch';
import type { WatchRequest } from '../../workflows/schedule-types';
import type { Session } from '../session';

const PREFIX = 'sae-match/';

/** Name under which Temporal knows a schedule. */
export const scheduleId = (name: string): string => `${PREFIX}${name}`;

/** Name of the schedule of such an id; null when the id is none of ours. */
export const nameOfSchedule = (id: string): string | null => (id.startsWith(PREFIX) ? id.slice(PREFIX.length) : null);

/**
 * Creates a schedule at the server, or gives one that is there this time and these options; whether it is paused stays.
 */
export async function putSchedule(session: Session, request: WatchRequest, everySeconds: number): Promise<void> {
  const { ScheduleAlreadyRunning } = await import('@temporalio/client');
  const { client, taskQueue } = session;
  const { name } = request.schedule;
  const spec = { intervals: [{ every: everySeconds * 1000 }] };
  const action = {
    type: 'startWorkflow' as const,
    workflowType: 'checkpointWatch' as const,
    workflowId: `sae-match-schedule/${name}`,
    taskQueue,
    args: [request] as [WatchRequest],
  };
  const policies = { overlap: 'SKIP' as const, catchupWindow: '1m' as const };
  try {
    await session.call(() =>
      client.schedule.create<typeof checkpointWatch>({ scheduleId: scheduleId(name), spec, action, policies })
    );
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const handle = client.schedule.getHandle(scheduleId(name));
    await session.call(() => handle.update<typeof checkpointWatch>(({ state }) => ({ spec, action, policies, state })));
  }
}

/**
 * One request about a schedule.
 *
 * @throws InputError when the server knows no schedule of this name
 */
export async function ofSchedule<T>(
  session: Session,
  name: string,
  request: (handle: ScheduleHandle) => Promise<T>
): Promise<T> {
  const { ScheduleNotFoundError } = await import('@temporalio/client');
  try {
    return await session.call(() => request(session.client.schedule.getHandle(scheduleId(name))));
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    throw new InputError('the server knows no schedule of this name', {
      ...{ field: name, expected: 'the name of a schedule that was created there', cause: error },
      remedy: 'See sae-match schedule list.',
    });
  }
}

/** Whether a schedule looks, and when next; field names as in JSON. */
export interface ScheduleStanding {
  readonly state: 'active' | 'paused';
  /** ISO 8601; null when it is paused. */
  readonly next: string | null;
}

export function standingOf({ state: { paused }, info }: ScheduleDescription): ScheduleStanding {
  return {
    state: paused ? 'paused' : 'active',
    next: paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
  };
}

/** What a schedule starts. */
export function watchRequestOf({ action }: ScheduleDescription): WatchRequest {
  return action.args![0] as WatchRequest;
}
