import { featuresOf } from '../../matching/features';
import type { FoldedLayer } from '../../matching/folding';
import { matchPair } from '../../matching/match-pair';
import type { MatchSide } from '../../matching/match-pair';
import type { Matching } from '../../matching/matching';
import type { Comparison } from '../../matching/options/parse-comparison';
import type { TaskContext } from '../task-context';
import { checkSpaces } from './check-spaces';
import { matchPorts, memoryLeft } from './match-resources';
import type { MatchResources } from './match-resources';
import { reportRows } from './match-rows';

/** One layer in memory that threads share. */
export interface LayerRows {
  /** How a user would name it. */
  readonly name: string;
  /** The rows that are matched. */
  readonly rows: FoldedLayer;
  /** The folded rows, for the paper's metric: often the same; null when the layer cannot be folded. */
  readonly folded: FoldedLayer | null;
}

export interface MatchFoldedInput {
  readonly source: LayerRows;
  readonly target: LayerRows;
  readonly options: Comparison & { readonly unmatched?: number };
  readonly resources: Omit<MatchResources, 'checkpointSeconds'>;
}

/** Matches two layers that are in memory, and reports on the matches. */
export function matchFoldedTask(
  { source, target, options, resources }: MatchFoldedInput,
  context: TaskContext
): Promise<Matching> {
  const [a, b] = [sideOf(source, options), sideOf(target, options)];
  checkSpaces({ name: source.name, features: a.features }, { name: target.name, features: b.features });
  return matchPair(
    a,
    b,
    { availableMemory: memoryLeft(resources), unmatched: options.unmatched ?? null },
    matchPorts(context, resources, null)
  );
}

function sideOf({ rows, folded }: LayerRows, options: Comparison): MatchSide {
  return { features: featuresOf(rows, options.weights, options), report: reportRows(rows, folded) };
}
