import { calibrateTask } from '../planning/calibration/calibrate';
import { compareCyclesTask } from '../evaluation/compare-cycles';
import { estimatePairTask } from '../evaluation/estimate-pair';
import { evaluatePairTask } from '../evaluation/evaluate-pair';
import { measureLayerTask } from '../evaluation/measure-layer';
import { planStatesTask } from '../evaluation/plan-states';
import { compareMeaningsTask } from '../judgement/compare-meanings';
import { describeLayerTask } from '../judgement/describe-layer';
import { previewRunTask } from '../preview/preview-run';
import { buildChainsTask } from '../steps/build-chains';
import { compareComposedTask } from '../steps/compare-composed';
import { compareRowsTask } from '../steps/compare-rows';
import { countDriftTask } from '../steps/count-drift';
import { foldLayerTask } from '../steps/fold-layer';
import { hashSourceTask } from '../steps/hash-source';
import { loadRowsTask } from '../steps/load-rows';
import { matchFoldedTask } from '../steps/match-folded';
import { matchLayersTask } from '../steps/match-layers';
import { matchSaesTask } from '../steps/match-saes';
import { proveFoldedTask } from '../steps/prove-folded';
import { solveRowsTask } from '../steps/solve-rows';
import { verifyPairTask } from '../steps/verify-pair';
import type { TaskContext } from '../task-context';

/** The heavy work that runs in threads. Inputs and results are structured-cloneable and small: references, and arrays only in shared memory. */
export const TASKS = {
  buildChains: buildChainsTask,
  calibrate: calibrateTask,
  compareComposed: compareComposedTask,
  compareCycles: compareCyclesTask,
  compareMeanings: compareMeaningsTask,
  compareRows: compareRowsTask,
  countDrift: countDriftTask,
  describeLayer: describeLayerTask,
  estimatePair: estimatePairTask,
  evaluatePair: evaluatePairTask,
  foldLayer: foldLayerTask,
  hashSource: hashSourceTask,
  loadRows: loadRowsTask,
  matchFolded: matchFoldedTask,
  matchLayers: matchLayersTask,
  matchSaes: matchSaesTask,
  measureLayer: measureLayerTask,
  planStates: planStatesTask,
  previewRun: previewRunTask,
  proveFolded: proveFoldedTask,
  solveRows: solveRowsTask,
  verifyPair: verifyPairTask,
} satisfies Record<string, (input: never, context: TaskContext) => Promise<unknown>>;

export type TaskName = keyof typeof TASKS;
export type TaskInput<N extends TaskName> = Parameters<(typeof TASKS)[N]>[0];
export type TaskResult<N extends TaskName> = Awaited<ReturnType<(typeof TASKS)[N]>>;
