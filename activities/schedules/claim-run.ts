import type { CheckpointClaim, StoredSchedule } from '../../artifacts/schedules';
import type { Checkpoint } from '../../sae/checkpoints/checkpoint';
import type { PreviousSpec, RunSpec } from '../../workflows/run-types';
import { runIdOf } from '../steps/run-id';
import { wholePrint } from './survey';
import type { ScheduleSurvey } from './survey';
import { whyUnreadable } from './why-unreadable';

/** A checkpoint that cannot be matched as it is. */
export interface PassedOver {
  readonly reason: string;
}

/**
 * The one run of a checkpoint that is complete, fixed by a record in the store. It is compared with the newest checkpoint of a
 * smaller step that has a run, or that was there before the schedule and can be read.
 *
 * @param claimed claims that are known, by name of the checkpoint
 */
export async function claimRun(
  survey: ScheduleSurvey,
  claimed: ReadonlyMap<string, CheckpointClaim>,
  checkpoint: Checkpoint,
  out: string
): Promise<CheckpointClaim | PassedOver> {
  const { records, schedule } = survey;
  const { name, step } = checkpoint;
  const fingerprint = wholePrint(checkpoint);
  const reason = await whyUnreadable(specOf(schedule, out, checkpoint));
  if (reason !== null) {
    await records.markUnreadable({ checkpoint: name, fingerprint, reason });
    return { reason };
  }
  const previous = await previousOf(survey, claimed, checkpoint, out);
  const spec = { ...specOf(schedule, out, checkpoint), ...(previous !== undefined && { previous }) };
  return records.claim({ checkpoint: name, step, fingerprint, run_id: runIdOf(spec), spec: { ...spec } as never });
}

async function previousOf(
  { records, schedule, listing, wasThere }: ScheduleSurvey,
  claimed: ReadonlyMap<string, CheckpointClaim>,
  { step }: Checkpoint,
  out: string
): Promise<PreviousSpec | undefined> {
  const isFit = async (one: Checkpoint): Promise<boolean> => {
    // Another look may have claimed it since the claims were read.
    if (claimed.has(one.name) || (await records.claimOf(one.name)) !== null) return true;
    return wasThere(one) && (await whyUnreadable(specOf(schedule, out, one))) === null;
  };
  for (const one of listing.checkpoints.filter((earlier) => earlier.step < step).reverse()) {
    if (!(await isFit(one))) continue;
    const { source, selectionStep } = one;
    return { source, ...(selectionStep !== undefined && { step: selectionStep }), ...schedule.drift };
  }
  return undefined;
}

/** What is matched of a checkpoint, and how, without the one before. */
function specOf({ spec }: StoredSchedule, out: string, { source, selectionStep }: Checkpoint): RunSpec {
  return {
    ...(spec as unknown as RunSpec),
    ...{ source, out },
    ...(selectionStep !== undefined && { step: selectionStep }),
  };
}
