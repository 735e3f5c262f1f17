import type { RequestListener } from 'node:http';
import { EnvironmentError, UnavailableError } from '../../matching/errors';
import { askChat, chatUrl } from '../../transport/chat-completions';
import type { ChatAnswer } from '../../transport/chat-completions';
import { startWebServer } from '../support/web-server';
import type { WebServer } from '../support/web-server';

const KEY = 'secret-key';
const never = new AbortController().signal;
const REQUEST = { model: 'm', messages: [{ role: 'user', content: 'x' }], temperature: 0 };

let server: WebServer;
let respond: RequestListener;

beforeAll(async () => {
  server = await startWebServer(() => (request, response) => {
    respond(request, response);
  });
});
afterAll(() => server.close());

const ask = (key: string | null = KEY): Promise<ChatAnswer> =>
  askChat({ base: `${server.url}/v1`, key, timeoutMs: 2000 }, REQUEST, never);
const answers = (body: string, status = 200, headers = {}): void => {
  respond = (_, response) => void response.writeHead(status, headers).end(body);
};
const completion = (content: unknown, more = {}): string =>
  JSON.stringify({ choices: [{ message: { content } }], ...more });

describe('asking a judge', () => {
  it.each([
    ['https://x/v1', 'https://x/v1/chat/completions'],
    ['https://x/v1/', 'https://x/v1/chat/completions'],
    ['https://x/v1/chat/completions', 'https://x/v1/chat/completions'],
  ])('at %s goes to %s', (base, url) => {
    expect(chatUrl(base)).toBe(url);
  });

  it('gives the text and the tokens, and names itself only where it has a key', async () => {
    answers(completion('yes', { usage: { prompt_tokens: 3, completion_tokens: 4 } }));
    expect(await ask()).toEqual({ content: 'yes', promptTokens: 3, completionTokens: 4 });
    expect(server.requests.at(-1)!.headers.authorization).toBe(`Bearer ${KEY}`);
    await ask(null);
    expect(server.requests.at(-1)!.headers.authorization).toBeUndefined();
  });

  it.each([
    ...['', '<html>', 'null', '5', '"x"', '[]', '{}', '{"choices":5}', '{"choices":[]}', '{"choices":[null]}'],
    ...['{"choices":[{"message":null}]}', completion(null), completion(7), completion(['x'])],
    // Longer than any answer.
    completion('x'.repeat(2 << 20)),
  ])('gets no text from %.40s', async (body) => {
    answers(body);
    expect((await ask()).content).toBeNull();
  });

  it.each([[{ prompt_tokens: -1 }], [{ prompt_tokens: '9' }], [{ prompt_tokens: 1.5 }], ['many'], [null]])(
    'counts no tokens by %j',
    async (usage) => {
      answers(completion('yes', { usage }));
      expect(await ask()).toEqual({ content: 'yes', promptTokens: 0, completionTokens: 0 });
    }
  );

  it.each([408, 409, 425, 429, 500, 503])('may succeed later after status %d, and says when', async (status) => {
    answers('', status, { 'retry-after': '7200' });
    const error = await ask().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UnavailableError);
    expect((error as UnavailableError).retryAfterMs).toBe(7_200_000);
  });

  it.each([400, 413, 422])('tells that the request was refused with status %d, and asks no more', async (status) => {
    answers(JSON.stringify({ error: { message: 'too long' } }), status);
    const before = server.requests.length;
    expect(await ask()).toMatchObject({ content: null, refused: `HTTP status ${status}: too long` });
    expect(server.requests.length).toBe(before + 1);
  });

  it.each([301, 401, 403, 404])('is given up after status %d', async (status) => {
    answers('', status, { location: `${server.url}/elsewhere` });
    const before = server.requests.length;
    await expect(ask()).rejects.toThrow(EnvironmentError);
    expect(server.requests.length).toBe(before + 1);
  });

  it('never says the key, also where the server does', async () => {
    answers(completion(`you are ${KEY}`));
    expect((await ask()).content).toBe('you are …');
    answers(JSON.stringify({ error: { message: `bad\u001b[2J ${KEY}\n` } }), 400);
    expect((await ask()).refused).toBe('HTTP status 400: bad [2J … ');
  });

  it('may succeed later after silence and broken connections', async () => {
    respond = (request) => void request.socket.destroy();
    await expect(ask()).rejects.toThrow(UnavailableError);
    respond = () => undefined;
    const silence = askChat({ base: server.url, key: null, timeoutMs: 50 }, REQUEST, never);
    await expect(silence).rejects.toThrow('expected an answer within 0.05 s');
  });

  it('ends when it is told to', async () => {
    const abort = new AbortController();
    respond = () => {
      abort.abort();
    };
    const asking = askChat({ base: server.url, key: null, timeoutMs: 5000 }, REQUEST, abort.signal);
    await expect(asking).rejects.toThrow('aborted');
  });
});
