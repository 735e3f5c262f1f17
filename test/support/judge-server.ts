import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { startWebServer } from './web-server';
import type { WebServer } from './web-server';

/** What a judge is asked, as the request says it. */
export interface JudgeRequestSeen {
  readonly model: string;
  readonly temperature: number;
  readonly first: string;
  readonly second: string;
  readonly authorization: string | undefined;
}

/** What goes wrong with one request. */
export type JudgeFault = 'status 429' | 'status 500' | 'silence' | 'no JSON' | 'no choices' | 'no label';

/** An OpenAI-compatible server that answers by words alone, and goes wrong on demand. */
export interface JudgeServer {
  /** Base, as `--endpoint` takes it. */
  readonly base: string;
  /** Every request, in order. */
  readonly seen: JudgeRequestSeen[];
  /** How often each question was answered with a label, by model, first and second description. */
  readonly answered: Map<string, number>;
  /** Requests that came while they were asked to wait. */
  readonly early: JudgeRequestSeen[];
  /** What goes wrong next, one after the other; then all is well. */
  readonly faults: JudgeFault[];
  /** Questions about which it never has a label to give. */
  hasNoLabelFor: (request: Pick<JudgeRequestSeen, 'first' | 'second'>) => boolean;
  /** Refuses everything with this status; null: does not. */
  refusal: number | null;
  /** Waits before each answer, so that something can happen meanwhile. */
  delayMs: number;
  close(): Promise<void>;
}

export const RETRY_AFTER_SECONDS = 1;

export async function startJudgeServer(): Promise<JudgeServer> {
  let restUntil = 0;
  const judge: Omit<JudgeServer, 'base' | 'close'> = {
    ...{ seen: [], answered: new Map(), early: [], faults: [], hasNoLabelFor: () => false },
    ...{ refusal: null, delayMs: 0 },
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = await readRequest(request);
    judge.seen.push(asked);
    if (Date.now() < restUntil) judge.early.push(asked);
    // A server that says back what it was told.
    const echo = `you said ${asked.authorization ?? 'nothing'}`;
    if (judge.refusal !== null) {
      response.writeHead(judge.refusal).end(JSON.stringify({ error: { message: echo } }));
      return;
    }
    if (request.url !== '/v1/chat/completions' || request.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    const fault = judge.faults.shift();
    if (fault === 'silence') return;
    if (fault === 'status 429' || fault === 'status 500') {
      if (fault === 'status 429') restUntil = Date.now() + RETRY_AFTER_SECONDS * 1000;
      const headers = fault === 'status 429' ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
      response.writeHead(Number(fault.slice('status '.length)), headers).end(echo);
      return;
    }
    if (judge.delayMs > 0) await new Promise((done) => setTimeout(done, judge.delayMs));
    if (fault === 'no JSON') return void response.end('<html>');
    if (fault === 'no choices') return void response.end(JSON.stringify({ choices: [null] }));
    const isSilent = fault === 'no label' || judge.hasNoLabelFor(asked);
    const content = isSilent ? `I cannot tell. ${echo}` : `${echo}\nLabel: ${labelOf(asked)}`;
    response.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content } }], usage: USAGE }), () => {
      const name = `${asked.model} ${asked.first} ${asked.second}`;
      if (!isSilent) judge.answered.set(name, (judge.answered.get(name) ?? 0) + 1);
    });
  };
  const server: WebServer = await startWebServer(() => (request, response) => void answer(request, response));
  return Object.assign(judge, { base: `${server.url}/v1`, close: () => server.close() });
}

export const USAGE = { prompt_tokens: 100, completion_tokens: 10 };

/** 3 for the same text, 2 for texts of which the first is shorter, 1 otherwise: swapped, the last two say something else. */
export const labelOf = ({ first, second }: Pick<JudgeRequestSeen, 'first' | 'second'>): number =>
  first === second ? 3 : first.length < second.length ? 2 : 1;

async function readRequest(request: IncomingMessage): Promise<JudgeRequestSeen> {
  const body = JSON.parse(await text(request)) as {
    model: string;
    temperature: number;
    messages: { role: string; content: string }[];
  };
  const [, first, second] = /^First: (.*)\nSecond: (.*)$/.exec(body.messages.at(-1)!.content)!;
  return {
    ...{ model: body.model, temperature: body.temperature, authorization: request.headers.authorization },
    ...{ first: JSON.parse(first!) as string, second: JSON.parse(second!) as string },
  };
}
