import { runFolder } from '../../artifacts/layout';
import { findRunManifest } from '../../artifacts/run-manifest';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { deliver } from '../../transport/webhook';
import type { RunEventInput } from '../../workflows/activity-types';
import { notKept } from './not-kept';
import { driftExceeded, runEnded, runEndedWithout } from './run-event';
import type { RunEvent } from './run-event';
import { webhookReceiver } from './webhook-settings';

/**
 * Tells the webhook of this process that a run ended, or that its drift was too large; of a drift that was not, nothing.
 *
 * @throws UnavailableError when the receiver did not take it, and may later
 * @throws EnvironmentError when there is no receiver, or it wants no more
 */
export async function sendRunEvent(
  store: ObjectStore,
  input: RunEventInput,
  now: Date,
  signal: AbortSignal
): Promise<void> {
  const receiver = webhookReceiver();
  const event = await eventOf(store, input, now);
  if (event === null) return;
  await deliver(receiver, { id: input.id, body: JSON.stringify(event) }, now, signal);
}

async function eventOf(
  store: ObjectStore,
  { request, about, error }: RunEventInput,
  now: Date
): Promise<RunEvent | null> {
  const location = store.url(runFolder(request.runId));
  if (error !== null) return runEndedWithout(error, request, location, now);
  const manifest = await findRunManifest(store, request.runId);
  // Another run of the same id has begun since; it tells its own end.
  if (manifest === null) return null;
  if (about === 'run') return runEnded(manifest, request, location);
  return driftExceeded(manifest, request, location, await notKept(store, manifest));
}
