import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { CancelledError, EnvironmentError, UnavailableError } from '../../../matching/errors';
import { gcsAccess } from '../../../transport/gcs-access';
import { exchange, readBody, refusal } from '../../../transport/gcs-exchange';
import type { GcsRequest } from '../../../transport/gcs-exchange';
import { patiently } from '../../../transport/patience';
import type { Patience } from '../../../transport/patience';
import { ObjectNotFoundError } from '../object-store';

/** What the bucket knows of an object. */
export interface GcsObject {
  readonly name: string;
  readonly bytes: number;
  /** CRC32C as in {@link StoredObject}. */
  readonly crc32c: string;
  /** Number of this version of the object. */
  readonly generation: string;
  readonly updated: Date;
}

const objectSchema = z
  .object({
    name: z.string(),
    size: z.string().regex(/^\d+$/).transform(Number),
    crc32c: z.string(),
    generation: z.string(),
    updated: z.coerce.date(),
  })
  .transform(({ size, ...object }): GcsObject => ({ ...object, bytes: size }));

const pageSchema = z.object({
  items: z.array(z.object({ name: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});

const rewriteSchema = z.object({ done: z.boolean(), rewriteToken: z.string().optional() });

/** One bucket: what is asked about objects by their full names, each request as often as patience says. */
export class GcsBucket {
  constructor(
    readonly name: string,
    readonly patience: Patience
  ) {}

  /** `gs://<bucket>/<object>`. */
  url(object: string): string {
    return `gs://${this.name}/${object}`;
  }

  /**
   * Sends one request, once.
   *
   * @param object what errors name
   * @throws UnavailableError, EnvironmentError
   * @throws CancelledError when the signal is aborted
   */
  async ask(object: string, request: GcsRequest, signal?: AbortSignal): Promise<IncomingMessage> {
    const options = { name: this.url(object), stallMs: this.patience.stallMs, signal };
    try {
      return await exchange(await gcsAccess(), request, options);
    } catch (error) {
      throw signal?.aborted === true ? new CancelledError(`writing ${options.name}`) : error;
    }
  }

  /** The object as it is now, null when there is none. */
  async find(object: string): Promise<GcsObject | null> {
    const target = `${this.path(object)}?fields=name,size,crc32c,generation,updated`;
    return this.asking(object, { method: 'GET', target }, async (response) => {
      if (response.statusCode !== 404) return this.objectOf(response, object);
      response.resume();
      return null;
    });
  }

  /** Names that start with `prefix`, as the bucket sorts them. @throws EnvironmentError when there is no such bucket */
  async names(prefix: string, pageSize: number): Promise<string[]> {
    const names: string[] = [];
    for (let token: string | undefined = ''; token !== undefined;) {
      const query = new URLSearchParams({ prefix, maxResults: String(pageSize), fields: 'items(name),nextPageToken' });
      if (token !== '') query.set('pageToken', token);
      const request = { method: 'GET', target: `/storage/v1/b/${this.name}/o?${query.toString()}` } as const;
      const page: z.infer<typeof pageSchema> = await this.asking(prefix, request, (response) =>
        this.parse(pageSchema, response, prefix)
      );
      names.push(...page.items.map(({ name }) => name));
      token = page.nextPageToken;
    }
    return names;
  }

  /**
   * Removes an object; one that is not there is no error.
   *
   * @param generation only this version of it
   */
  async remove(object: string, generation?: string): Promise<void> {
    const query = generation === undefined ? '' : `?ifGenerationMatch=${generation}`;
    await this.asking(object, { method: 'DELETE', target: `${this.path(object)}${query}` }, async (response) => {
      const { statusCode } = response;
      const gone = statusCode === 200 || statusCode === 204 || statusCode === 404 || statusCode === 412;
      if (!gone) throw await refusal(response, this.url(object));
      response.resume();
    });
  }

  /** Copies an object inside the bucket, without its content coming here. @throws ObjectNotFoundError */
  async copy(from: string, to: string): Promise<void> {
    const target = `${this.path(from)}/rewriteTo${this.path(to).slice('/storage/v1'.length)}`;
    // A large object may take several calls, each of which goes on where the last one stopped.
    for (let token: string | undefined = ''; token !== undefined;) {
      const query: string = token === '' ? '' : `?rewriteToken=${encodeURIComponent(token)}`;
      const step = await this.asking(from, { method: 'POST', target: target + query }, (response) => {
        if (response.statusCode === 404) throw new ObjectNotFoundError(this.url(from));
        return this.parse(rewriteSchema, response, from);
      });
      token = step.done ? undefined : step.rewriteToken;
    }
  }

  /** The object that a successful response describes. @throws UnavailableError, EnvironmentError */
  objectOf(response: IncomingMessage, object: string): Promise<GcsObject> {
    return this.parse(objectSchema, response, object);
  }

  /** Path of an object in the JSON interface. */
  path(object: string): string {
    return `/storage/v1/b/${this.name}/o/${encodeURIComponent(object)}`;
  }

  private asking<T>(
    object: string,
    request: GcsRequest,
    read: (response: IncomingMessage) => T | Promise<T>
  ): Promise<T> {
    return patiently(this.patience, async () => read(await this.ask(object, request)));
  }

  private async parse<T>(schema: z.ZodType<T>, response: IncomingMessage, object: string): Promise<T> {
    const file = this.url(object);
    if (response.statusCode === 404) throw this.missing();
    if (response.statusCode !== 200) throw await refusal(response, file);
    const text = (await readBody(response, file)).toString('utf8');
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      // Cut or damaged on the way: a whole answer always has this form.
      throw new UnavailableError('the answer of the bucket cannot be read', { file, found: text.slice(0, 60), cause });
    }
  }

  /** The error for a bucket that is not there. */
  missing(): EnvironmentError {
    return new EnvironmentError('there is no such bucket', {
      file: `gs://${this.name}`,
      remedy: 'Create it, or correct --out; `gcloud storage buckets list` shows those there are.',
    });
  }
}
