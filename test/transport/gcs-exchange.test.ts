import { EnvironmentError, UnavailableError } from '../../matching/errors';
import type { GcsAccess } from '../../transport/gcs-access';
import { exchange, readBody } from '../../transport/gcs-exchange';
import { startWebServer } from '../support/web-server';
import type { WebServer } from '../support/web-server';

let server: WebServer;
let answers: readonly (readonly [status: number, body: string, headers?: Record<string, string> | undefined])[];
beforeAll(async () => {
  server = await startWebServer(({ requests }) => (_, response) => {
    const [status, body, headers] = answers[Math.min(requests.length, answers.length) - 1]!;
    response.writeHead(status, headers).end(body);
  });
});
beforeEach(() => server.requests.splice(0));
afterAll(() => server.close());

function ask(): ReturnType<typeof exchange> {
  let tokens = 0;
  const access: GcsAccess = {
    origin: server.url,
    authorization: (fresh) => Promise.resolve({ authorization: `Bearer ${fresh === true ? ++tokens : tokens}` }),
  };
  return exchange(access, { method: 'GET', target: '/x' }, { name: 'gs://bucket/x', stallMs: 10_000 });
}

test('a token that is refused is replaced, once', async () => {
  answers = [
    [401, ''],
    [200, 'content'],
  ];
  expect((await readBody(await ask(), 'x')).toString()).toBe('content');
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer 0', 'Bearer 1']);
});

test('who is refused twice has to log in', async () => {
  answers = [[401, JSON.stringify({ error: { message: 'Invalid Credentials' } })]];
  await expect(ask()).rejects.toThrow(EnvironmentError);
  await expect(ask()).rejects.toThrow(/HTTP status 401: Invalid Credentials\)\. Log in/);
});

test.each([404, 412, 416, 308])('status %d is left to the caller', async (status) => {
  answers = [[status, '']];
  expect((await ask()).statusCode).toBe(status);
});

test.each([
  [429, 'slow down', { 'retry-after': '7' }, 7000],
  [503, '<html>', undefined, 0],
  [408, '', undefined, 0],
  [403, JSON.stringify({ error: { message: 'x', errors: [{ reason: 'userRateLimitExceeded' }] } }), undefined, 0],
])('status %d, "%s" may pass', async (status, body, headers, retryAfterMs) => {
  answers = [[status, body, headers]];
  const asked = ask();
  await expect(asked).rejects.toThrow(UnavailableError);
  await expect(asked).rejects.toMatchObject({ retryAfterMs, facts: { file: 'gs://bucket/x' } });
});

test('a connection that is refused may pass', async () => {
  const access = { origin: 'http://127.0.0.1:9', authorization: () => Promise.resolve({}) };
  const asked = exchange(access, { method: 'GET', target: '/x' }, { name: 'gs://bucket/x', stallMs: 10_000 });
  await expect(asked).rejects.toThrow(UnavailableError);
  await expect(asked).rejects.toThrow(/ECONNREFUSED/);
});
