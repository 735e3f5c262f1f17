import { findRunManifest } from '../../artifacts/run-manifest';
import { ScheduleRecords } from '../../artifacts/schedules';
import type { CheckpointClaim, StoredSchedule } from '../../artifacts/schedules';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { InputError } from '../../matching/errors';
import type { Checkpoint } from '../../sae/checkpoints/checkpoint';
import type { ClaimedRun, ClaimInput } from '../../workflows/activity-types';
import type { PreviousSpec, RunSpec } from '../../workflows/run-types';
import { runIdOf } from '../steps/run-id';
import { surveySchedule } from './new-checkpoints';

/** How a run stands that has no result: null when the server knows none of this id, or none any more. */
export type RunLookup = (runId: string) => Promise<'running' | 'failed' | 'cancelled' | null>;

/**
 * The one run of a checkpoint, fixed by a record in the store before it is started. It is compared with the newest
 * checkpoint of a smaller step that is complete.
 *
 * @returns null when nothing has to be started: the run goes on, has a result, or ended without one
 * @throws InputError when the checkpoint is gone
 */
export async function claimCheckpoint(
  store: ObjectStore,
  { schedule: { name, out }, checkpoint: { name: wanted, fingerprint } }: ClaimInput,
  lookUp: RunLookup
): Promise<ClaimedRun | null> {
  const records = new ScheduleRecords(store, name);
  const claim = (await records.claimOf(wanted)) ?? (await newClaim());
  const { run_id: runId } = claim;
  if ((await findRunManifest(store, runId)) !== null) return null;
  const state = await lookUp(runId);
  // It may have ended between the two looks.
  if (state !== null && state !== 'running' && (await findRunManifest(store, runId)) === null) {
    await records.markEnded(claim, state);
  }
  return state === null ? { runId, spec: claim.spec as unknown as RunSpec } : null;

  async function newClaim(): Promise<CheckpointClaim> {
    const { schedule, listing, claims, isOld } = await surveySchedule(store, name);
    const { checkpoints } = listing;
    const checkpoint = checkpoints.find((one) => one.name === wanted);
    if (checkpoint === undefined) throw goneError(schedule, wanted);
    const earlier = checkpoints.filter((one) => one.step < checkpoint.step && (claims.has(one.name) || isOld(one)));
    const spec = specOf(schedule, out, checkpoint, earlier.at(-1));
    const { step } = checkpoint;
    return records.claim({ checkpoint: wanted, step, fingerprint, run_id: runIdOf(spec), spec: { ...spec } as never });
  }
}

function specOf(
  { spec, drift }: StoredSchedule,
  out: string,
  checkpoint: Checkpoint,
  earlier: Checkpoint | undefined
): RunSpec {
  const previous: PreviousSpec | undefined = earlier && {
    source: earlier.source,
    ...(earlier.selectionStep !== undefined && { step: earlier.selectionStep }),
    ...drift,
  };
  return {
    ...(spec as unknown as RunSpec),
    ...{ source: checkpoint.source, out },
    ...(checkpoint.selectionStep !== undefined && { step: checkpoint.selectionStep }),
    ...(previous !== undefined && { previous }),
  };
}

function goneError({ source }: StoredSchedule, checkpoint: string): InputError {
  return new InputError('a checkpoint is gone', {
    ...{ file: source, field: checkpoint, found: 'no such checkpoint any more' },
    expected: 'the checkpoint that was there a moment ago',
  });
}
