import { getRecord } from '../../artifacts/record';
import type { ObjectStore } from '../../artifacts/store/object-store';
import type { Label } from '../../matching/evaluation/meaning/labels';
import type { Ingredients } from '../../artifacts/content-key';
import { keyOf } from '../steps/keys';
import { answerIngredients, answerObject } from './keys';
import type { DrawnPair } from './meanings';

/** The answers of a judge are to be the same again and again, as far as it can. */
export const TEMPERATURE = 0;

/** Two descriptions in the order in which they are asked about, and the key of the answer. */
export interface Question {
  readonly key: string;
  readonly made: Ingredients;
  readonly first: string;
  readonly second: string;
}

/** The two questions about a pair of features; the same where their descriptions are. */
export function questionsAbout({ descriptions: [source, target] }: DrawnPair, model: string): BothQuestions {
  return { forward: questionOn(source, target, model), swapped: questionOn(target, source, model) };
}

export interface BothQuestions {
  readonly forward: Question;
  readonly swapped: Question;
}

/** All questions about some pairs, each once, in their order. */
export function distinctQuestions(rows: readonly DrawnPair[], model: string): Question[] {
  const questions = rows.flatMap((row) => Object.values<Question>({ ...questionsAbout(row, model) }));
  return [...new Map(questions.map((question) => [question.key, question])).values()];
}

function questionOn(first: string, second: string, model: string): Question {
  const made = answerIngredients({ model, temperature: TEMPERATURE, first, second });
  return { key: keyOf(made), made, first, second };
}

/** What a judge said, as it is kept. */
export interface StoredAnswer {
  /** Null where it cannot be used. */
  readonly label: Label | null;
  /** The last text that was answered; null where there was none. */
  readonly text: string | null;
  /** How often it was asked until then, and what all of that took. */
  readonly attempts: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** Null where there is none, or it is damaged. */
export const findAnswer = (store: ObjectStore, key: string): Promise<StoredAnswer | null> =>
  getRecord<StoredAnswer>(store, answerObject(key));

/**
 * Whether nothing better is to be expected: a text without a label is what the judge has to say, but where there was no text at
 * all, another server may have been in the way.
 */
export const isFinal = ({ label, text }: StoredAnswer): boolean => label !== null || text !== null;
