import type { Failure, RunRequest } from './run-types';

/** Input of the workflow that compares matched features by their descriptions. */
export interface JudgeRequest extends RunRequest {
  /** Folder, file or URL of descriptions, in which `{layer}` stands for the layer. */
  readonly descriptions: string;
  /** Names of explainers, the preferred first. */
  readonly explainers: readonly string[];
  /** Features a pair of layers that are drawn. */
  readonly samples: number;
  /** Layers that are compared with every later one as well, by way of the layers between. */
  readonly from: readonly number[];
  /** Null where only words are compared. */
  readonly judge: JudgeChoice | null;
  /** Counts what would be asked, and asks and publishes nothing. */
  readonly dryRun: boolean;
}

/** Who is asked, and how fast. */
export interface JudgeChoice {
  /** Base of an OpenAI-compatible server. */
  readonly endpoint: string;
  readonly model: string;
  /** Null: as many as there are. */
  readonly requestsPerMinute: number | null;
  /** Questions that are asked at once. */
  readonly parallel: number;
  /** For one answer. */
  readonly timeoutSeconds: number;
}

/** A layer of a finished run. */
export interface JudgedLayer {
  readonly layer: number;
  readonly features: number;
}

/** What is compared from one source layer. */
export interface JudgedSource {
  readonly source: number;
  /** Layers that are reached from it by matches of neighbouring selected layers, in order. */
  readonly path: readonly number[];
  readonly targets: readonly JudgedTarget[];
}

export interface JudgedTarget {
  readonly target: number;
  /** Whether the run has matched the two directly. */
  readonly isDirect: boolean;
  /** Selected layers from the one to the other: 1 for neighbours. */
  readonly distance: number;
}

export interface JudgementPlan {
  readonly layers: readonly JudgedLayer[];
  readonly sources: readonly JudgedSource[];
}

/** The descriptions of a layer, in the store. */
export interface DescribedRef extends JudgedLayer {
  readonly key: string;
  /** Features with a description. */
  readonly described: number;
  /** Files that they were read from; 0 where there are none of the layer. */
  readonly files: number;
  readonly cached: boolean;
}

/** How the words of two layers' descriptions compare, and the pairs of features that are drawn, in the store. */
export interface MeaningsRef {
  readonly source: number;
  readonly target: number;
  readonly key: string;
  /** Pairs of features that are drawn. */
  readonly rows: number;
  readonly cached: boolean;
}

/** What there is to ask. */
export interface QuestionSurvey {
  /** Different questions; each pair of features makes two, one of each order. */
  readonly questions: number;
  /** Of these, those whose answers are in the store. */
  readonly stored: number;
  /** What the others take, about. */
  readonly estimatedPromptTokens: number;
  readonly estimatedCompletionTokens: number;
}

/** What came of asking about one pair of layers. */
export interface AskedPair {
  /** Answers in the store now. */
  readonly answered: number;
  /** Of these, those that were given just now. */
  readonly asked: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** How far asking is. */
export interface JudgingProgress extends QuestionSurvey {
  readonly answered: number;
}

/** Result of the workflow that judges a run. */
export interface JudgementOutcome {
  readonly state: 'done' | 'partial' | 'failed';
  /** Folder or URL of the run. */
  readonly location: string;
  readonly failures: readonly Failure[];
  /** Null where nobody is asked. */
  readonly survey: QuestionSurvey | null;
  /** Answers that were given this time, and their tokens as the judge counts them. */
  readonly asked: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface DescribeInput {
  readonly out: string;
  readonly layer: JudgedLayer;
  readonly location: string;
  readonly explainers: readonly string[];
}

export interface MeaningsInput {
  readonly runId: string;
  readonly out: string;
  readonly source: JudgedSource;
  readonly samples: number;
  /** Of the source layer and of its targets. */
  readonly descriptions: readonly DescribedRef[];
}

export interface SurveyInput {
  readonly request: JudgeRequest;
  readonly descriptions: readonly DescribedRef[];
  readonly pairs: readonly MeaningsRef[];
}

export interface AskInput {
  readonly out: string;
  readonly judge: JudgeChoice;
  readonly pair: MeaningsRef;
}

export interface PublishJudgementInput {
  readonly request: JudgeRequest;
  readonly plan: JudgementPlan;
  readonly descriptions: readonly DescribedRef[];
  readonly pairs: readonly MeaningsRef[];
  readonly failures: readonly Failure[];
  /** ISO 8601 time at which it started. */
  readonly started: string;
}
