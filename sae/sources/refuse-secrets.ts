import { UsageError } from '../../matching/errors';

/**
 * Refuses a URL with a user name, password or query, before anything keeps it: locations stand in histories of runs,
 * manifests and content of plans. Paths, and `@` in paths as `hf://org/name@revision` has it, are let through.
 *
 * @throws UsageError that does not repeat what may be secret
 */
export function refuseSecrets(location: string): void {
  const [, scheme, authority, path] = /^([a-z][a-z0-9+.-]+):\/\/([^/?#]*)([^]*)$/i.exec(location) ?? [];
  if (scheme === undefined || authority === undefined || path === undefined) return;
  const hasUser = authority.includes('@');
  const hasQuery = /^(https?|hf)$/i.test(scheme) && path.includes('?');
  if (!hasUser && !hasQuery) return;
  throw new UsageError('an address with a password or a query would be kept in manifests and histories', {
    file: `${scheme}://${authority.replace(/^.*@/, '')}${path.replace(/\?.*$/s, '')}`,
    found: hasUser ? 'a user name or password' : 'a query',
    remedy:
      'Leave it out: the Hub takes its token from HF_TOKEN, buckets take credentials from GOOGLE_APPLICATION_CREDENTIALS; ' +
      'from another server download the files to a folder first.',
  });
}
