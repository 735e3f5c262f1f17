import { findRunManifest } from '../../artifacts/run-manifest';
import { ScheduleRecords } from '../../artifacts/schedules';
import type { CheckpointClaim, StoredSchedule } from '../../artifacts/schedules';
import type { ObjectStore } from '../../artifacts/store/object-store';
import type { Checkpoint } from '../../sae/checkpoints/checkpoint';
import { findCheckpoints } from '../../sae/checkpoints/find-checkpoints';
import type { CheckpointListing } from '../../sae/checkpoints/find-checkpoints';
import type { NewCheckpoint, ScheduleRef } from '../../workflows/schedule-types';

/** Most checkpoints that one look hands on; those of the smallest steps come first. */
const MOST_AT_ONCE = 64;

/** The checkpoints of a schedule's source that have no result yet, in order of step. */
export async function findNewCheckpoints(store: ObjectStore, { name }: ScheduleRef): Promise<NewCheckpoint[]> {
  const { schedule, listing, claims, ended, isOld } = await surveySchedule(store, name);
  const found: NewCheckpoint[] = [];
  for (const checkpoint of listing.checkpoints) {
    if (found.length === MOST_AT_ONCE) break;
    const claim = claims.get(checkpoint.name);
    if (claim === undefined ? isOld(checkpoint) : ended.has(claim.run_id)) continue;
    if (claim !== undefined && (await findRunManifest(store, claim.run_id)) !== null) continue;
    found.push(asNew(checkpoint, listing, schedule, claim !== undefined));
  }
  return found;
}

/** What is recorded of a schedule, and what there is of its checkpoints now. */
export interface ScheduleSurvey {
  readonly schedule: StoredSchedule;
  readonly listing: CheckpointListing;
  readonly claims: ReadonlyMap<string, CheckpointClaim>;
  /** How runs ended that have no result, by run id. */
  readonly ended: ReadonlyMap<string, string>;
  /** Whether a checkpoint has no run because it was there before the schedule. */
  readonly isOld: (checkpoint: Checkpoint) => boolean;
}

/** @throws InputError when there is no such schedule, or its source cannot be listed */
export async function surveySchedule(store: ObjectStore, name: string): Promise<ScheduleSurvey> {
  const records = new ScheduleRecords(store, name);
  const schedule = await records.read();
  return {
    schedule,
    listing: await findCheckpoints(schedule.source),
    claims: byCheckpoint(await records.claims()),
    ended: await records.ended(),
    isOld: await baselineTest(records, schedule),
  };
}

/** Why a checkpoint has no run: it was there before the schedule, and nobody asked for it since. */
async function baselineTest(
  records: ScheduleRecords,
  { baseline }: StoredSchedule
): Promise<(checkpoint: Checkpoint) => boolean> {
  const prints = new Map(baseline.map(({ checkpoint, fingerprint }) => [checkpoint, fingerprint]));
  const ranges = await records.backfills();
  return (checkpoint) =>
    prints.get(checkpoint.name) === wholePrint(checkpoint) &&
    !ranges.some(({ from, to }) => from <= checkpoint.step && checkpoint.step <= to);
}

/** Changes with every file of a checkpoint, those with temporary names included. */
export const wholePrint = ({ fingerprint, unfinished }: Checkpoint): string => `${fingerprint}${unfinished}`;

const byCheckpoint = (claims: readonly CheckpointClaim[]): ReadonlyMap<string, CheckpointClaim> =>
  new Map(claims.map((claim) => [claim.checkpoint, claim]));

/** What has to appear before a checkpoint is complete, in words; null when nothing has to. */
export function waitsFor(checkpoint: Checkpoint, listing: CheckpointListing, marker: string | null): string | null {
  const missing = marker === null ? null : listing.missingMarker(checkpoint, marker);
  return missing === null ? null : `no ${missing} yet`;
}

function asNew(
  checkpoint: Checkpoint,
  listing: CheckpointListing,
  { marker }: StoredSchedule,
  isClaimed: boolean
): NewCheckpoint {
  const wait = isClaimed ? null : waitsFor(checkpoint, listing, marker);
  return {
    ...{ name: checkpoint.name, step: checkpoint.step, fingerprint: wholePrint(checkpoint), waitsFor: wait },
    isComplete: isClaimed || checkpoint.isAtomic || (marker !== null && wait === null),
  };
}
