import type { DriftCounts } from '../matching/drift';
import type { Method } from '../matching/evaluation/methods';
import type { Metric, PartWeights, WeightMode } from '../matching/features';
import type { JudgingProgress } from './judgement-types';
import type { PairGrid } from './pair-grid';

/**
 * What a run computes: the resolved specification. The id of a run is the hash of these fields, so nothing that leaves
 * the results unchanged (memory, devices, addresses) belongs here.
 */
export interface RunSpec {
  /** Where the SAEs are: an absolute path or a URL. */
  readonly source: string;
  /** Where results go: an absolute path or a URL. */
  readonly out: string;
  /** Selected layers, ascending; null for all that are found. */
  readonly layers: readonly number[] | null;
  /** Every neighbouring pair of the selected layers, every pair of them, or exactly these. */
  readonly pairs: 'adjacent' | 'all' | readonly (readonly [number, number])[];
  readonly weights: WeightMode;
  /** Absent: squared distances of the vectors as they are. */
  readonly metric?: Exclude<Metric, 'mse'>;
  /** Weights other than 1 of the parts' squared distances. Absent: all are 1. */
  readonly part_weights?: PartWeights;
  readonly fold: boolean;
  /** What happens to features with θ ≤ 0. */
  readonly degenerate: 'exclude' | 'error';
  /**
   * The scale that is folded into SAEs without thresholds: `threshold:<number>`, `latents_mean_square`, or the absolute
   * path of a features export, in which `{layer}` stands for the layer. Absent: their decoder norms.
   */
  readonly scale?: string;
  /**
   * ρ: features of both sides may stay unmatched at the price (1 − ρ)‖·‖², so that two features are worth matching from a
   * cosine of ρ on at equal norms. Absent: the smaller side is matched completely.
   */
  readonly unmatched?: number;
  /** Name of the reader; null to detect it. */
  readonly format: string | null;
  /** Of several SAEs a layer the one of this width, such as `16k`. */
  readonly width?: string;
  /** The one of this L0: `canonical`, a number or label, `nearest:<number>`, or `similar`. */
  readonly l0?: string;
  /** The one at this kind of hook point. */
  readonly hook?: string;
  /** The one saved at this step of the training. Absent: the SAE that the training gave in the end. */
  readonly step?: number;
  readonly allow_hook_mismatch: boolean;
  /** A checkpoint of the same training: each layer is matched with the same layer there as well. */
  readonly previous?: PreviousSpec;
}

/** The checkpoint that a run is compared with, and how. */
export interface PreviousSpec {
  /** Where its SAEs are: an absolute path or a URL. */
  readonly source: string;
  /** Of several steps in that place this one. */
  readonly step?: number;
  /** ρ of the comparison: a feature without a partner of about this cosine has died, or was born. */
  readonly unmatched: number;
  /** From this decoder cosine on a matched feature counts as kept, below it as changed. */
  readonly kept: number;
}

/** How a run is carried out; none of it changes a result. */
export interface RunExecution {
  /** Bytes one worker process may use; null for its own default. */
  readonly memoryBudget: number | null;
  /** A worker that is silent for longer is taken for lost. */
  readonly heartbeatSeconds: number;
  /** Prefix of the task queues: `<prefix>` for workflows, `<prefix>-io`, `<prefix>-fold`, `<prefix>-match`. */
  readonly taskQueue: string;
  /** Pairs in flight at once. */
  readonly maxConcurrentPairs: number;
  /** Runs of more than twice as many pairs are divided into blocks of so many. Absent: 128. */
  readonly pairsPerBlock?: number;
  /** From its start on, a run tries again for so long what keeps failing. Absent: a week. */
  readonly deadlineSeconds?: number;
  /** Pause before pairs that were set aside are tried again; doubled each time, up to half an hour. Absent: a minute. */
  readonly firstPauseSeconds?: number;
  /** The workers' webhook is told when the run has ended. Absent: nobody is. */
  readonly notify?: NotifyChoice;
}

/** What is told besides the end of a run. */
export interface NotifyChoice {
  /** Told when in a layer a larger share of the previous features than this was not kept. Absent: not told. */
  readonly driftAbove?: number;
}

/** Input of the model-match workflow. */
export interface RunRequest {
  readonly runId: string;
  readonly spec: RunSpec;
  readonly execution: RunExecution;
}

/** Input of the workflow that evaluates a run. */
export interface EvaluateRequest extends RunRequest {
  readonly methods: readonly Method[];
  /** SHA-256 of the files that the run was made of, by layer. Absent in requests of versions that did not compare them. */
  readonly inputs?: readonly (readonly [layer: number, hashes: readonly string[]])[];
  /** Folder or URL of hidden states. Absent: the weights alone are evaluated. */
  readonly activations?: string;
}

/** A file of an input SAE, fixed by its content. */
export interface PlannedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Version of the file where it lies, where the place tells versions apart. */
  readonly version?: string;
}

/** An export that says how large the activations of features are. */
export interface PlannedScale {
  /** Its folder or file. */
  readonly location: string;
  /** Paths are relative to the folder. */
  readonly files: readonly PlannedFile[];
}

/** One layer of a resolved run. Refers to files by hash; carries no weights. */
export interface LayerPlan {
  readonly layer: number;
  /** Place of the SAE in the source. */
  readonly path: string;
  /** The source at the version that was planned with; the specification's own where there is no such thing. */
  readonly source?: string;
  /** How the SAE alone is named, for whoever verifies the results. */
  readonly argument?: string;
  readonly files: readonly PlannedFile[];
  /** The features export that its scale is read from; absent where no path was given as the scale. */
  readonly scale?: PlannedScale;
  readonly features: number;
  readonly elements: number;
  /** What the headers say, for the manifest. */
  readonly header: Readonly<Record<string, string | number | null | readonly string[]>>;
  /** Why the layer cannot be used; null when it can. */
  readonly failure: Failure | null;
}

