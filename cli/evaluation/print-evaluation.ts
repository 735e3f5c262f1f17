import type { MethodRow } from '../../artifacts/tables/methods';
import type { ReconstructionRow } from '../../artifacts/tables/reconstructions';
import { BOUNDS } from '../../matching/evaluation/activations/estimates';
import { METHODS } from '../../matching/evaluation/methods';
import { figure, formatTable } from '../format-table';
import type { Output } from '../output';
import type { EvaluationTables } from './read-tables';

/** Prints means over the pairs of layers of what an evaluation says of each. */
export function printEvaluation(output: Output, tables: EvaluationTables, folder: string): void {
  const header = ['method', 'pairs', 'features', 'targets', 'MSE decoder', 'encoder', 'bias', 'median cosine'];
  const { methods, scores, reconstructions } = tables;
  printTable(
    output,
    header,
    METHODS.flatMap((method) =>
      lineOf(
        methods.filter((row) => row.method === method),
        (of) => methodLine(method, of)
      )
    )
  );
  output.print();
  output.print(
    'features and targets in all, else means over the pairs of layers; MSE: mean squared difference of the folded rows of what was chosen'
  );
  if (scores !== null && reconstructions !== null) printActivations(output, tables, reconstructions);
  output.print(`results: ${folder}`);
}

function printActivations(
  output: Output,
  { scores }: EvaluationTables,
  reconstructions: readonly ReconstructionRow[]
): void {
  const explained = (estimate: string, decoding: string | null): string =>
    meanOf(
      reconstructions
        .filter((row) => row.estimate === estimate && row.decoding === decoding)
        .map((row) => row.explained_variance)
    );
  const methods = [...METHODS, 'composed'].flatMap((method) =>
    lineOf(
      scores!.filter((row) => row.method === method),
      (of) => [
        method,
        String(of.length),
        meanOf(of.map(({ score }) => score)),
        explained(method, 'plain'),
        explained(method, 'folded'),
      ]
    )
  );
  const pairs = new Set(reconstructions.map(({ source_layer, target_layer }) => `${source_layer}:${target_layer}`));
  const bounds = BOUNDS.map((bound) => [bound, String(pairs.size), '-', explained(bound, null), '-']);
  output.print();
  printTable(output, ['method', 'pairs', 'matching score', 'explained variance', 'folded'], [...methods, ...bounds]);
  output.print();
  const [first] = reconstructions;
  if (first !== undefined)
    output.print(
      `means over the pairs of layers, on ${first.tokens} tokens of ${first.documents} documents; explained variance: of the target's hidden states`
    );
}

function printTable(output: Output, header: string[], lines: string[][]): void {
  for (const line of formatTable(header, lines, [...header.keys()].slice(1))) output.print(line);
}

const lineOf = <R>(rows: readonly R[], line: (rows: readonly R[]) => string[]): string[][] =>
  rows.length === 0 ? [] : [line(rows)];

function methodLine(method: string, rows: readonly MethodRow[]): string[] {
  const total = (column: 'features' | 'distinct_targets'): string =>
    String(rows.reduce((sum, row) => sum + row[column], 0));
  return [
    method,
    String(rows.length),
    total('features'),
    total('distinct_targets'),
    meanOf(rows.map((row) => row.folded_mse_decoder)),
    meanOf(rows.map((row) => row.folded_mse_encoder)),
    meanOf(rows.map((row) => row.folded_mse_bias)),
    meanOf(rows.map((row) => row.cosine_q50)),
  ];
}

function meanOf(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? '-' : figure(known.reduce((sum, value) => sum + value, 0) / known.length);
}
