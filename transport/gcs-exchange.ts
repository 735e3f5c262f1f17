import { request as requestPlain } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';
import { EnvironmentError, UnavailableError } from '../matching/errors';
import type { SaeMatchError } from '../matching/errors';
import { VERSION } from '../matching/version';
import { faultText } from './fault-text';
import { LOGIN_REMEDY } from './gcs';
import type { GcsAccess } from './gcs-access';
import { retryAfterMs } from './http';

/** A request to the JSON interface of Cloud Storage. */
export interface GcsRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query, or the whole URL of an upload session. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: readonly Uint8Array[];
}

export interface ExchangeOptions {
  /** What is asked about, in errors: a `gs://` URL. */
  readonly name: string;
  /** The exchange is given up when not a byte has moved in either direction for so long. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends one request, once, and returns the response, whose body the caller reads or destroys. Statuses that mean the same
 * for every request are thrown; 404, 412 and the like are left to the caller.
 *
 * The client's own methods are not used here: they take no abort signal, do not notice a transfer that stalls, and hide
 * how much of an upload has arrived.
 *
 * @throws UnavailableError when the bucket does not answer, or says that it cannot at the moment
 * @throws EnvironmentError when there are no credentials, or they are not enough
 */
export async function exchange(
  access: GcsAccess,
  request: GcsRequest,
  options: ExchangeOptions
): Promise<IncomingMessage> {
  let response = await send(access.origin, request, await access.authorization(), options);
  if (response.statusCode === 401) {
    response.destroy();
    response = await send(access.origin, request, await access.authorization(true), options);
  }
  const fault = await commonFault(response, options.name);
  if (fault === null) return response;
  response.destroy();
  throw fault;
}

/** The whole body of a response. @throws UnavailableError when it breaks off */
export async function readBody(response: IncomingMessage, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    throw noAnswer(name, error);
  }
  return Buffer.concat(chunks);
}

/** The error for a status that nothing but a person can change; `body` where it has been read. */
export async function refusal(response: IncomingMessage, name: string, body?: Buffer): Promise<EnvironmentError> {
  const found = statusText(response, body ?? (await readBody(response, name)));
  return new EnvironmentError('the bucket refuses the request', { file: name, found, remedy: 'Check the address.' });
}

/** The error for a bucket that does not answer. */
export function noAnswer(file: string, cause: unknown): UnavailableError {
  const found = faultText(cause);
  return new UnavailableError('the bucket does not answer', { file, found, cause, remedy: 'Try again later.' });
}

function send(
  origin: string,
  { method, target, headers, body = [] }: GcsRequest,
  authorization: Readonly<Record<string, string>>,
  { name, stallMs, signal }: ExchangeOptions
): Promise<IncomingMessage> {
  const url = new URL(target, origin);
  const length = body.reduce((sum, part) => sum + part.byteLength, 0);
  const carriesBody = method === 'POST' || method === 'PUT';
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === 'http:' ? requestPlain : requestSecure)(url, {
      method,
      headers: {
        'user-agent': `sae-match/${VERSION}`,
        ...(carriesBody && { 'content-length': length }),
        ...headers,
        ...authorization,
      },
      // As an option it also bounds how long connecting may take.
      timeout: stallMs,
      ...(signal !== undefined && { signal }),
    });
    let incoming: IncomingMessage | null = null;
    outgoing.on('timeout', () => {
      (incoming ?? outgoing).destroy(new Error(`no byte for ${stallMs / 1000} s`));
    });
    outgoing.on('response', (response) => {
      resolve((incoming = response));
    });
    outgoing.on('error', (error) => {
      reject(noAnswer(name, error));
    });
    for (const part of body) outgoing.write(part);
    outgoing.end();
  });
}

async function commonFault(response: IncomingMessage, name: string): Promise<SaeMatchError | null> {
  const status = response.statusCode!;
  const passing = status === 408 || status === 429 || status >= 500;
  if (!passing && status !== 401 && status !== 403) return null;
  const body = await readBody(response, name);
  const facts = { file: name, found: statusText(response, body) };
  if (passing || /rateLimitExceeded/i.test(body.toString('latin1'))) {
    const waitMs = retryAfterMs(response.headers['retry-after']);
    return new UnavailableError('the bucket cannot answer now', { ...facts, remedy: 'Try again later.' }, waitMs);
  }
  if (status === 401) return new EnvironmentError('the bucket asks who is asking', { ...facts, remedy: LOGIN_REMEDY });
  return new EnvironmentError('the bucket does not allow this', {
    ...facts,
    remedy: 'Ask for the role Storage Object User on the bucket, or choose another place.',
  });
}

/** `HTTP status 403: <what the server says>`. */
function statusText({ statusCode }: IncomingMessage, body: Buffer): string {
  const status = `HTTP status ${statusCode!}`;
  try {
    const { error } = JSON.parse(body.toString('utf8')) as { error?: { message?: unknown } };
    if (typeof error?.message === 'string' && error.message !== '') return `${status}: ${error.message}`;
  } catch {
    // Proxies and load balancers answer in HTML.
  }
  return status;
}
