import { z } from 'zod';
import { InputError, SaeMatchError, UnavailableError } from '../../../matching/errors';
import { request } from '../../../transport/http';
import { patiently } from '../../../transport/patience';
import type { Patience } from '../../../transport/patience';
import type { HubLocation } from './hub-location';
import { hubEndpoint, hubToken } from './hub-settings';

/** What to do where the Hub asks who is asking. */
export const LOGIN =
  'Set HF_TOKEN to a token that may read it, and accept its conditions on its page where it has some.';

/** A file of a repository at one commit. */
export interface HubEntry {
  /** Path in the repository. */
  readonly path: string;
  readonly bytes: number;
  readonly oid: string;
  readonly sha256: string | null;
}

/** A branch, a tag or a commit, and the commit that it stands for now. */
export interface HubRevision {
  readonly name: string;
  readonly commit: string;
}

const refs = z.array(z.object({ name: z.string(), targetCommit: z.string() }));
const refsSchema = z.object({ branches: refs, tags: refs.optional() });

/** The calls to the Hub's interface, with the patience and the errors of ours. */
export class Hub {
  readonly endpoint: string;
  readonly token: string | null;

  /** @param name location that errors name */
  constructor(
    private readonly name: string,
    env: NodeJS.ProcessEnv,
    private readonly patience: Patience
  ) {
    this.endpoint = hubEndpoint(env);
    this.token = hubToken(env);
  }

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

  /** The branches and tags of a repository; a tag hides the branch of its name. */
  async revisions({ repository }: HubLocation): Promise<readonly HubRevision[]> {
    // The Hub's own client has no call for it.
    const answer: unknown = await this.call(async () => {
      const { fetch: ask, accessToken } = this.access();
      const headers = accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` };
      return (await ask(`${this.endpoint}/api/models/${repository}/refs`, { headers })).json();
    });
    const parsed = refsSchema.safeParse(answer);
    if (!parsed.success) {
      throw new InputError('the Hub does not say which revisions there are', {
        ...{ file: this.name, field: parsed.error.issues[0]!.path.join('.'), found: parsed.error.issues[0]!.message },
      });
    }
    const { branches, tags = [] } = parsed.data;
    const byName = new Map([...branches, ...tags].map(({ name, targetCommit }) => [name, targetCommit]));
    return [...byName].map(([name, commit]) => ({ name, commit }));
  }

  /** The commits that led to a revision, the oldest first. */
  async commits({ repository, revision }: HubLocation): Promise<readonly string[]> {
    const newestFirst = await this.call(async () => {
      const { listCommits } = await import('@huggingface/hub');
      const found: string[] = [];
      const where = { repo: repository, revision: revision ?? 'main', batchSize: 1000 };
      for await (const { oid } of listCommits({ ...this.access(), ...where })) found.push(oid);
      return found;
    });
    return newestFirst.reverse();
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
