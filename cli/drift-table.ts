import type { DriftRow } from '../artifacts/tables/drift';
import type { RunSpec } from '../workflows/run-types';
import { figure, formatTable } from './format-table';
import type { Output } from './output';
import type { RunResults } from './run-results';

/** Prints how the layers of a run differ from the previous checkpoint; nothing where it was compared with none. */
export async function printDrift(output: Output, results: RunResults): Promise<void> {
  const { previous } = results.manifest.spec as RunSpec;
  const rows = await results.drift();
  if (previous === undefined || rows.length === 0) return;
  const step = previous.step === undefined ? '' : `, step ${previous.step}`;
  output.print();
  output.print(`since ${previous.source}${step}:`);
  const header = ['layer', 'kept', 'changed', 'born', 'died', 'median cosine'];
  for (const line of formatTable(header, rows.map(driftLine), [0, 1, 2, 3, 4, 5])) output.print(line);
  output.print();
  output.print(`kept     features that were there before, with a decoder cosine of at least ${previous.kept}`);
  output.print('changed  the same with a smaller cosine');
  output.print(`born     features that have no partner of about cosine ${previous.unmatched} before; died: none now`);
}

function driftLine(row: DriftRow): string[] {
  if (row.status === 'failed') return [String(row.layer), 'failed'];
  const counts = [row.layer, row.kept, row.changed, row.born, row.died].map(String);
  return [...counts, row.cosine_q50 === null ? '' : figure(row.cosine_q50)];
}
