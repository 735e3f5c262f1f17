import { InputError, UnavailableError } from '../matching/errors';
import type { SaeMatchError } from '../matching/errors';
import { VERSION } from '../matching/version';
import { faultText } from './fault-text';
import type { ByteRange } from './resumed';

/** A request, and how its file is called in errors. */
export interface HttpRequest {
  readonly url: string;
  /** Name in errors: the URL without anything secret. */
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: 'GET' | 'HEAD';
  readonly signal?: AbortSignal;
  /** What to do where the server asks who is asking. */
  readonly loginRemedy?: string;
}

/** How the program calls itself to servers. */
export const USER_AGENT = `sae-match/${VERSION}`;

/**
 * Sends one request, follows redirects, and returns the response when it is a success. Redirects to another host do not
 * carry the authorization on.
 *
 * @throws InputError when there is no such file, it may not be read, or it is another version than asked for
 * @throws UnavailableError when the server does not answer, or says that it cannot at the moment
 */
export async function request({ url, headers, method = 'GET', signal, ...about }: HttpRequest): Promise<Response> {
  const init = {
    method,
    headers: { 'user-agent': USER_AGENT, 'accept-encoding': 'identity', ...headers },
    ...(signal !== undefined && { signal }),
  };
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    throw noAnswer(about.name, error);
  }
  if (response.ok) return response;
  await response.body?.cancel();
  throw statusError(response, about);
}

/**
 * The bytes of a range, also from a server that answers with the whole file.
 *
 * @param version ETag that the file must still have; null where it is not known
 */
export async function* requestRange(
  about: HttpRequest,
  { start, end }: ByteRange,
  version: string | null
): AsyncGenerator<Uint8Array> {
  const headers = {
    ...about.headers,
    range: `bytes=${start}-${end - 1}`,
    // Weak tags never match If-Match, so they are compared below.
    ...(version?.startsWith('"') === true && { 'if-match': version }),
  };
  const response = await request({ ...about, headers });
  const found = response.headers.get('etag');
  if (version !== null && found !== null && found !== version) {
    await response.body?.cancel();
    throw changed(about.name, found, version);
  }
  let skip = response.status === 206 ? 0 : start;
  for await (const chunk of response.body! as AsyncIterable<Uint8Array>) {
    const rest = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - rest.length;
    yield rest;
  }
}

/** The error for a file that is no longer the one that was listed. */
export function changed(file: string, found: string, expected: string): InputError {
  return new InputError('the file changed since it was listed', {
    file,
    found: `version ${found}`,
    expected: `version ${expected}`,
    remedy: 'Start again: the files are looked at anew.',
  });
}

function statusError(response: Response, { name, loginRemedy }: Omit<HttpRequest, 'url'>): SaeMatchError {
  const { status } = response;
  const found = `HTTP status ${status}${response.statusText === '' ? '' : ` ${response.statusText}`}`;
  if (status === 401 || status === 403) {
    return new InputError('the file may not be read', {
      file: name,
      found,
      remedy: loginRemedy ?? 'Ask for access, or download the files to a folder and point at that.',
    });
  }
  if (status === 412 || status === 416) return changed(name, found, 'the one listed');
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const facts = { file: name, found, remedy: 'Try again later.' };
    return new UnavailableError(
      'the server cannot answer now',
      facts,
      retryAfterMs(response.headers.get('retry-after'))
    );
  }
  return new InputError('there is no such file', { file: name, found, remedy: 'Check the address.' });
}

function noAnswer(file: string, error: unknown): UnavailableError {
  return new UnavailableError('the server does not answer', {
    ...{ file, found: faultText(error), cause: error },
    remedy: 'Check the address and the network, then try again.',
  });
}

/** How long a `Retry-After` header asks to be left alone, in milliseconds; 0 where there is none. */
export function retryAfterMs(value: string | null | undefined): number {
  if (value === null || value === undefined) return 0;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
