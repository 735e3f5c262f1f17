import { openStore } from '../../artifacts/store/open-store';
import { featuresOf, matricesOf } from '../../matching/features';
import type { FoldedLayer } from '../../matching/folding';
import { solveMatching } from '../../matching/match-pair';
import type { SolvedMatching } from '../../matching/matching';
import { READING } from '../task-context';
import type { TaskContext } from '../task-context';
import { checkSpaces } from './check-spaces';
import type { LoadedRows } from './load-rows';
import { createCheckpoint } from './match-checkpoint';
import { matchPorts, memoryLeft } from './match-resources';
import type { MatchResources } from './match-resources';
import type { MatchingOptions } from './matching-options';
import { readRowsApart } from './rows-ref';
import type { SideRef } from './rows-ref';

export interface SolveRowsInput {
  readonly source: SideRef;
  readonly target: SideRef;
  readonly options: MatchingOptions;
  readonly resources: MatchResources;
  /** Store that keeps the state of the match, and the object in it. */
  readonly out: string;
  readonly checkpoint: string;
}

export interface SolvedRows {
  readonly matching: SolvedMatching;
  readonly source: LoadedRows['input'] | null;
  readonly target: LoadedRows['input'] | null;
}

/** Reads what a pair is matched on, and nothing else, and matches it. */
export async function solveRowsTask(input: SolveRowsInput, context: TaskContext): Promise<SolvedRows> {
  context.onProgress(READING);
  const matrices = matricesOf(input.options.weights);
  const source = await readRowsApart(input.source.rows, matrices, context);
  const target = await readRowsApart(input.target.rows, matrices, context);
  const matching = await solve(input, source.rows, target.rows, context);
  return { matching, source: source.input, target: target.input };
}

/** Matches rows that were read. */
export function solve(
  { source, target, options, resources, out, checkpoint }: SolveRowsInput,
  sourceRows: FoldedLayer,
  targetRows: FoldedLayer,
  context: TaskContext
): Promise<SolvedMatching> {
  const a = featuresOf(sourceRows, options.weights, options);
  const b = featuresOf(targetRows, options.weights, options);
  checkSpaces({ name: source.name, features: a }, { name: target.name, features: b });
  return solveMatching(
    a,
    b,
    { availableMemory: memoryLeft(resources), unmatched: options.unmatched ?? null },
    matchPorts(context, resources, createCheckpoint(openStore(out), checkpoint, resources.checkpointSeconds))
  );
}
