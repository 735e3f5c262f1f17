import type { JudgementManifest } from '../../artifacts/manifest';
import type { LabelRow } from '../../artifacts/tables/labels';
import { figure, formatTable } from '../format-table';
import type { Output } from '../output';

const METHODS = ['matched', 'composed', 'nearest', 'random'];

/** The mean over pairs of layers, by how far these are apart, of what the table says of each method; and what is described. */
export function printLabels(output: Output, rows: readonly LabelRow[], manifest: JudgementManifest): void {
  const isJudged = manifest.judge !== null;
  const distances = [...new Set(rows.map(({ distance }) => distance))].sort((a, b) => a - b);
  const lines = distances.flatMap((distance) =>
    METHODS.flatMap((method) => {
      const of = rows.filter((row) => row.distance === distance && row.method === method);
      return of.length === 0 ? [] : [lineOf(distance, method, of, isJudged)];
    })
  );
  const header = ['distance', 'method', 'pairs', 'features', 'described', 'words alike', 'same words', 'any word'];
  const judged = isJudged ? ['judged', 'SAME', 'MAYBE', 'DIFFERENT', 'disagreed', 'unusable', 'score'] : [];
  const numbers = [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
  for (const line of formatTable([...header, ...judged], lines, numbers)) output.print(line);
  output.print();
  output.print('distance: selected layers from one to the other; words alike: mean lexical score, 0 to 1');
  const sum = (of: (layer: { features: number; described: number }) => number): number =>
    manifest.descriptions.reduce((total, layer) => total + of(layer), 0);
  const features = sum((layer) => layer.features);
  output.print(
    `described: ${sum((layer) => layer.described)} of ${features} features of ${manifest.descriptions.length} layers`
  );
}

function lineOf(distance: number, method: string, rows: readonly LabelRow[], isJudged: boolean): string[] {
  const total = (column: keyof LabelRow): string => String(rows.reduce((sum, row) => sum + (row[column] as number), 0));
  const meanOf = (column: keyof LabelRow): string => {
    const values = rows.map((row) => row[column]).filter((value) => typeof value === 'number');
    return figure(values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length);
  };
  return [
    ...[String(distance), method, String(rows.length), total('features'), total('described')],
    ...[meanOf('lexical_mean'), meanOf('same_words'), meanOf('any_word')],
    ...(isJudged
      ? [
          ...[total('judged'), total('same'), total('maybe'), total('different')],
          ...[total('disagreed'), total('unusable'), meanOf('score_mean')],
        ]
      : []),
  ];
}
