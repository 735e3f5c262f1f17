import { webhookReceiver } from '../../../activities/notify/webhook-settings';
import { EnvironmentError } from '../../../matching/errors';

const URL_OF_TESTS = 'https://hooks.example.org/planted-path';
const settings = (secret?: string, url: string | undefined = URL_OF_TESTS) =>
  webhookReceiver({ SAE_MATCH_WEBHOOK_URL: url, ...(secret !== undefined && { SAE_MATCH_WEBHOOK_SECRET: secret }) });

describe('the settings of the webhook', () => {
  it('hold an address and the key inside the secret', () => {
    const key = Buffer.alloc(32, 7);
    expect(settings(`whsec_${key.toString('base64')}`)).toEqual({ url: new URL(URL_OF_TESTS), key });
  });

  it('may do without a secret', () => {
    expect(settings().key).toBeNull();
  });

  it.each([
    ['no address', undefined, ''],
    ['an address that is none', undefined, 'planted-path'],
    ['an address of another scheme', undefined, 'ftp://example.org/planted-path'],
    ['a secret without its prefix', 'planted-secret-planted-secret-00', URL_OF_TESTS],
    ['a short secret', `whsec_${Buffer.from('planted').toString('base64')}`, URL_OF_TESTS],
  ])('refuse %s without quoting it', (_, secret, url) => {
    expect(() => settings(secret, url)).toThrow(EnvironmentError);
    expect(() => settings(secret, url)).not.toThrow(/planted/);
  });
});
