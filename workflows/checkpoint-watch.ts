import { patched, proxyActivities, sleep } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { IoActivities } from './activity-types';
import { asFailure } from './failures';
import { logFailed } from './log-failure';
import { watchOneByOne } from './watch-one-by-one';
import { startCheckpointRun } from './start-checkpoint-run';
import type { WatchOutcome, WatchRequest } from './schedule-types';
import { upgradesByItself } from './upgrades-by-itself';

/**
 * Looks at the checkpoints of a training and starts the run of each that is complete and has none yet, in order of step. Where
 * time has to tell whether one is complete, it looks a second time. Several of these may overlap: the claim in the store decides
 * which run a checkpoint has.
 */
export async function checkpointWatch(request: WatchRequest): Promise<WatchOutcome> {
  try {
    return await takeAll(request);
  } catch (error) {
    logFailed(asFailure(error, 'look', []));
    throw error;
  }
}

// The runs that it starts are those of the build that is current then, and not of the one that it began with.
upgradesByItself(checkpointWatch);

async function takeAll(request: WatchRequest): Promise<WatchOutcome> {
  if (!patched('take-checkpoints')) return watchOneByOne(request);
  const { schedule, execution, settleSeconds } = request;
  const { takeCheckpoints } = proxyActivities<IoActivities>(activityOptions('io', execution));
  const started: string[] = [];
  const look = async (seen: Parameters<typeof takeCheckpoints>[0]['seen']): ReturnType<typeof takeCheckpoints> => {
    const taken = await takeCheckpoints({ schedule, seen });
    for (const run of taken.runs) {
      if (await startCheckpointRun({ ...run, execution })) started.push(run.runId);
    }
    return taken;
  };
  let taken = await look([]);
  if (settleSeconds !== null && taken.settling.length > 0) {
    await sleep(settleSeconds * 1000);
    taken = await look(taken.settling);
  }
  return { started, waiting: [...taken.waiting, ...taken.settling.map(({ name }) => name)] };
}
