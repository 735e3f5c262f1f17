import { InputError, SaeMatchError, UnavailableError } from '../../../matching/errors';
import { request, requestRange } from '../../../transport/http';
import { PATIENCE, patiently } from '../../../transport/patience';
import type { Patience } from '../../../transport/patience';
import type { ByteRange } from '../../../transport/resumed';
import { parseHubLocation } from './hub-location';
import type { HubLocation } from './hub-location';
import { hubEndpoint, hubToken } from './hub-settings';
import type { RemoteFile, RemotePlace } from './place';

const LOGIN = 'Set HF_TOKEN to a token that may read it, and accept its conditions on its page where it has some.';

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
  const hub = new Hub(location, hubEndpoint(env), hubToken(env), patience);
  const commit = await hub.commitOf(place);
  const entries = await hub.list(place, commit);
  return new HubPlace(location, place, commit, hub, entries);
}

interface HubEntry {
  /** Path in the repository. */
  readonly path: string;
  readonly bytes: number;
  readonly oid: string;
  readonly sha256: string | null;
}

/** The calls to the Hub's interface, with the patience and the errors of ours. */
class Hub {
  constructor(
    private readonly name: string,
    readonly endpoint: string,
    readonly token: string | null,
    private readonly patience: Patience
  ) {}

  async commitOf({ repository, revision }: HubLocation): Promise<string> {
    const { modelInfo } = await import('@huggingface/hub');
    const info: { readonly sha?: unknown } = await this.call(() =>
      modelInfo({ ...this.access(), name: repository, revision: revision ?? 'main', additionalFields: ['sha'] })
    );
    if (typeof info.sha === 'string') return info.sha;
    throw new InputError('the Hub does not say which commit this is', {
      file: this.name,
      field: 'sha',
      found: 'nothing',
    });
  }

  /** The files below a path; that path itself where it is a file, and its neighbours. */
  async list({ repository, path }: HubLocation, commit: string): Promise<readonly HubEntry[]> {
    const walk = (folder: string, recursive: boolean): Promise<readonly HubEntry[]> =>
      this.call(async () => {
        const { listFiles } = await import('@huggingface/hub');
        const found: HubEntry[] = [];
        const where = { repo: repository, revision: commit, recursive, ...(folder !== '' && { path: folder }) };
        for await (const { type, path: file, size, oid, lfs } of listFiles({ ...this.access(), ...where })) {
          if (type === 'file')
            found.push({ path: file, bytes: lfs?.size ?? size, oid: oid ?? '', sha256: lfs?.oid ?? null });
        }
        return found;
      });
    if (path === '') return walk('', true);
    // A path with an ending may be a file, which only the listing of its folder tells.
    const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
    if (/\.[a-z0-9]+$/i.test(path)) {
      const neighbours = await walk(folder, false);
      if (neighbours.some((entry) => entry.path === path)) return neighbours;
    }
    return walk(path, true);
  }

  private access(): { hubUrl: string; accessToken?: string; fetch: typeof fetch } {
    const ours: typeof fetch = (url, init) =>
      request({
        ...{ url: new Request(url).url, name: this.name, loginRemedy: LOGIN },
        headers: Object.fromEntries(new Headers(init?.headers)),
      });
    return { hubUrl: this.endpoint, ...(this.token !== null && { accessToken: this.token }), fetch: ours };
  }

  private call<T>(attempt: () => Promise<T>): Promise<T> {
    return patiently(this.patience, async () => {
      try {
        return await attempt();
      } catch (error) {
        if (error instanceof SaeMatchError) throw error;
        const found = error instanceof Error ? error.message : String(error);
        if (/access token/i.test(found))
          throw new InputError('the token of the Hub is not one', { field: 'HF_TOKEN', found });
        throw new UnavailableError('the Hub does not answer as expected', { file: this.name, found, cause: error });
      }
    });
  }
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
