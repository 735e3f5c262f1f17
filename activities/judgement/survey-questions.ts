import { parseArtifactKey } from '../../artifacts/layout';
import { writeRunPlan } from '../../artifacts/run-plan';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { ESTIMATED_ANSWER_TOKENS, estimatedTokens, questionOf } from '../../matching/evaluation/meaning/question';
import type { QuestionSurvey, SurveyInput } from '../../workflows/judgement-types';
import { judgementName } from '../../workflows/judgement-workflow';
import { requireMeanings } from './meanings';
import { distinctQuestions } from './questions';
import type { Question } from './questions';

/**
 * Counts what there is to ask, and what of it is answered. Unless nothing is to be asked in earnest, all of it is marked as in
 * use first, so that no answer goes that was paid for.
 *
 * @throws ArtifactCorruptError when what was compared is gone
 */
export async function surveyQuestions(
  store: ObjectStore,
  { request, descriptions, pairs }: SurveyInput
): Promise<QuestionSurvey> {
  const questions = new Map<string, Question>();
  for (const { key } of pairs) {
    const { rows } = await requireMeanings(store, key);
    for (const question of distinctQuestions(rows, request.judge!.model)) questions.set(question.key, question);
  }
  if (!request.dryRun) {
    const keysOf = (refs: readonly { readonly key: string }[]): string[] => [...new Set(refs.map(({ key }) => key))];
    await writeRunPlan(store, judgementName(request.runId), {
      ...{ folded: [], matches: [], chains: [] },
      ...{ descriptions: keysOf(descriptions), meanings: keysOf(pairs), answers: [...questions.keys()] },
    });
  }
  const answered = new Set((await store.list('artifacts/answers/')).map((object) => parseArtifactKey(object)?.key));
  const open = [...questions.values()].filter(({ key }) => !answered.has(key));
  return {
    questions: questions.size,
    stored: questions.size - open.length,
    estimatedPromptTokens: open.reduce((sum, { first, second }) => sum + estimatedTokens(questionOf(first, second)), 0),
    estimatedCompletionTokens: open.length * ESTIMATED_ANSWER_TOKENS,
  };
}
