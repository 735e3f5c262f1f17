import type { InjectedSinks, Logger } from '@temporalio/worker';
import type { ActivityObserver, AttemptObserver } from '../../activities/ports';
import type { TraceSinks } from '../../workflows/trace-sinks';
import { startAttemptSpan } from './attempt-spans';
import { openTracer } from './open-tracer';
import type { OpenTracer } from './open-tracer';
import { traceSettings } from './trace-settings';
import { recordWorkflow } from './workflow-spans';

/** The traces of a worker, or nothing that looks the same. */
export interface WorkerTracing {
  /** Told by workflows; has to be there also where nothing is traced. */
  readonly sinks: InjectedSinks<TraceSinks>;
  /** Adds to what is observed of attempts. */
  readonly observe: (observer: ActivityObserver) => ActivityObserver;
  /** Sends what is left. */
  close(): Promise<void>;
}

/** A worker that ends waits so long for a collector. */
const CLOSING_MS = 5000;
/** A collector that does not answer is told so once in so long. */
const QUIET_MS = 10 * 60 * 1000;

/** Traces as the environment asks for it; see docs/tracing.md. What goes wrong with it costs the worker nothing but a line. */
export async function startTracing(log: Logger): Promise<WorkerTracing> {
  const open = await openIfAsked(log);
  return {
    sinks: {
      traces: {
        workflowEnded: {
          fn: (info, end) => {
            if (open !== null) recordWorkflow(open, info, end);
          },
        },
      },
    },
    observe: (observer) => (open === null ? observer : withSpans(observer, open)),
    close: async () => open?.close(CLOSING_MS),
  };
}

async function openIfAsked(log: Logger): Promise<OpenTracer | null> {
  const settings = traceSettings();
  if (settings === null) return null;
  let toldAt = -Infinity;
  try {
    return await openTracer(settings, (error) => {
      if (performance.now() - toldAt < QUIET_MS) return;
      toldAt = performance.now();
      log.warn('traces are lost', { error });
    });
  } catch (error) {
    log.warn('nothing is traced: the packages of OpenTelemetry cannot be loaded', { error });
    return null;
  }
}

function withSpans(observer: ActivityObserver, open: OpenTracer): ActivityObserver {
  return {
    ...observer,
    attemptStarted: (info) => {
      const observed = observer.attemptStarted(info);
      const span = startAttemptSpan(open, info);
      return span === null ? observed : both(observed, span);
    },
  };
}

const both = (a: AttemptObserver, b: AttemptObserver): AttemptObserver => ({
  facts: { ...a.facts, ...b.facts },
  progressed: (progress) => {
    a.progressed(progress);
    b.progressed(progress);
  },
  ended: (end) => {
    a.ended(end);
    b.ended(end);
  },
});
