import { executeChild, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { deadlineOf } from './deadline';
import { drift } from './drift';
import type { DriftRequest } from './drift';
import { driftWorkflowId } from './drift-workflow-id';
import { asFailure } from './failures';
import { logFailed } from './log-failure';
import type { RunStateTracker } from './run-state';
import type { DriftRef, RunPlan, RunRequest } from './run-types';

/**
 * Compares the layers of a run with those of the previous checkpoint, in a workflow of its own. What fails of it is noted
 * beside the failures of the run and costs the run nothing else.
 *
 * @returns undefined where there is nothing to compare with
 */
export async function compareWithPrevious(
  request: RunRequest,
  plan: RunPlan,
  tracker: RunStateTracker
): Promise<readonly DriftRef[] | undefined> {
  const { execution, spec } = request;
  if (spec.previous === undefined || plan.previous === undefined) return undefined;
  const nothingYet = { total: plan.layers.length, done: 0, cached: 0, failed: 0, running: [], setAside: [] };
  tracker.phase = 'drift';
  tracker.drift = nothingYet;
  setCurrentDetails(tracker.details());
  const left = deadlineOf(execution, workflowInfo().runStartTime) - Date.now();
  const child: DriftRequest = {
    ...request,
    // The child begins now, and gives up when the run does.
    execution: { ...execution, deadlineSeconds: Math.max(0, left / 1000) },
    previous: spec.previous,
    layers: plan.layers,
    previousLayers: plan.previous,
  };
  try {
    const { layers, failures } = await executeChild(drift, {
      workflowId: driftWorkflowId(workflowInfo().workflowId),
      taskQueue: execution.taskQueue,
      args: [child],
    });
    const cached = layers.filter(({ match }) => match.cached).length;
    tracker.drift = { ...nothingYet, done: layers.length, cached, failed: plan.layers.length - layers.length };
    tracker.compared = new Map(layers.map(({ layer, match }) => [layer, match.cached]));
    for (const failure of failures) tracker.failed(failure);
    return layers;
  } catch (error) {
    const failure = asFailure(error, 'drift', []);
    tracker.failed(failure);
    logFailed(failure);
    tracker.drift = { ...nothingYet, failed: plan.layers.length };
    tracker.compared = new Map();
    return [];
  }
}
