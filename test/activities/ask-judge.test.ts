import { join } from 'node:path';
import { askJudge } from '../../activities/judgement/ask-judge';
import { meaningsObject } from '../../activities/judgement/keys';
import { distinctQuestions, findAnswer } from '../../activities/judgement/questions';
import type { DrawnPair } from '../../activities/judgement/meanings';
import { putRecord } from '../../artifacts/record';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { openStore } from '../../artifacts/store/open-store';
import { EnvironmentError, UnavailableError } from '../../matching/errors';
import type { AskedPair, JudgeChoice } from '../../workflows/judgement-types';
import { scratchFolder } from '../sae/support';
import { labelOf, startJudgeServer } from '../support/judge-server';
import type { JudgeServer } from '../support/judge-server';
import { startWebServer } from '../support/web-server';

const scratch = scratchFolder();
const KEY = 'a'.repeat(64);
const PAIRS = 6;
const pair = { source: 0, target: 1, key: KEY, rows: PAIRS, cached: false };
const rows = Array.from({ length: PAIRS }, (_, feature): DrawnPair => {
  const descriptions = [`word${feature}`, feature === 0 ? 'word0' : `longer word ${feature}`] as const;
  return { method: 'matched', source: feature, target: feature, lexical: 0, mse: null, descriptions };
});
const questions = distinctQuestions(rows, 'm');

let server: JudgeServer;
let stores = 0;

beforeAll(async () => {
  server = await startJudgeServer();
});
afterAll(() => server.close());

async function storeWithRows(): Promise<ObjectStore> {
  const store = openStore(join(scratch, `store-${stores++}`));
  await putRecord(store, meaningsObject(KEY), { figures: [], rows });
  return store;
}

function ask(store: ObjectStore, more: Partial<JudgeChoice> = {}): Promise<AskedPair> {
  const choice = { endpoint: server.base, model: 'm', requestsPerMinute: null, parallel: 2, timeoutSeconds: 5 };
  const context = { key: null, signal: new AbortController().signal, onProgress: () => undefined };
  return askJudge(store, { judge: { ...choice, ...more }, pair }, context);
}

const stored = async (store: ObjectStore): Promise<number> => {
  const found = await Promise.all(questions.map(({ key }) => findAnswer(store, key)));
  return found.filter((answer) => answer !== null).length;
};

describe('asking a judge about a pair of layers', () => {
  it('asks each question once, the same descriptions in both orders as one, and stores what is answered', async () => {
    const store = await storeWithRows();
    expect(questions).toHaveLength(2 * PAIRS - 1);
    expect(await ask(store)).toMatchObject({ answered: questions.length, asked: questions.length });
    for (const { key, first, second } of questions) {
      expect(await findAnswer(store, key)).toMatchObject({ label: labelOf({ first, second }), attempts: 1 });
    }
    const seen = server.seen.length;
    expect(await ask(store)).toMatchObject({ answered: questions.length, asked: 0 });
    expect(server.seen.length).toBe(seen);
  });

  it('keeps what was under way when the judge refuses, and begins nothing more', async () => {
    const store = await storeWithRows();
    let requests = 0;
    const refusing = await startWebServer(() => (_, response) => {
      requests += 1;
      if (requests === 2) response.writeHead(403).end();
      else response.end(JSON.stringify({ choices: [{ message: { content: 'Label: 1' } }] }));
    });
    try {
      await expect(ask(store, { endpoint: refusing.url })).rejects.toThrow(EnvironmentError);
      expect(await stored(store)).toBe(requests - 1);
      expect(requests).toBeLessThan(questions.length);
    } finally {
      await refusing.close();
    }
  });

  it('keeps a question that is refused as one without a label, once others were answered, and asks it no more', async () => {
    const store = await storeWithRows();
    let refusals = 0;
    const filtering = await startWebServer(() => (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const isRefused = body.includes('word3');
        refusals += Number(isRefused);
        if (isRefused) response.writeHead(400).end(JSON.stringify({ error: { message: 'filtered' } }));
        else response.end(JSON.stringify({ choices: [{ message: { content: 'Label: 1' } }] }));
      });
    });
    try {
      expect(await ask(store, { endpoint: filtering.url, parallel: 1 })).toMatchObject({ asked: questions.length });
      const refused = questions.filter(({ first, second }) => `${first} ${second}`.includes('word3'));
      const answers = await Promise.all(refused.map(({ key }) => findAnswer(store, key)));
      const expected = { label: null, text: 'refused: HTTP status 400: filtered' };
      expect(answers).toEqual(refused.map(() => expect.objectContaining(expected) as unknown));
      expect(await ask(store, { endpoint: filtering.url })).toMatchObject({ asked: 0 });
      expect(refusals).toBe(refused.length);
    } finally {
      await filtering.close();
    }
  });

  it('gives up where the first question of all is refused: any other would be', async () => {
    const refusing = await startWebServer(() => (_, response) => {
      response.writeHead(400).end();
    });
    try {
      await expect(ask(await storeWithRows(), { endpoint: refusing.url })).rejects.toThrow(
        /refuses what it is asked.*400/
      );
    } finally {
      await refusing.close();
    }
  });

  it('leaves it to a later attempt when the judge wants to be left alone for long, and says for how long', async () => {
    const busy = await startWebServer(() => (_, response) => {
      response.writeHead(429, { 'retry-after': '1800' }).end();
    });
    try {
      const error = await ask(await storeWithRows(), { endpoint: busy.url }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(UnavailableError);
      expect((error as UnavailableError).retryAfterMs).toBe(1_800_000);
      expect(busy.requests.length).toBeLessThanOrEqual(2);
    } finally {
      await busy.close();
    }
  });

  it('asks again later what got no completion, but not what got one without a label', async () => {
    const store = await storeWithRows();
    server.faults.push(...new Array<'no JSON'>(3).fill('no JSON'), ...new Array<'no label'>(3).fill('no label'));
    await ask(store, { parallel: 1 });
    const [first, second] = await Promise.all(questions.slice(0, 2).map(({ key }) => findAnswer(store, key)));
    expect(first).toMatchObject({ label: null, text: null, attempts: 3 });
    expect(second).toMatchObject({ label: null, attempts: 3, promptTokens: 300 });
    expect(second!.text).toContain('I cannot tell');
    expect(await ask(store)).toMatchObject({ asked: 1 });
    expect((await findAnswer(store, questions[0]!.key))!.label).not.toBeNull();
  });
});
