import { createHmac } from 'node:crypto';
import { EnvironmentError, UnavailableError } from '../matching/errors';
import type { SaeMatchError } from '../matching/errors';
import { faultText } from './fault-text';
import { retryAfterMs, USER_AGENT } from './http';

/** Where webhooks go, and the key they are signed with. */
export interface WebhookReceiver {
  readonly url: URL;
  /** Null where deliveries are not signed. */
  readonly key: Buffer | null;
}

/** One message; the receiver may get it several times and knows it by its id. */
export interface WebhookMessage {
  readonly id: string;
  /** JSON. */
  readonly body: string;
}

/** A receiver that has not answered by then is asked again later. */
const ANSWER_MS = 15_000;

/**
 * Delivers a message once, signed as the Standard Webhooks specification 1.0 says: headers `webhook-id`,
 * `webhook-timestamp` (seconds since the epoch) and `webhook-signature`, `v1,` and the base64 of the HMAC-SHA256 of
 * `<id>.<timestamp>.<body>`. Redirects are not followed: they would lead a message to where nobody sent it.
 *
 * @throws UnavailableError when there is no answer, or not a success: the same message may be delivered later
 * @throws EnvironmentError when the receiver says that it wants no more messages, or is elsewhere
 */
export async function deliver(
  receiver: WebhookReceiver,
  { id, body }: WebhookMessage,
  now: Date,
  signal: AbortSignal
): Promise<void> {
  const timestamp = Math.floor(now.getTime() / 1000);
  let response: Response;
  try {
    response = await fetch(receiver.url, {
      ...{ method: 'POST', body, redirect: 'manual' },
      headers: {
        'content-type': 'application/json',
        'user-agent': USER_AGENT,
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        ...(receiver.key !== null && { 'webhook-signature': signature(receiver.key, `${id}.${timestamp}.${body}`) }),
      },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new UnavailableError('the receiver of webhooks does not answer', {
      ...{ file: receiver.url.host, found: faultText(error) },
      remedy: 'Check SAE_MATCH_WEBHOOK_URL and the network of the worker.',
    });
  }
  await response.body?.cancel();
  if (!response.ok) throw refusal(receiver.url.host, response);
}

const signature = (key: Buffer, content: string): string =>
  `v1,${createHmac('sha256', key).update(content).digest('base64')}`;

/** Only the host is named: the path of such an address is often its secret. */
function refusal(file: string, { status, headers }: Response): SaeMatchError {
  const found = `HTTP status ${status}`;
  if (status === 410) {
    return new EnvironmentError('the receiver of webhooks wants no more of them', {
      ...{ file, found, remedy: 'Leave out --notify, or give workers another SAE_MATCH_WEBHOOK_URL.' },
    });
  }
  if (status >= 300 && status < 400) {
    return new EnvironmentError('the receiver of webhooks is elsewhere', {
      ...{ file, found, expected: 'a success', remedy: 'Give workers its new address as SAE_MATCH_WEBHOOK_URL.' },
    });
  }
  const facts = { file, found, expected: 'a success', remedy: 'Look at what the receiver says of it.' };
  return new UnavailableError(
    'the receiver of webhooks did not take one',
    facts,
    retryAfterMs(headers.get('retry-after'))
  );
}
