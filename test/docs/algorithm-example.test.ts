import { createReferenceKernel } from '../../kernels/reference-kernel';
import { createLocalDevice } from '../../matching/engine/local-tiles';
import { permuteActivations } from '../../matching/composition';
import { gridStep } from '../../matching/assignment-problem';
import { squaredNorms } from '../../matching/features';
import { matchPair } from '../../matching/match-pair';
import { featuresFrom, sideOf } from '../matching/random-features';
import { readText, tablesBelow } from './markdown';
import type { MarkdownTable } from './markdown';

const text = readText('docs/algorithm.md');
const [sources, targets, costs, matches] = tablesBelow(text, 'A worked example') as [
  MarkdownTable,
  MarkdownTable,
  MarkdownTable,
  MarkdownTable,
];
const a = vectors(sources);
const b = vectors(targets);
const c = costs.slice(1, 4).map((row) => row.slice(1, 4).map(Number));
const u = costs.slice(1, 4).map((row) => Number(row[4]));
const v = costs[4]!.slice(1, 4).map(Number);
const column = (name: string): string[] => matches.slice(1).map((row) => row[matches[0]!.indexOf(name)]!);
const numbers = (name: string): number[] => column(name).map(Number);
const permutations = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];
const total = (permutation: readonly number[]): number => permutation.reduce((sum, j, i) => sum + c[i]![j]!, 0);

describe('the worked example of docs/algorithm.md', () => {
  it('states the squared distances of its vectors', () => {
    expect(c).toEqual(a.map((row) => b.map((other) => row.reduce((sum, x, k) => sum + (x - other[k]!) ** 2, 0))));
  });

  it('states the cheapest of all six permutations', () => {
    const best = numbers('target_feature');
    expect(Math.min(...permutations.map(total))).toBe(total(best));
    expect(numbers('cost')).toEqual(best.map((j, i) => c[i]![j]));
  });

  it('states duals that prove it, and the margins that follow from them', () => {
    const reduced = c.map((row, i) => row.map((cost, j) => cost - u[i]! - v[j]!));
    const best = numbers('target_feature');
    expect(Math.min(...reduced.flat())).toBe(0);
    expect([...u, ...v].reduce((sum, dual) => sum + dual, 0)).toBe(total(best));
    const second = (values: number[], matched: number): number => Math.min(...values.filter((_, k) => k !== matched));
    expect(numbers('margin')).toEqual(
      best.map((j, i) => {
        const inColumn = reduced.map((row) => row[j]!);
        return second(reduced[i]!, j) + second(inColumn, i);
      })
    );
    const without = permutations.filter((permutation) => permutation[1] !== best[1]).map(total);
    expect(Math.min(...without)).toBe(16);
  });

  it('is what the matcher finds, on the grid step it names', async () => {
    const [source, target] = [featuresOf(a), featuresOf(b)];
    const ports = { tiles: { devicesFor: () => [createLocalDevice('javascript', createReferenceKernel)] } };
    const result = await matchPair(sideOf(source), sideOf(target), { availableMemory: 2 ** 20 }, ports);
    expect([...result.targetFeature]).toEqual(numbers('target_feature'));
    expect([...result.cost]).toEqual(numbers('cost'));
    expect([...result.nearestTarget]).toEqual(numbers('nearest_target'));
    expect([...result.nearestCost]).toEqual(numbers('nearest_cost'));
    expect([...result.mutualNearest].map((flag) => String(flag === 1))).toEqual(column('mutual_nearest'));
    expect(result.objective).toBe(6);
    const prices = new Float64Array(3).fill(Infinity);
    const step = gridStep({ norms: squaredNorms(source), prices }, { norms: squaredNorms(target), prices });
    expect(step).toBe(2 ** -40);
    expect(result.certificate.gap).toBeCloseTo(2 * 3 * step, 15);
  });

  it('carries activations as the text says', () => {
    const permutation = Int32Array.from(numbers('target_feature'));
    expect([...permuteActivations(Float64Array.of(10, 20, 30), permutation, 3)]).toEqual([20, 30, 10]);
    expect([...permutation].map((j) => [10, 20, 30][j])).toEqual([30, 10, 20]);
    expect(text).toContain('(20, 30, 10)');
    expect(text).toContain('(30, 10, 20)');
  });
});

function vectors(table: MarkdownTable): number[][] {
  return table.slice(1).map((row) => row[1]!.replaceAll(/[()]/g, '').split(',').map(Number));
}

function featuresOf(rows: readonly (readonly number[])[]): ReturnType<typeof featuresFrom> {
  return featuresFrom(rows.length, rows[0]!.length, (i, k) => rows[i]![k]!);
}
