import { setTimeout as sleep } from 'node:timers/promises';
import { writeKeyRecord } from '../../artifacts/key-record';
import { putRecord } from '../../artifacts/record';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { UnavailableError } from '../../matching/errors';
import { labelOfAnswer, questionOf } from '../../matching/evaluation/meaning/question';
import { mapConcurrently } from '../../sae/concurrently';
import { askChat, refusesAll } from '../../transport/chat-completions';
import type { ChatAnswer, ChatEndpoint } from '../../transport/chat-completions';
import { RequestPace } from '../../transport/pace';
import type { AskedPair, AskInput, JudgeChoice } from '../../workflows/judgement-types';
import type { TaskProgress } from '../task-context';
import { answerObject } from './keys';
import { requireMeanings } from './meanings';
import { distinctQuestions, findAnswer, isFinal, TEMPERATURE } from './questions';
import type { Question, StoredAnswer } from './questions';

export interface AskContext {
  readonly key: string | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TaskProgress) => void;
}

/** Answers that are looked for at once. */
const READS_AT_ONCE = 16;
/** A judge that answers without a label is asked again so often in all; then its answer counts as unusable. */
const MOST_ANSWERS = 3;
/** Attempts in a row at one answer that may fail, before it is left to a later attempt of the activity. */
const MOST_FAILURES = 4;
const FIRST_DELAY_MS = 500;
/** Whoever asks to be left alone for longer is asked again by a later attempt of the activity. */
const LONGEST_WISH_MS = 60_000;

/**
 * Asks about the pairs of features that were drawn of a pair of layers, and stores every answer as soon as it is there; what is
 * in the store is not asked again.
 *
 * @throws UnavailableError when the judge does not answer; what it has answered is stored
 * @throws EnvironmentError when it refuses
 */
export async function askJudge(
  store: ObjectStore,
  { judge, pair }: Pick<AskInput, 'judge' | 'pair'>,
  context: AskContext
): Promise<AskedPair> {
  const questions = distinctQuestions((await requireMeanings(store, pair.key)).rows, judge.model);
  const found = await mapConcurrently(questions, READS_AT_ONCE, ({ key }) => findAnswer(store, key));
  const open = questions.filter((_, index) => found[index] === null || !isFinal(found[index]!));
  const sum = { answered: questions.length - open.length, asked: 0, promptTokens: 0, completionTokens: 0 };
  const tell = (): void => {
    context.onProgress({ phase: 'judging', done: sum.answered, total: questions.length, gap: null });
  };
  tell();
  const asker = new Asker(judge, context, () => sum.answered > 0);
  await allOrFirstFault(open, judge.parallel, async (question) => {
    const answer = await asker.ask(question);
    await writeKeyRecord(store, 'answers', question.made);
    await putRecord(store, answerObject(question.key), answer);
    sum.answered += 1;
    sum.asked += 1;
    sum.promptTokens += answer.promptTokens;
    sum.completionTokens += answer.completionTokens;
    tell();
  });
  return sum;
}

/**
 * Does something for every item, some at a time. After a fault no more begin; it is thrown once those that have begun have
 * ended, because they were paid for.
 */
async function allOrFirstFault<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const faults: unknown[] = [];
  await mapConcurrently(items, limit, async (item) => {
    if (faults.length > 0) return;
    await work(item).catch((fault: unknown) => faults.push(fault));
  });
  if (faults.length > 0) throw faults[0];
}

class Asker {
  private readonly pace: RequestPace;
  private readonly endpoint: ChatEndpoint;

  constructor(
    private readonly judge: JudgeChoice,
    private readonly context: AskContext,
    /** Whether the judge has answered anything, so that a refusal is about its question. */
    private readonly hasAnswered: () => boolean
  ) {
    this.pace = new RequestPace(judge.requestsPerMinute);
    this.endpoint = { base: judge.endpoint, key: context.key, timeoutMs: judge.timeoutSeconds * 1000 };
  }

  async ask(question: Question): Promise<StoredAnswer> {
    let [promptTokens, completionTokens] = [0, 0];
    for (let attempts = 1; ; attempts++) {
      const answer = await this.patiently(question);
      if (answer.refused !== undefined) {
        if (!this.hasAnswered()) throw refusesAll(this.endpoint.base, answer.refused);
        return { label: null, text: `refused: ${answer.refused}`, attempts, promptTokens, completionTokens };
      }
      promptTokens += answer.promptTokens;
      completionTokens += answer.completionTokens;
      const label = answer.content === null ? null : labelOfAnswer(answer.content);
      if (label !== null || attempts === MOST_ANSWERS) {
        return { label, text: answer.content, attempts, promptTokens, completionTokens };
      }
    }
  }

  private async patiently({ first, second }: Question): Promise<ChatAnswer> {
    const { signal } = this.context;
    const request = {
      ...{ model: this.judge.model, messages: questionOf(first, second) },
      temperature: TEMPERATURE,
    };
    for (let failures = 1; ; failures++) {
      await this.pace.turn(signal);
      try {
        return await askChat(this.endpoint, request, signal);
      } catch (error) {
        const wish = error instanceof UnavailableError ? error.retryAfterMs : Infinity;
        if (wish > LONGEST_WISH_MS || failures === MOST_FAILURES) throw error;
        this.pace.rest(wish);
        await sleep(FIRST_DELAY_MS * 2 ** (failures - 1), undefined, { signal });
      }
    }
  }
}
