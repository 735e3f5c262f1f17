/** Everything that workers register; this file is the entry of the workflow bundle. */
export { modelMatch } from './model-match';
export { composeChains } from './compose-chains';
export { drift } from './drift';
export { evaluateRun } from './evaluate-run';
export { judgeRun } from './judge-run';
export { notifyRun } from './notify-run';
export { matchBlock } from './match-block';
export { checkpointWatch } from './checkpoint-watch';
