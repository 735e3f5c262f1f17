/** What two tables say about one matching; −1 stands for unmatched. */
export interface MatchingTables {
  /** Column target_feature of matches.parquet. `[sources]` */
  readonly targetFeature: Int32Array;
  /** Column source_feature of targets.parquet. `[targets]` */
  readonly sourceFeature: Int32Array;
}

/**
 * Checks that a matching is one-to-one, within range, and that both tables say the same. Returns one sentence for each
 * kind of fault found, with the first feature that shows it; an empty list means that all is well.
 */
export function checkPermutation({ targetFeature, sourceFeature }: MatchingTables): string[] {
  const faults: string[] = [];
  const owner = new Int32Array(sourceFeature.length).fill(-1);
  const note = (fault: string, kind: RegExp): void => {
    if (!faults.some((known) => kind.test(known))) faults.push(fault);
  };
  targetFeature.forEach((j, i) => {
    if (j === -1) return;
    if (j < -1 || j >= sourceFeature.length) {
      note(`source feature ${i} is matched to target feature ${j}, which does not exist`, /does not exist/);
      return;
    }
    if (owner[j] !== -1)
      note(`target feature ${j} is matched to source features ${owner[j]!} and ${i}`, /source features/);
    owner[j] = i;
  });
  sourceFeature.forEach((i, j) => {
    if (owner[j] === i) return;
    note(`targets table gives target feature ${j} source ${i}, matches table says ${owner[j]!}`, /targets table/);
  });
  return faults;
}
