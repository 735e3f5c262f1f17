import { ScheduleRecords } from '../../artifacts/schedules';
import type { BackfillRange, CheckpointClaim, StoredSchedule } from '../../artifacts/schedules';
import type { ObjectStore } from '../../artifacts/store/object-store';
import type { Checkpoint } from '../../sae/checkpoints/checkpoint';
import { findCheckpoints } from '../../sae/checkpoints/find-checkpoints';
import type { CheckpointListing } from '../../sae/checkpoints/find-checkpoints';

/** What is recorded of a schedule, and what there is of its checkpoints now. */
export interface ScheduleSurvey {
  readonly records: ScheduleRecords;
  readonly schedule: StoredSchedule;
  readonly listing: CheckpointListing;
  /** By name of the checkpoint. */
  readonly claims: ReadonlyMap<string, CheckpointClaim>;
  /** How runs ended that have no result, by run id. */
  readonly ended: ReadonlyMap<string, string>;
  /** Whether a checkpoint was there before the schedule and is as it was. */
  readonly wasThere: (checkpoint: Checkpoint) => boolean;
  /** Whether it has no run because of that: nobody asked for it since. */
  readonly isOld: (checkpoint: Checkpoint) => boolean;
  /** Why it cannot be matched as it is; null as far as is known. */
  readonly whyUnreadable: (checkpoint: Checkpoint) => string | null;
}

/**
 * Lists the source once, and reads the records.
 *
 * @throws InputError when there is no such schedule, or its source cannot be listed
 */
export async function surveySchedule(store: ObjectStore, name: string): Promise<ScheduleSurvey> {
  const records = new ScheduleRecords(store, name);
  const schedule = await records.read();
  const listing = await findCheckpoints(schedule.source);
  const claims = await records.claims();
  const wasThere = baselineTest(schedule);
  const isAskedFor = backfillTest(await records.backfills());
  const reasons = new Map(
    (await records.unreadable()).map((one) => [`${one.checkpoint} ${one.fingerprint}`, one.reason])
  );
  return {
    ...{ records, schedule, listing, wasThere },
    claims: new Map(claims.map((claim) => [claim.checkpoint, claim])),
    ended: await records.ended(),
    isOld: (checkpoint) => wasThere(checkpoint) && !isAskedFor(checkpoint),
    whyUnreadable: (checkpoint) => reasons.get(`${checkpoint.name} ${wholePrint(checkpoint)}`) ?? null,
  };
}

function baselineTest({ baseline }: StoredSchedule): (checkpoint: Checkpoint) => boolean {
  const prints = new Map(baseline.map(({ checkpoint, fingerprint }) => [checkpoint, fingerprint]));
  return (checkpoint) => prints.get(checkpoint.name) === wholePrint(checkpoint);
}

function backfillTest(ranges: readonly BackfillRange[]): (checkpoint: Checkpoint) => boolean {
  return ({ step }) => ranges.some(({ from, to }) => from <= step && step <= to);
}

/** Changes with every file of a checkpoint, those with temporary names included. */
export const wholePrint = ({ fingerprint, unfinished }: Checkpoint): string => `${fingerprint}${unfinished}`;

/** What has to appear before a checkpoint is complete, in words; null when nothing has to. */
export function waitsFor(checkpoint: Checkpoint, listing: CheckpointListing, marker: string | null): string | null {
  const missing = marker === null ? null : listing.missingMarker(checkpoint, marker);
  return missing === null ? null : `no ${missing} yet`;
}
