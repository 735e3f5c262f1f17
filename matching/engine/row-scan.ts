import type { EdgeList } from './edge-list';
import type { Report } from './report-scan';
import type { RowValues } from './scan-frame';

/** What one worker does with every row of similarities in a pass. */
export interface RowScan {
  scanRow(i: number, row: RowValues): void;
  /** Pairs without values that had to be evaluated one by one; to compute their tile again may be cheaper. */
  readonly coldPairs: number;
  take(): ScanResult;
}

/** What a scan has found; a pass that is paused asks several times. */
export interface ScanResult {
  /** Edges found since the last time. */
  readonly edges?: readonly EdgeList[];
  /** Edges that stand for all rows so far and replace those told before. */
  readonly soFar?: readonly EdgeList[];
  /** Of all rows so far. */
  readonly report?: Report;
}
