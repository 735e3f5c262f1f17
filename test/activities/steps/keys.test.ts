import { contentKey } from '../../../artifacts/content-key';
import { chainsKey, foldKey, matchKey } from '../../../activities/steps/keys';
import type { FoldKeyInput } from '../../../activities/steps/keys';
import { FOLDING_VERSION } from '../../../matching/folding';
import { MATCHING_VERSION } from '../../../matching/match-pair';
import type { FoldedRef, MatchRef, RunSpec } from '../../../workflows/run-types';

const spec: RunSpec = {
  source: '/saes',
  out: '/out',
  layers: null,
  pairs: 'adjacent',
  weights: 'decoder',
  fold: true,
  degenerate: 'exclude',
  format: null,
  allow_hook_mismatch: false,
};
const fold: FoldKeyInput = {
  files: [{ sha256: 'a' }, { sha256: 'b' }],
  format: 'f',
  layer: 3,
  fold: true,
  degenerate: 'exclude',
};
const source: FoldedRef = {
  layer: 0,
  features: 8,
  elements: 4,
  rows: 'r0',
  folded: 'f0',
  inputs: ['a'],
  cached: false,
};
const target: FoldedRef = {
  layer: 1,
  features: 9,
  elements: 4,
  rows: 'r1',
  folded: 'f1',
  inputs: ['b'],
  cached: false,
};
const step: MatchRef = { source: 0, target: 1, key: 'm01', cached: false };

function expectAllDifferent(keys: readonly string[]): void {
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(keys).size).toBe(keys.length);
}

describe('the key of a folded layer', () => {
  it('changes with the files and their order, the format, the layer, and how it is folded', () => {
    expectAllDifferent([
      foldKey(fold),
      foldKey({ ...fold, files: [{ sha256: 'b' }, { sha256: 'a' }] }),
      foldKey({ ...fold, files: [{ sha256: 'a' }] }),
      foldKey({ ...fold, format: 'g' }),
      foldKey({ ...fold, layer: 4 }),
      foldKey({ ...fold, layer: null }),
      foldKey({ ...fold, fold: false }),
      foldKey({ ...fold, degenerate: 'error' }),
      foldKey({ ...fold, scale: { choice: 'threshold:2', files: [] } }),
      foldKey({ ...fold, scale: { choice: 'threshold:3', files: [] } }),
      foldKey({ ...fold, scale: { choice: 'latents_mean_square', files: [] } }),
      foldKey({ ...fold, scale: { choice: '/export', files: [{ sha256: 'c' }] } }),
      foldKey({ ...fold, scale: { choice: '/export', files: [{ sha256: 'd' }] } }),
    ]);
  });

  it('is made of nothing but the files, the format, the layer and these two options where no scale is given', () => {
    const { format, layer, degenerate } = fold;
    const key = contentKey('folded', {
      ...{ version: FOLDING_VERSION, hashes: ['a', 'b'], format, layer, fold: true, degenerate },
    });
    expect(foldKey(fold)).toBe(key);
    expect(foldKey({ ...fold, scale: undefined })).toBe(key);
  });

  it('does not change with the place of an export, nor with a scale that is not folded in', () => {
    const scale = { choice: '/export', files: [{ sha256: 'c' }] };
    expect(foldKey({ ...fold, scale: { ...scale, choice: '/moved' } })).toBe(foldKey({ ...fold, scale }));
    expect(foldKey({ ...fold, fold: false, scale })).toBe(foldKey({ ...fold, fold: false }));
  });

  it('does not change with the name or place of a file', () => {
    const files = fold.files.map((file, index) => ({ ...file, path: `elsewhere/${index}`, bytes: 7 }));
    expect(foldKey({ ...fold, files })).toBe(foldKey(fold));
  });

  it('does not change with the rule for thresholds when these are not folded in', () => {
    const unfolded = { ...fold, fold: false };
    expect(foldKey({ ...unfolded, degenerate: 'error' })).toBe(foldKey(unfolded));
  });
});

describe('the key of a match', () => {
  it('changes with the rows of either side, their order, their layers, and what is compared', () => {
    expectAllDifferent([
      matchKey(source, target, spec),
      matchKey(target, source, spec),
      matchKey({ ...source, rows: 'r' }, target, spec),
      matchKey(source, { ...target, rows: 'r' }, spec),
      matchKey({ ...source, folded: null }, target, spec),
      matchKey(source, { ...target, folded: 'f' }, spec),
      matchKey({ ...source, layer: 5 }, target, spec),
      matchKey(source, target, { ...spec, weights: 'encoder' }),
      matchKey(source, target, { ...spec, fold: false }),
      matchKey(source, target, { ...spec, degenerate: 'error' }),
      matchKey(source, target, { ...spec, unmatched: 0.3 }),
      matchKey(source, target, { ...spec, metric: 'cosine' }),
      matchKey(source, target, { ...spec, scale: 'threshold:2' }),
      matchKey(source, target, { ...spec, scale: '/export' }),
      matchKey(source, target, { ...spec, part_weights: { decoder: 2 } }),
      matchKey(source, target, { ...spec, part_weights: { decoder: 3 } }),
    ]);
  });

  it('is made of nothing but the rows, their layers and these three options where no other is asked for', () => {
    const { weights, fold, degenerate } = spec;
    const sides = { source: { layer: 0, rows: 'r0', folded: 'f0' }, target: { layer: 1, rows: 'r1', folded: 'f1' } };
    const key = contentKey('match', { version: MATCHING_VERSION, ...sides, weights, fold, degenerate });
    expect(matchKey(source, target, spec)).toBe(key);
  });

  it('does not change with where things lie, which other layers there are, or what was cached', () => {
    const elsewhere: RunSpec = {
      ...spec,
      source: '/s',
      out: '/o',
      layers: [0, 1],
      pairs: 'all',
      allow_hook_mismatch: true,
    };
    const [cachedSource, cachedTarget] = [source, target].map((ref) => ({ ...ref, cached: true }));
    expect(matchKey(cachedSource!, cachedTarget!, elsewhere)).toBe(matchKey(source, target, spec));
  });
});

describe('the key of chains', () => {
  const layers = [
    { layer: 0, rows: 'r0' },
    { layer: 1, rows: 'r1' },
  ];

  it('changes with the layers, the steps between them, and the options that the table states', () => {
    expectAllDifferent([
      chainsKey(layers, [step], spec),
      chainsKey(layers, [null], spec),
      chainsKey(layers, [{ ...step, key: 'm' }], spec),
      chainsKey([layers[0]!, { layer: 2, rows: 'r1' }], [step], spec),
      chainsKey([layers[0]!, { layer: 1, rows: null }], [step], spec),
      chainsKey(layers, [null], { ...spec, weights: 'all' }),
      chainsKey(layers, [null], { ...spec, fold: false }),
      chainsKey(layers, [null], { ...spec, degenerate: 'error' }),
      chainsKey(layers, [null], { ...spec, metric: 'cosine' }),
      chainsKey(layers, [null], { ...spec, part_weights: { decoder: 2 } }),
    ]);
  });

  it('does not change with where things lie or what was cached', () => {
    const elsewhere: RunSpec = { ...spec, source: '/s', out: '/o', pairs: [[0, 1]], layers: [0, 1] };
    const cached: MatchRef = { ...step, cached: true };
    expect(chainsKey(layers, [cached], elsewhere)).toBe(chainsKey(layers, [step], spec));
  });
});

it('keys of different kinds of artifact never meet', () => {
  expectAllDifferent([foldKey(fold), matchKey(source, target, spec), chainsKey([], [], spec)]);
});
