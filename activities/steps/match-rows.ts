import { MATRICES } from '../../matching/folding';
import type { FoldedLayer, MatrixName } from '../../matching/folding';
import type { Matching } from '../../matching/matching';
import { completeMatching, reportOn } from '../../matching/report';
import type { ReportRows } from '../../matching/report';
import { rowsFromArray } from '../../matching/row-matrix';
import { NO_PARTS } from '../../matching/statistics';
import { runSubtask } from '../thread/run-subtask';
import { READING, REPORTING } from '../task-context';
import type { TaskContext } from '../task-context';
import type { ComparedRows } from './compare-rows';
import type { LoadedRows } from './load-rows';
import { foldedIfPossible, isSame, readRows } from './rows-ref';
import type { RowsRef, SideRef } from './rows-ref';
import { solve } from './solve-rows';
import type { SolveRowsInput } from './solve-rows';

export interface MatchRowsInput extends SolveRowsInput {
  /** Bytes of all matrices of both layers in float32. */
  readonly bytes: number;
}

export interface MatchedRows {
  readonly matching: Matching;
  /** What is known of the files, where rows were read from an SAE. */
  readonly source: LoadedRows['input'] | null;
  readonly target: LoadedRows['input'] | null;
}

/** Pairs below this size are read whole. */
const LARGE_BYTES = 2 ** 28;

/** Matches two layers and reports on the matches. */
export function matchRows(input: MatchRowsInput, context: TaskContext): Promise<MatchedRows> {
  return input.bytes < LARGE_BYTES ? matchWhole(input, context) : matchInSteps(input, context);
}

/** With all rows of both layers in memory. */
async function matchWhole(input: MatchRowsInput, context: TaskContext): Promise<MatchedRows> {
  const read = async (
    side: SideRef
  ): Promise<{ rows: FoldedLayer; input: LoadedRows['input'] | null; report: ReportRows }> => {
    const { rows, input: file } = await readRows(side.rows, MATRICES, context);
    const { folded } = side;
    const same = isSame(side.rows, folded);
    const other = same || folded === null ? null : await foldedIfPossible(() => readRows(folded, MATRICES, context));
    return { rows, input: file, report: reportRows(rows, same ? rows : (other?.rows ?? null)) };
  };
  context.onProgress(READING);
  const [source, target] = [await read(input.source), await read(input.target)];
  const solved = await solve(input, source.rows, target.rows, context);
  context.onProgress(REPORTING);
  const matching = completeMatching(solved, reportOn(source.report, target.report, solved.targetFeature));
  return { matching, source: source.input, target: target.input };
}

/**
 * One step after the other, each in a thread that ends with what it holds: at no time is there more than the engine with
 * the rows that are matched, or one matrix of both layers. What threads share is collected late, or not in time.
 */
async function matchInSteps(input: MatchRowsInput, context: TaskContext): Promise<MatchedRows> {
  const { source, target, options, resources, out, checkpoint } = input;
  const solved = await runSubtask('solveRows', { source, target, options, resources, out, checkpoint }, context);
  context.onProgress(REPORTING);
  const { targetFeature } = solved.matching;
  const compare = (a: RowsRef, b: RowsRef, matrix: MatrixName): Promise<ComparedRows> =>
    runSubtask('compareRows', { source: a, target: b, matrix, targetFeature }, context);
  const report = async (matrix: MatrixName): Promise<{ rows: ComparedRows; folded: ComparedRows | null }> => {
    const rows = await compare(source.rows, target.rows, matrix);
    if (isSame(source.rows, source.folded) && isSame(target.rows, target.folded)) return { rows, folded: rows };
    const [a, b] = [source.folded, target.folded];
    if (a === null || b === null) return { rows, folded: null };
    return { rows, folded: await foldedIfPossible(() => compare(a, b, matrix)) };
  };
  const decoder = await report('decoder');
  const encoder = await report('encoder');
  const [x, y] = [decoder.folded, encoder.folded];
  const matching = completeMatching(solved.matching, {
    decoderCosine: decoder.rows.cosine,
    encoderCosine: encoder.rows.cosine,
    foldedMse: x === null || y === null ? NO_PARTS : { decoder: x.mse, encoder: y.mse, bias: y.biasMse },
  });
  return { matching, source: solved.source, target: solved.target };
}

/** The rows matches are reported on: cosines from the matched layer's rows, the paper's metric from the folded ones. */
export function reportRows(rows: FoldedLayer, folded: FoldedLayer | null): ReportRows {
  return {
    decoder: rows.decoder,
    encoder: rows.encoder,
    folded: folded && {
      decoder: folded.decoder,
      encoder: folded.encoder,
      bias: rowsFromArray(folded.encoderBias, folded.features, 1),
      excluded: folded.excluded,
    },
  };
}
