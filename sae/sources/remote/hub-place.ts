import { requestRange } from '../../../transport/http';
import { PATIENCE } from '../../../transport/patience';
import type { Patience } from '../../../transport/patience';
import type { ByteRange } from '../../../transport/resumed';
import { Hub, LOGIN } from './hub-client';
import type { HubEntry } from './hub-client';
import { parseHubLocation } from './hub-location';
import type { HubLocation } from './hub-location';
import type { RemoteFile, RemotePlace } from './place';

/**
 * A model repository of the Hugging Face Hub, or the part of it below a path, at the commit that its revision stands for
 * now. Files of Git LFS are known by their SHA-256.
 *
 * @throws InputError when there is no such repository or revision, or it may not be read
 * @throws UnavailableError when the Hub does not answer
 */
export async function openHub(
  location: string,
  env: NodeJS.ProcessEnv = process.env,
  patience: Patience = PATIENCE
): Promise<RemotePlace> {
  const place = parseHubLocation(location);
  const hub = new Hub(location, env, patience);
  const commit = await hub.commitOf(place);
  const entries = await hub.list(place, commit);
  return new HubPlace(location, place, commit, hub, entries);
}

class HubPlace implements RemotePlace {
  readonly pinned: string;
  readonly fullRoot: string;
  readonly namedFile: string | null;
  /** Folder of the repository that paths are relative to, with a slash at its end unless it is empty. */
  private readonly folder: string;

  constructor(
    readonly root: string,
    private readonly location: HubLocation,
    private readonly commit: string,
    private readonly hub: Hub,
    private readonly entries: readonly HubEntry[]
  ) {
    const { repository, path } = location;
    const isFile = entries.some((entry) => entry.path === path);
    const folder = isFile ? path.slice(0, path.lastIndexOf('/') + 1) : `${path}/`;
    this.folder = folder === '/' ? '' : folder;
    this.namedFile = isFile ? path.slice(this.folder.length) : null;
    this.pinned = `hf://${repository}@${commit}${path === '' ? '' : `/${path}`}`;
    this.fullRoot = `hf://${repository}${path === '' ? '' : `/${path}`}`;
  }

  list(): Promise<readonly RemoteFile[]> {
    return Promise.resolve(
      this.entries.map(({ path, bytes, oid, sha256 }) => ({
        path: path.slice(this.folder.length),
        bytes,
        version: `commit ${this.commit.slice(0, 12)}, object ${oid.slice(0, 12)}`,
        ranges: true,
        ...(sha256 !== null && { sha256 }),
      }))
    );
  }

  fetch({ path }: RemoteFile, range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const { endpoint, token } = this.hub;
    const file = `${this.folder}${path}`.split('/').map(encodeURIComponent).join('/');
    return requestRange(
      {
        url: `${endpoint}/${this.location.repository}/resolve/${this.commit}/${file}`,
        name: this.locate(path),
        ...{ signal, loginRemedy: LOGIN },
        ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
      },
      range,
      null
    );
  }

  locate(path: string): string {
    const { repository, revision } = this.location;
    const at = revision === null ? '' : `@${revision}`;
    return `hf://${repository}${at}/${path === '.' ? this.folder.replace(/\/$/, '') : this.folder + path}`.replace(
      /\/$/,
      ''
    );
  }
}
