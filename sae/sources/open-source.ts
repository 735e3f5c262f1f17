import { fileURLToPath } from 'node:url';
import { InputError } from '../../matching/errors';
import { openCache } from '../../transport/cache/open-cache';
import { openLocalSource } from './local-source';
import { openGcsPlace } from './remote/gcs-place';
import { openHttps } from './remote/https-place';
import { isHubPage } from './remote/hub-location';
import { openHub } from './remote/hub-place';
import type { RemotePlace } from './remote/place';
import { RemoteSource } from './remote/remote-source';
import { refuseSecrets } from './refuse-secrets';
import type { SaeSource } from './source';

/** A way to open locations that begin with `<scheme>:`. Another kind of source is one more line here. */
const OPENERS: Readonly<Record<string, (location: string) => Promise<SaeSource>>> = {
  file: (location) => openLocalSource(fileURLToPath(location)),
  hf: (location) => remote(openHub(location)),
  gs: (location) => remote(openGcsPlace(location)),
  https: openWeb,
  http: openWeb,
};

/**
 * Opens the place that `location` names: a folder or a file of this machine, or a URL of a scheme that this version
 * reads.
 *
 * @throws UsageError when the location has a password or a query in it
 * @throws InputError when the scheme is unknown, or the location does not exist or cannot be read.
 * @throws UnavailableError when the place does not answer
 */
export async function openSource(location: string): Promise<SaeSource> {
  refuseSecrets(location);
  // One letter is a Windows drive, not a scheme.
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(location)?.[1]?.toLowerCase();
  if (scheme === undefined) return openLocalSource(location);
  const opener = Object.hasOwn(OPENERS, scheme) ? OPENERS[scheme] : undefined;
  if (opener !== undefined) return opener(location);
  throw new InputError('this version cannot read from such a location', {
    file: location,
    found: `scheme ${scheme}://`,
    expected: `a local folder or file, or ${Object.keys(OPENERS)
      .map((name) => `${name}://`)
      .join(', ')}`,
    remedy: 'Download the SAEs to a local folder first.',
  });
}

function openWeb(location: string): Promise<SaeSource> {
  return remote(isHubPage(location) ? openHub(location) : openHttps(location));
}

async function remote(place: Promise<RemotePlace>): Promise<SaeSource> {
  return new RemoteSource(await place, openCache());
}
