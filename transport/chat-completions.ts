import { EnvironmentError, UnavailableError } from '../matching/errors';
import type { SaeMatchError } from '../matching/errors';
import { faultText } from './fault-text';
import { retryAfterMs, USER_AGENT } from './http';

/** A server of language models with OpenAI's interface. */
export interface ChatEndpoint {
  /** Its base, such as `https://api.openai.com/v1`. */
  readonly base: string;
  /** Null where it wants none. Never in a message. */
  readonly key: string | null;
  readonly timeoutMs: number;
}

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly temperature: number;
}

/** What a server answered. */
export interface ChatAnswer {
  /** Null where it is no completion with a text. */
  readonly content: string | null;
  /** As the server counts them; 0 where it does not say. */
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Why it does not answer this request (its length, a filter), which may be the fault of all requests; absent where it does. */
  readonly refused?: string;
}

/** The request itself is at fault: malformed to the server, too long, or not to be answered. */
const OF_THE_REQUEST: readonly number[] = [400, 413, 422];

/** Answers of a few sentences have some kilobytes. */
const MOST_BYTES = 1 << 20;

/**
 * Asks once: `POST <base>/chat/completions`. Redirects are not followed: they would lead the key to where nobody sent it.
 *
 * @throws UnavailableError when there is no answer in time, or the server says that it cannot at the moment
 * @throws EnvironmentError when it refuses such requests
 */
export async function askChat(endpoint: ChatEndpoint, request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer> {
  const name = chatUrl(endpoint.base);
  try {
    const response = await fetch(name, {
      ...{ method: 'POST', body: JSON.stringify(request), redirect: 'manual' },
      headers: {
        'content-type': 'application/json',
        'user-agent': USER_AGENT,
        ...(endpoint.key !== null && { authorization: `Bearer ${endpoint.key}` }),
      },
      signal: AbortSignal.any([signal, AbortSignal.timeout(endpoint.timeoutMs)]),
    });
    if (response.ok) return answerOf(await textOf(response), endpoint.key);
    const body = await textOf(response);
    if (!OF_THE_REQUEST.includes(response.status)) throw refusal(name, response, body, endpoint.key);
    const refused = `HTTP status ${response.status}${saidIn(body, endpoint.key)}`;
    return { content: null, promptTokens: 0, completionTokens: 0, refused };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EnvironmentError || error instanceof UnavailableError) throw error;
    throw new UnavailableError('the judge does not answer', {
      ...{ file: name, found: faultText(error), expected: `an answer within ${endpoint.timeoutMs / 1000} s` },
      remedy: 'Check --endpoint, --timeout and the network of the worker.',
    });
  }
}

/** Where requests go; a base may name it already. */
export function chatUrl(base: string): string {
  const path = base.replace(/\/+$/, '');
  return path.endsWith('/chat/completions') ? path : `${path}/chat/completions`;
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    // What is longer is no answer of a judge; leaving the loop ends the transfer.
    if (bytes > MOST_BYTES) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function answerOf(body: string, key: string | null): ChatAnswer {
  const value = parse(body) as Partial<Completion> | null;
  const content = value?.choices?.[0]?.message?.content;
  return {
    content: typeof content === 'string' ? withoutKey(content, key) : null,
    promptTokens: countOf(value?.usage?.prompt_tokens),
    completionTokens: countOf(value?.usage?.completion_tokens),
  };
}

/** Of what a server may answer only this is looked at, each part as something that may be of any kind. */
interface Completion {
  readonly choices?: readonly ({ readonly message?: { readonly content?: unknown } | null } | null)[] | null;
  readonly usage?: { readonly prompt_tokens?: unknown; readonly completion_tokens?: unknown } | null;
  readonly error?: { readonly message?: unknown } | null;
}

const countOf = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;

function refusal(file: string, { status, headers }: Response, body: string, key: string | null): SaeMatchError {
  const found = `HTTP status ${status}`;
  if (status === 408 || status === 409 || status === 425 || status === 429 || status >= 500) {
    const facts = { file, found, expected: 'an answer', remedy: 'It is asked again later.' };
    return new UnavailableError('the judge cannot answer now', facts, retryAfterMs(headers.get('retry-after')));
  }
  if (status === 401 || status === 403) {
    return new EnvironmentError('the judge does not let the worker in', {
      ...{ file, found: `${found}, ${key === null ? 'without a key' : 'with a key'}` },
      remedy: 'Set SAE_MATCH_JUDGE_KEY for every worker with the pool io, and start these again.',
    });
  }
  return refusesAll(file, `${found}${saidIn(body, key)}`);
}

/** The error of a server that answers nothing of what it is asked. */
export function refusesAll(file: string, found: string): EnvironmentError {
  return new EnvironmentError('the judge refuses what it is asked', {
    ...{ file, found, expected: 'a success' },
    remedy: 'Check --endpoint and --model.',
  });
}

/** What the body of a refusal says, to be put after its status. */
function saidIn(body: string, key: string | null): string {
  const said = (parse(body) as Partial<Completion> | null)?.error?.message;
  return typeof said === 'string' ? `: ${inOneLine(withoutKey(said, key)).slice(0, 200)}` : '';
}

/** Servers may say back what they were told. */
const withoutKey = (text: string, key: string | null): string =>
  key === null || key === '' ? text : text.replaceAll(key, '…');

/** What servers say may hold line ends, and what terminals take for orders. */
const inOneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
