import { hasRunManifest } from '../../artifacts/run-manifest';
import type { CheckpointClaim } from '../../artifacts/schedules';
import type { ObjectStore } from '../../artifacts/store/object-store';
import type { Checkpoint } from '../../sae/checkpoints/checkpoint';
import type { ClaimedRun, SeenCheckpoint, TakeInput, TakenCheckpoints } from '../../workflows/activity-types';
import type { RunSpec } from '../../workflows/run-types';
import { claimRun } from './claim-run';
import { surveySchedule, waitsFor, wholePrint } from './survey';
import type { ScheduleSurvey } from './survey';

/** Most checkpoints without a result that one look deals with; those of the smallest steps come first. */
const MOST_AT_ONCE = 64;
/** Most that the runs to be started take in a history, which holds 2 MiB at once; a specification may list thousands of pairs. */
const MOST_BYTES = 1 << 20;

export interface TakePorts {
  /** How a run stands that has no result: null when the server knows none of this id, or none any more. */
  readonly lookUp: (runId: string) => Promise<'running' | 'failed' | 'cancelled' | null>;
  /** Says something to whoever reads the log. */
  readonly note: (text: string) => void;
}

/**
 * Lists the source of a schedule once, and claims every checkpoint that is complete and has no run yet, in order of step: its
 * run is fixed by a record in the store before it is started. Those whose SAEs cannot be read are passed over until their
 * files change.
 *
 * @returns the runs that have to be started, and what is not complete yet
 * @throws InputError when there is no such schedule, or its source cannot be listed
 */
export async function takeCheckpoints(
  store: ObjectStore,
  { schedule: { name, out }, seen }: TakeInput,
  ports: TakePorts
): Promise<TakenCheckpoints> {
  const survey = await surveySchedule(store, name);
  const before = new Map(seen.map((one) => [one.name, one.fingerprint]));
  const claims = new Map(survey.claims);
  const taken = { runs: [] as ClaimedRun[], settling: [] as SeenCheckpoint[], waiting: [] as string[] };
  let bytes = 0;
  let open = 0;
  for (const checkpoint of survey.listing.checkpoints) {
    if (open === MOST_AT_ONCE || bytes > MOST_BYTES) break;
    const standing = standingOf(survey, checkpoint, before.get(checkpoint.name));
    if (standing === 'passed over') continue;
    if (standing === 'settling') taken.settling.push({ name: checkpoint.name, fingerprint: wholePrint(checkpoint) });
    if (standing === 'waiting') taken.waiting.push(checkpoint.name);
    if (standing !== 'complete') {
      open += 1;
      continue;
    }
    const claim = claims.get(checkpoint.name) ?? (await claimRun(survey, claims, checkpoint, out));
    if ('reason' in claim) {
      ports.note(`schedule ${name} passes over checkpoint ${checkpoint.name}: ${claim.reason}`);
      continue;
    }
    claims.set(checkpoint.name, claim);
    if (await hasRunManifest(store, claim.run_id)) continue;
    open += 1;
    if (!(await mayStart(store, survey, claim, ports))) continue;
    taken.runs.push({ runId: claim.run_id, spec: claim.spec as unknown as RunSpec });
    bytes += JSON.stringify(claim.spec).length;
  }
  return taken;
}

/** @param seen what the checkpoint was like in an earlier look, long enough ago */
function standingOf(
  { schedule, listing, claims, ended, isOld, whyUnreadable }: ScheduleSurvey,
  checkpoint: Checkpoint,
  seen: string | undefined
): 'complete' | 'settling' | 'waiting' | 'passed over' {
  const claim = claims.get(checkpoint.name);
  if (claim !== undefined) return ended.has(claim.run_id) ? 'passed over' : 'complete';
  if (isOld(checkpoint) || whyUnreadable(checkpoint) !== null) return 'passed over';
  const { marker } = schedule;
  if (waitsFor(checkpoint, listing, marker) !== null) return 'waiting';
  const isComplete = marker !== null || checkpoint.isAtomic || seen === wholePrint(checkpoint);
  return isComplete ? 'complete' : 'settling';
}

/** Whether the server knows nothing of a run without a result. One that has ended so is recorded, and not started again. */
async function mayStart(
  store: ObjectStore,
  { records }: ScheduleSurvey,
  claim: CheckpointClaim,
  { lookUp }: TakePorts
): Promise<boolean> {
  const state = await lookUp(claim.run_id);
  if (state === null) return true;
  // It may have ended between the two looks.
  if (state !== 'running' && !(await hasRunManifest(store, claim.run_id))) await records.markEnded(claim, state);
  return false;
}