/** A run after its source was looked at: the layers by hash and the pairs to match. */
export interface RunPlan {
  readonly layers: readonly LayerPlan[];
  readonly pairs: readonly (readonly [number, number])[];
  /** The same layers of the previous checkpoint; absent where there is none to compare with. */
  readonly previous?: readonly LayerPlan[];
}

/** A folded layer in the store. */
export interface FoldedRef {
  readonly layer: number;
  readonly features: number;
  readonly elements: number;
  /** Content key of the rows that are matched. */
  readonly rows: string;
  /** Content key of the folded rows the paper's metric is computed on; null when the layer cannot be folded. */
  readonly folded: string | null;
  /** SHA-256 of the input files, with those of the scale's export at the end. */
  readonly inputs: readonly string[];
  readonly cached: boolean;
}

/** A matched pair in the store. */
export interface MatchRef {
  readonly source: number;
  readonly target: number;
  /** Content key of the pair's tables. */
  readonly key: string;
  readonly cached: boolean;
}

/** What the methods of an evaluation choose for a pair, in the store. */
export interface EvaluationRef {
  readonly source: number;
  readonly target: number;
  /** Content key of its figures. */
  readonly key: string;
  readonly cached: boolean;
}

/** The hidden states of a model on some tokens, fixed by their content. */
export interface StatesPlan {
  /** Folder or URL, at the version that was planned with. */
  readonly location: string;
  readonly tokens: number;
  readonly documents: number;
  /** `tokens.jsonl`; null where there is none. */
  readonly tokensFile: PlannedFile | null;
  /** Layers of the run that there are hidden states of, ascending. */
  readonly layers: readonly { readonly layer: number; readonly elements: number; readonly file: PlannedFile }[];
}

/** The figures of a layer, and the activations of its features where there are hidden states, in the store. */
export interface MeasuredRef {
  readonly layer: number;
  readonly key: string;
  readonly cached: boolean;
}

/** The cycles of matches that begin at a layer, in the store. */
export interface CyclesRef {
  readonly layer: number;
  readonly key: string;
  readonly cached: boolean;
}

/** Result of the workflow that evaluates a run. */
export interface EvaluationOutcome {
  readonly state: 'done' | 'partial' | 'failed';
  /** Folder or URL of the run. */
  readonly location: string;
  readonly failures: readonly Failure[];
}

/** A layer that was compared with the same layer of the previous checkpoint. */
export interface DriftRef {
  readonly layer: number;
  /** Both its layers are this one: the source is that of the previous checkpoint. */
  readonly match: MatchRef;
  readonly counts: DriftCounts;
}

/** Why a step failed, in words for the user. */
export interface Failure {
  /**
   * The step: `read`, `fold`, `match`, `drift`, `compose`; of an evaluation `evaluate`, `measure`, `cycles`, `estimate`; of a
   * judgement `describe`, `compare`, `judge`.
   */
  readonly what: string;
  /** One of a layer, two of a pair; of a layer compared with the previous checkpoint twice the same. */
  readonly layers: readonly number[];
  /** Name of the error's class. */
  readonly type: string;
  readonly message: string;
  /** What is wrong, without saying where: equal for equal troubles. */
  readonly summary?: string;
}

/** How composed matches compare with the direct match of a pair. */
export interface ComposedComparison {
  readonly source: number;
  readonly target: number;
  /** Share of the source features matched directly whose composed match is the same target. */
  readonly agreement: number;
  /** Cost of the composed matches minus that of the direct ones, over features matched both ways. */
  readonly extraCost: number;
}

export type RunState = 'running' | 'done' | 'partial' | 'failed' | 'cancelled';

export interface PairsProgress {
  readonly total: number;
  readonly done: number;
  readonly cached: number;
  readonly failed: number;
  /** Pairs at work, as `source:target`. */
  readonly running: readonly string[];
  /** Pairs that keep failing and are tried again later. */
  readonly setAside: readonly string[];
}

/** Answer to the query `progress`. */
export interface RunProgress {
  readonly runId: string;
  readonly state: RunState;
  readonly phase:
    'resolving' | 'matching' | 'drift' | 'composing' | 'evaluating' | 'judging' | 'publishing' | 'finished';
  readonly layers: {
    readonly total: number;
    readonly folded: number;
    readonly cached: number;
    readonly failed: number;
  };
  readonly pairs: PairsProgress;
  /** Workflows that match blocks of pairs now and count them themselves until they end; absent where there are none. */
  readonly blocks?: readonly string[];
  /** Layers compared with the previous checkpoint, as pairs of a layer with itself; absent where none are. */
  readonly drift?: PairsProgress;
  /** How far a judge is asked; absent where none is. */
  readonly judging?: JudgingProgress;
  /** Times, in milliseconds since the epoch, at which the latest pairs were done that were not found done. */
  readonly recentEnds: readonly number[];
  /** The state of every pair, for those who ask for it. */
  readonly grid?: PairGrid;
  /** Why pairs are set aside. */
  readonly setAside: readonly Failure[];
  /** Time, as ISO 8601, at which they are tried again; null while other pairs are at work. */
  readonly pausesUntil: string | null;
  readonly failures: readonly Failure[];
}

/** Result of the model-match workflow. */
export interface RunOutcome {
  readonly state: 'done' | 'partial' | 'failed';
  /** Folder or URL of the run. */
  readonly location: string;
  readonly pairsDone: number;
  readonly pairsCached: number;
  readonly failures: readonly Failure[];
}
