import type { DriftCounts } from '../matching/drift';
import type { MatchedMethod, Method } from '../matching/evaluation/methods';
import type {
  AskedPair,
  AskInput,
  DescribedRef,
  DescribeInput,
  JudgementOutcome,
  JudgementPlan,
  JudgeRequest,
  MeaningsInput,
  MeaningsRef,
  PublishJudgementInput,
  QuestionSurvey,
  SurveyInput,
} from './judgement-types';
import type {
  ComposedComparison,
  CyclesRef,
  DriftRef,
  EvaluateRequest,
  EvaluationOutcome,
  EvaluationRef,
  Failure,
  FoldedRef,
  LayerPlan,
  MatchRef,
  MeasuredRef,
  RunExecution,
  RunOutcome,
  RunPlan,
  RunRequest,
  RunSpec,
  StatesPlan,
} from './run-types';
import type { ScheduleRef } from './schedule-types';

/** Activities of the `io` pool. */
export interface IoActivities {
  /** Lists the source, selects layers and pairs, and fixes every file by its hash. */
  resolveRun(request: RunRequest): Promise<RunPlan>;
  /** Copies tables into the run's folder, writes pairs.parquet and chains.parquet, and the manifest last. */
  publishRun(input: PublishInput): Promise<RunOutcome>;
  /** Finds hidden states and fixes every file by its hash. */
  planStates(input: PlanStatesInput): Promise<StatesPlan>;
  /** Writes the tables of an evaluation into the folder of its run, and its manifest last. */
  publishEvaluation(input: PublishEvaluationInput): Promise<EvaluationOutcome>;
  /** Says what of a finished run is compared by descriptions. */
  planJudgement(request: JudgeRequest): Promise<JudgementPlan>;
  /** Counts what there is to ask a judge, and marks it as in use. */
  surveyQuestions(input: SurveyInput): Promise<QuestionSurvey>;
  /** Asks about the pairs of features that were drawn of a pair of layers, and stores every answer. */
  askJudge(input: AskInput): Promise<AskedPair>;
  /** Writes the tables of a judgement into the folder of its run, and its manifest last. */
  publishJudgement(input: PublishJudgementInput): Promise<Pick<JudgementOutcome, 'state' | 'location' | 'failures'>>;
  /** Removes what an unfinished run has put into its folder. */
  discardRun(request: RunRequest): Promise<void>;
  /** Tells the webhook of this worker about a run that ended; of its drift only where that is too large. */
  sendRunEvent(input: RunEventInput): Promise<void>;
  /** Lists the source of a schedule, and fixes the one run of every checkpoint that is complete and new. */
  takeCheckpoints(input: TakeInput): Promise<TakenCheckpoints>;
}

/** Activities of the `fold` pool. */
export interface FoldActivities {
  foldLayer(input: FoldInput): Promise<FoldedRef>;
  /** Compares composed matches with the direct ones of all layers that are further away from a layer. */
  compareLayer(input: CompareInput): Promise<readonly ComposedComparison[]>;
  /** The same for one pair: what runs ask for that were started by an earlier version. */
  compareComposed(input: ComparePairInput): Promise<ComposedComparison>;
  buildChains(input: ChainsInput): Promise<ChainsRef>;
  /** Compares the matches of a pair with what simpler methods choose. */
  evaluatePair(input: EvaluatePairInput): Promise<EvaluationRef>;
  /** Describes a layer by its weights, and computes the activations of its features where there are hidden states. */
  measureLayer(input: MeasureInput): Promise<MeasuredRef>;
  /** Carries activations from one layer to the other by every method, and compares with what is there. */
  estimatePair(input: EstimateInput): Promise<EvaluationRef>;
  /** Compares direct matches with those by way of every layer between. */
  compareCycles(input: CyclesInput): Promise<CyclesRef>;
  /** Reads the descriptions of the features of a layer. */
  describeLayer(input: DescribeInput): Promise<DescribedRef>;
  /** Compares the descriptions of matched features by their words, and draws those that are to be judged. */
  compareMeanings(input: MeaningsInput): Promise<readonly MeaningsRef[]>;
  /** Counts what the features of the previous checkpoint have become. */
  countDrift(input: DriftInput): Promise<DriftCounts>;
}

/** Activities of the `match` pool: one at a time a device. */
export interface MatchActivities {
  matchLayers(input: MatchInput): Promise<MatchRef>;
}

export interface FoldInput {
  readonly spec: RunSpec;
  readonly layer: LayerPlan;
}

export interface MatchInput {
  readonly spec: RunSpec;
  readonly execution: RunExecution;
  readonly source: FoldedRef;
  readonly target: FoldedRef;
}

export interface CompareInput {
  readonly spec: RunSpec;
  readonly source: FoldedRef;
  /** Layers that the source layer was matched with directly, in the order in which the steps reach them. */
  readonly targets: readonly { readonly folded: FoldedRef; readonly direct: MatchRef }[];
  /** The steps from the source layer to the last of them, in order. */
  readonly steps: readonly MatchRef[];
}

