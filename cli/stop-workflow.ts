import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Session } from './session';

/** A worker learns from its heartbeats that it is to stop, which takes some seconds. */
const PATIENCE_MS = 30_000;
const INTERVAL_MS = 200;

/**
 * Ends a workflow whose results nobody waits for: what it has stored is used again. Returns when it does nothing any more, or
 * when it is clear that the server does not answer.
 */
export async function stopWorkflow(session: Session, handle: WorkflowHandle): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  try {
    await session.call(() => handle.cancel());
    while (Date.now() < end) {
      const { status } = await session.call(() => handle.describe());
      if (status.name !== 'RUNNING') return;
      await sleep(INTERVAL_MS);
    }
    await session.call(() => handle.terminate('its command was left'));
  } catch {
    // It has ended meanwhile, or a server that is gone lets nothing be asked either.
  }
}
