import { isCancellation, proxySinks } from '@temporalio/workflow';
import type { WorkflowInboundCallsInterceptor, WorkflowInterceptors } from '@temporalio/workflow';
import { asFailure } from './failures';
import type { TraceSinks } from './trace-sinks';

const { traces } = proxySinks<TraceSinks>();

/**
 * Tells the worker when a workflow has ended. The result is passed on as it is: another step before the end of a workflow
 * could change the order of its commands.
 */
const inbound: WorkflowInboundCallsInterceptor = {
  execute: (input, next) => {
    const result = next(input);
    result.then(
      () => {
        traces.workflowEnded({ outcome: 'done', at: Date.now(), error: null });
      },
      (error: unknown) => {
        const end = isCancellation(error)
          ? ({ outcome: 'cancelled', error: null } as const)
          : ({ outcome: 'failed', error: asFailure(error, 'workflow', []).message } as const);
        traces.workflowEnded({ ...end, at: Date.now() });
      }
    );
    return result;
  },
};

/** What the bundle of workflows is built with. */
export const interceptors = (): WorkflowInterceptors => ({ inbound: [inbound] });