export interface ComparePairInput extends Pick<CompareInput, 'spec' | 'source' | 'steps'> {
  readonly target: FoldedRef;
  readonly direct: MatchRef;
}

export interface DriftInput {
  readonly spec: RunSpec;
  /** The layer in the previous checkpoint, and in the current one. */
  readonly previous: FoldedRef;
  readonly current: FoldedRef;
  readonly match: MatchRef;
}

export interface EvaluatePairInput {
  readonly spec: RunSpec;
  readonly source: FoldedRef;
  readonly target: FoldedRef;
  /** The matches of the pair that methods refer to; null where there are none. */
  readonly matches: Readonly<Partial<Record<MatchedMethod, MatchRef | null>>>;
  readonly methods: readonly Method[];
}

export interface PlanStatesInput {
  /** Folder or URL. */
  readonly location: string;
  /** Layers of the run, ascending. */
  readonly layers: readonly number[];
}

export interface MeasureInput {
  readonly spec: RunSpec;
  readonly layer: LayerPlan;
  /** Null where there are no hidden states of the layer. */
  readonly states: StatesPlan | null;
}

/** One layer of a pair whose activations are compared. */
export interface EstimateSide {
  readonly layer: LayerPlan;
  readonly measured: MeasuredRef;
}

export interface EstimateInput {
  readonly spec: RunSpec;
  readonly states: StatesPlan;
  readonly source: EstimateSide;
  readonly target: EstimateSide;
  readonly methods: readonly Method[];
  /** What the methods choose. */
  readonly evaluation: EvaluationRef;
  /** The run's own match of the pair. */
  readonly match: MatchRef;
  /** Matches of the neighbouring layers from the source to the target; null where one is missing, or they are neighbours. */
  readonly steps: readonly MatchRef[] | null;
}

export interface CyclesInput {
  readonly spec: RunSpec;
  /** The source layer. */
  readonly layer: number;
  /** Its direct matches, by ascending target. */
  readonly direct: readonly MatchRef[];
  /** The matches among these targets. */
  readonly onward: readonly MatchRef[];
}

export interface PublishEvaluationInput {
  readonly request: EvaluateRequest;
  readonly plan: RunPlan;
  readonly pairs: readonly EvaluationRef[];
  readonly failures: readonly Failure[];
  /** Absent where earlier versions started the evaluation. */
  readonly layers?: readonly MeasuredRef[];
  readonly cycles?: readonly CyclesRef[];
  /** What was found with hidden states; absent where there are none. */
  readonly activations?: { readonly states: StatesPlan; readonly pairs: readonly EvaluationRef[] };
  /** ISO 8601 time at which the evaluation started. */
  readonly started: string;
}

export interface ChainsInput {
  readonly spec: RunSpec;
  readonly layers: readonly { readonly layer: number; readonly folded: FoldedRef | null }[];
  /** The match from each selected layer to the next; null where it failed or was not asked for. */
  readonly steps: readonly (MatchRef | null)[];
}

export interface ChainsRef {
  /** Content key of chains.parquet. */
  readonly key: string;
  readonly bytes: number;
  readonly crc32c: string;
}

export interface RunEventInput {
  readonly request: RunRequest;
  readonly about: 'run' | 'drift';
  /** Tells the event from all others; the same in every delivery of it. */
  readonly id: string;
  /** Why the run ended without results; null where it has a manifest. */
  readonly error: string | null;
}

/** What a checkpoint was like in a look. */
export interface SeenCheckpoint {
  readonly name: string;
  /** Changes with every file of it, those with temporary names included. */
  readonly fingerprint: string;
}

export interface TakeInput {
  readonly schedule: ScheduleRef;
  /** Checkpoints of an earlier look: those that are still the same are complete. */
  readonly seen: readonly SeenCheckpoint[];
}

/** What one look at the checkpoints of a schedule has found. */
export interface TakenCheckpoints {
  /** They have to be started. */
  readonly runs: readonly ClaimedRun[];
  /** Complete unless they change within the time that the schedule gives them. */
  readonly settling: readonly SeenCheckpoint[];
  /** Names of those that have no marker yet. */
  readonly waiting: readonly string[];
}

/** The run of a checkpoint, which is to be started. */
export type ClaimedRun = Pick<RunRequest, 'runId' | 'spec'>;

export interface PublishInput {
  readonly request: RunRequest;
  readonly plan: RunPlan;
  readonly matches: readonly MatchRef[];
  readonly failures: readonly Failure[];
  /** Source and target layer, agreement and extra cost of each {@link ComposedComparison}: there may be thousands. */
  readonly composed: readonly (readonly [source: number, target: number, agreement: number, extraCost: number])[];
  readonly chains: ChainsRef | null;
  /** Layers compared with the previous checkpoint; absent where there is none. */
  readonly drift?: readonly DriftRef[];
  /** ISO 8601 time at which the run started. */
  readonly started: string;
}
