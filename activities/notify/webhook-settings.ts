import { EnvironmentError } from '../../matching/errors';
import type { WebhookReceiver } from '../../transport/webhook';

/** Shortest key that a secret may hold, in bytes. */
const LEAST_KEY_BYTES = 24;

/**
 * Where this process sends webhooks: `SAE_MATCH_WEBHOOK_URL`, signed with `SAE_MATCH_WEBHOOK_SECRET`, which is `whsec_` and
 * the base64 of the key. Neither ever travels with a run: a history and a manifest are read by many.
 *
 * @throws EnvironmentError when there is no address, or one of the two cannot be used; neither is quoted
 */
export function webhookReceiver(env: NodeJS.ProcessEnv = process.env): WebhookReceiver {
  const { SAE_MATCH_WEBHOOK_URL: address, SAE_MATCH_WEBHOOK_SECRET: secret } = env;
  if (address === undefined || address === '') {
    throw new EnvironmentError('it is not said where webhooks go', {
      ...{ field: 'SAE_MATCH_WEBHOOK_URL', found: 'nothing', expected: 'an address' },
      remedy: 'Set it for every worker with the pool io, or leave out --notify.',
    });
  }
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new EnvironmentError('webhooks cannot go there', {
      ...{ field: 'SAE_MATCH_WEBHOOK_URL', found: 'something else', expected: 'an address that begins with https://' },
    });
  }
  return { url: new URL(address), key: secret === undefined || secret === '' ? null : keyOf(secret) };
}

function keyOf(secret: string): Buffer {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const key = Buffer.from(base64, 'base64');
  if (key.length >= LEAST_KEY_BYTES) return key;
  throw new EnvironmentError('webhooks cannot be signed with that', {
    field: 'SAE_MATCH_WEBHOOK_SECRET',
    found: base64 === '' ? 'something else' : `a key of ${key.length} bytes`,
    expected: `whsec_ and the base64 of at least ${LEAST_KEY_BYTES} bytes`,
    remedy: 'Make one with: echo "whsec_$(openssl rand -base64 32)"',
  });
}
