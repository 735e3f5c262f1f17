import type { Client } from '@temporalio/client';
import { surveySchedule, waitsFor } from '../../activities/schedules/survey';
import type { ScheduleSurvey } from '../../activities/schedules/survey';
import type { CheckpointClaim, StoredSchedule } from '../../artifacts/schedules';
import { openStore } from '../../artifacts/store/open-store';
import { byStep } from '../../sae/checkpoints/checkpoint';
import type { Checkpoint } from '../../sae/checkpoints/checkpoint';
import type { RunState } from '../../workflows/run-types';
import type { ScheduleRef } from '../../workflows/schedule-types';
import { stateOf } from '../run-status';
import { RunResults } from '../run-results';
import { describeRun, findManifest } from '../runs';

/** What came of one checkpoint; field names as in its JSON. */
export interface CheckpointState {
  readonly checkpoint: string;
  readonly step: number;
  readonly state: 'baseline' | 'waiting' | 'unreadable' | RunState;
  /** What it waits for, where that is known; why it cannot be read. */
  readonly waits_for: string | null;
  readonly run_id: string | null;
  /** Features of all its layers; null where the run has none to tell of. */
  readonly drift: Readonly<Record<'kept' | 'changed' | 'born' | 'died', number>> | null;
}

/** The checkpoints of a schedule in order of step: those that are there, and those that were matched and are gone. */
export async function checkpointStates(
  client: Client,
  { out, name }: ScheduleRef
): Promise<{ schedule: StoredSchedule; checkpoints: CheckpointState[] }> {
  const survey = await surveySchedule(openStore(out), name);
  const { schedule, listing, claims, ended } = survey;
  const checkpoints = listing.checkpoints
    .filter((checkpoint) => !claims.has(checkpoint.name))
    .map((checkpoint) => unclaimedState(survey, checkpoint));
  for (const claim of claims.values()) {
    checkpoints.push(await claimedState(client, out, claim, ended.get(claim.run_id) as RunState | undefined));
  }
  const inOrder = (a: CheckpointState, b: CheckpointState): number =>
    byStep({ step: a.step, name: a.checkpoint }, { step: b.step, name: b.checkpoint });
  return { schedule, checkpoints: checkpoints.sort(inOrder) };
}

function unclaimedState(survey: ScheduleSurvey, checkpoint: Checkpoint): CheckpointState {
  const { name, step } = checkpoint;
  const known = { checkpoint: name, step, run_id: null, drift: null };
  if (survey.isOld(checkpoint)) return { ...known, state: 'baseline', waits_for: null };
  const reason = survey.whyUnreadable(checkpoint);
  if (reason !== null) return { ...known, state: 'unreadable', waits_for: reason };
  return { ...known, state: 'waiting', waits_for: waitsFor(checkpoint, survey.listing, survey.schedule.marker) };
}

async function claimedState(
  client: Client,
  out: string,
  { checkpoint, step, run_id: runId }: CheckpointClaim,
  ended: RunState | undefined
): Promise<CheckpointState> {
  const known = { checkpoint, step, waits_for: null, run_id: runId };
  const first = await findManifest(out, runId);
  const description = first === null ? await describeRun(client, runId) : null;
  // It may have ended between the two looks.
  const hasEnded = description !== null && stateOf(description) !== 'running';
  const manifest = hasEnded ? await findManifest(out, runId) : first;
  if (manifest === null) {
    const state = description === null ? (ended ?? 'waiting') : stateOf(description);
    return { ...known, state, drift: null };
  }
  const rows = (await new RunResults(out, manifest).drift()).filter(({ status }) => status === 'done');
  const sum = (field: 'kept' | 'changed' | 'born' | 'died'): number =>
    rows.reduce((total, row) => total + (row[field] ?? 0), 0);
  const counts = { kept: sum('kept'), changed: sum('changed'), born: sum('born'), died: sum('died') };
  return { ...known, state: manifest.state, drift: rows.length === 0 ? null : counts };
}
