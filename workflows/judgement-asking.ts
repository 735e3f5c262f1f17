import { proxyActivities } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { IoActivities } from './activity-types';
import { enterPhase } from './enter-phase';
import { asFailure, isCorrupt } from './failures';
import type { AskedPair, JudgeChoice, JudgementOutcome, JudgeRequest, SurveyInput } from './judgement-types';
import { logFailed } from './log-failure';
import { runDeadline, runIo } from './run-io';
import type { RunStateTracker } from './run-state';
import type { Failure } from './run-types';

/** What came of asking. */
export type Asked = Pick<JudgementOutcome, 'survey' | 'asked' | 'promptTokens' | 'completionTokens'>;

const NOBODY: Asked = { survey: null, asked: 0, promptTokens: 0, completionTokens: 0 };

/** Multiply-adds that an activity may take a second for, as its time limit follows from them. */
const WORK_PER_SECOND = 2e7;

/**
 * Asks the judge about every pair of layers, one after the other, so that its limit of requests holds. A judge that refuses, or
 * does not answer until the deadline, is asked no more; what it has answered counts.
 */
export async function askInTurn(
  request: JudgeRequest,
  { descriptions, pairs, failures }: Omit<SurveyInput, 'request'> & { readonly failures: Failure[] },
  tracker: RunStateTracker
): Promise<Asked> {
  const { judge, spec } = request;
  if (judge === null) return NOBODY;
  const survey = await runIo(request).surveyQuestions({ request, descriptions, pairs });
  if (request.dryRun) return { ...NOBODY, survey };
  const { questions, stored } = survey;
  tracker.judging = { ...survey, answered: stored };
  enterPhase(tracker, 'judging');
  const sum = { asked: 0, promptTokens: 0, completionTokens: 0 };
  for (const pair of pairs) {
    try {
      const asked = await activities(request, judge, 2 * pair.rows).askJudge({ out: spec.out, judge, pair });
      add(sum, asked);
      tracker.judging = { ...survey, answered: Math.min(questions, stored + sum.asked) };
    } catch (error) {
      if (isCorrupt(error)) throw error;
      const failure = asFailure(error, 'judge', [pair.source, pair.target]);
      logFailed(failure);
      failures.push(failure);
      break;
    }
  }
  return { survey, ...sum };
}

function add(sum: { asked: number; promptTokens: number; completionTokens: number }, asked: AskedPair): void {
  sum.asked += asked.asked;
  sum.promptTokens += asked.promptTokens;
  sum.completionTokens += asked.completionTokens;
}

/** A lost worker is noticed by its heartbeats; the time limit is that of a judge that takes all its time for each answer. */
function activities(request: JudgeRequest, judge: JudgeChoice, questions: number): IoActivities {
  const secondsEach = judge.timeoutSeconds + 60 / (judge.requestsPerMinute ?? Infinity);
  const work = questions * secondsEach * WORK_PER_SECOND;
  return proxyActivities<IoActivities>(activityOptions('io', request.execution, { work, until: runDeadline(request) }));
}
