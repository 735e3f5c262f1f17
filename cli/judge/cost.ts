import type { JudgementOutcome, QuestionSurvey } from '../../workflows/judgement-types';

/** Of a million tokens, in whatever currency they were given. */
export interface Prices {
  readonly input: number;
  readonly output: number;
}

/** What tokens cost; null where no prices were given. */
export function costOf(promptTokens: number, completionTokens: number, prices: Prices | null): number | null {
  return prices === null ? null : (promptTokens * prices.input + completionTokens * prices.output) / 1e6;
}

/** One sentence on what asking will take, before it begins. */
export function costBefore(survey: QuestionSurvey, prices: Prices | null): string {
  const { questions, stored, estimatedPromptTokens: input, estimatedCompletionTokens: output } = survey;
  const open = questions - stored;
  const price = costOf(input, output, prices);
  return (
    `${questions} questions, ${stored} answered before; the other ${open} take about ` +
    `${input} + ${output} tokens${price === null ? '' : `, a cost of about ${price.toFixed(2)}`}`
  );
}

/** One sentence on what it took. */
export function costAfter(outcome: JudgementOutcome, prices: Prices | null): string {
  const { asked, promptTokens, completionTokens } = outcome;
  const price = costOf(promptTokens, completionTokens, prices);
  return (
    `${asked} questions asked this time, ${promptTokens} + ${completionTokens} tokens` +
    (price === null ? '' : `, a cost of ${price.toFixed(2)}`)
  );
}
