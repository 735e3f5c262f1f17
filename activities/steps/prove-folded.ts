import { openFloatProducts } from '../../kernels/ort/float-products';
import { featuresOf } from '../../matching/features';
import type { FoldedLayer } from '../../matching/folding';
import type { Comparison } from '../../matching/options/parse-comparison';
import { proveOptimality } from '../../matching/verification/prove-optimality';
import type { OptimalityClaim, OptimalityProof } from '../../matching/verification/prove-optimality';
import type { TaskContext } from '../task-context';

export interface ProveFoldedInput {
  /** The rows that were matched, in memory that threads share. */
  readonly source: FoldedLayer;
  readonly target: FoldedLayer;
  readonly options: Comparison;
  readonly claim: Omit<OptimalityClaim, 'source' | 'target'>;
}

/** Re-proves a matching of two layers that are in memory, with none of the matcher's code. */
export function proveFoldedTask(
  { source, target, options, claim }: ProveFoldedInput,
  context: TaskContext
): Promise<OptimalityProof> {
  const features = (rows: FoldedLayer): OptimalityClaim['source'] => featuresOf(rows, options.weights, options);
  const whole = { ...claim, source: features(source), target: features(target) };
  return proveOptimality(whole, openFloatProducts, reportRowsDone(context));
}

/** Reports on every 64th row, and stops on demand. */
export function reportRowsDone(context: TaskContext): (done: number, total: number) => void {
  return (done, total) => {
    context.throwIfCancelled();
    if (done % 64 === 0) context.onProgress({ phase: 'verifying', done, total, gap: null });
  };
}
