import { UnavailableError } from '../../matching/errors';
import { isUnavailable } from '../is-unavailable';
import type { Session } from '../session';

/** The server carries out such a request in several steps, which take it seconds when it is busy. */
const LIMIT_MS = 60_000;

/**
 * Carries out a request about a deployment, which has more time than others.
 *
 * @throws UnavailableError when the server does not answer in that time
 */
export async function askServer<T>(session: Session, request: () => Promise<T>): Promise<T> {
  try {
    return await session.call(() => session.client.withDeadline(Date.now() + LIMIT_MS, request));
  } catch (cause) {
    if (!isUnavailable(cause)) throw cause;
    throw new UnavailableError('the Temporal server does not answer', {
      ...{ expected: `an answer within ${LIMIT_MS / 1000} s`, cause },
      remedy: 'Give the same command again; it does no harm when it was carried out already.',
    });
  }
}
