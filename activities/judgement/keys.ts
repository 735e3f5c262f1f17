import { createHash } from 'node:crypto';
import type { Ingredients } from '../../artifacts/content-key';
import { ARTIFACT_RECORDS, artifactKey } from '../../artifacts/layout';
import { QUESTION_VERSION, questionOf } from '../../matching/evaluation/meaning/question';
import { keyOf } from '../steps/keys';

/** Content keys of what judgements store, as those of runs are made in activities/steps/keys.ts. */

/** Version of the rule by which one description of a feature is taken. */
const DESCRIPTIONS_VERSION = 1;
/** Version of how words are compared, and of how pairs of features are drawn. */
const MEANINGS_VERSION = 1;
/** Version of what is kept of an answer, and of how its label is read. */
const ANSWER_VERSION = 1;

/** @param hashes of its files, in the order in which they are read */
export function descriptionsIngredients(
  hashes: readonly string[],
  features: number,
  explainers: readonly string[]
): Ingredients {
  return { kind: 'descriptions', inputs: { version: DESCRIPTIONS_VERSION, hashes, features, explainers } };
}

/** A layer as the key of a comparison names it. */
export interface MeaningKeySide {
  readonly layer: number;
  /** Hashes of the files of its SAE. */
  readonly inputs: readonly string[];
  /** Content key of its descriptions. */
  readonly descriptions: string;
}

export function meaningsIngredients(made: {
  readonly source: MeaningKeySide;
  readonly target: MeaningKeySide;
  /** What stands for the matches of the pair, and for those by way of the layers between; null where there are none. */
  readonly direct: string | null;
  readonly composed: string | null;
  readonly samples: number;
}): Ingredients {
  return { kind: 'meanings', inputs: { version: MEANINGS_VERSION, ...made } };
}

/** Seed of the features of a source layer that are drawn: the same for all its targets. */
export const drawSeed = (source: MeaningKeySide): string => keyOf({ kind: 'drawn features', inputs: source });

/** Seed of the targets at random. */
export const randomSeed = (source: MeaningKeySide, target: MeaningKeySide): string =>
  keyOf({ kind: 'random descriptions', inputs: { source, target } });

/** Stands for everything of a question but its two descriptions, of which the version stands for how they are shortened. */
const PROMPT = createHash('sha256')
  .update(JSON.stringify([QUESTION_VERSION, questionOf('', '')]))
  .digest('hex');

/** Where a model is asked belongs to no key. */
export function answerIngredients(question: {
  readonly model: string;
  readonly temperature: number;
  readonly first: string;
  readonly second: string;
}): Ingredients {
  return { kind: 'answer', inputs: { version: ANSWER_VERSION, prompt: PROMPT, ...question } };
}

export const descriptionsObject = (key: string, name: string = ARTIFACT_RECORDS.descriptions): string =>
  artifactKey('descriptions', key, name);
export const meaningsObject = (key: string): string => artifactKey('meanings', key, ARTIFACT_RECORDS.meanings);
export const answerObject = (key: string): string => artifactKey('answers', key, ARTIFACT_RECORDS.answers);
