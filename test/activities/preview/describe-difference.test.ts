import { describeLayerDifference, describeMatchDifference } from '../../../activities/preview/describe-difference';
import { foldFields, nearest } from '../../../activities/preview/ingredient-fields';

const file = (path: string) => ({ path, bytes: 1, sha256: '' });
const layer = {
  layer: 3,
  files: [file('layer_3/config.json'), file('layer_3/sae.safetensors')],
  scale: { location: '/export', files: [file('batch-0.jsonl.gz')] },
};
const other = { layer: 4, files: [file('layer_4/sae.safetensors')] };

describe('a difference in words', () => {
  it.each([
    ['files.1', 'a'.repeat(64), 'b'.repeat(64), 'sae.safetensors has changed (sha256 aaaaaaaa… → bbbbbbbb…)'],
    ['files.1', undefined, 'b'.repeat(64), 'sae.safetensors is new (sha256 bbbbbbbb…)'],
    ['files.2', 'a'.repeat(64), undefined, 'a file of layer 3 is gone (sha256 aaaaaaaa…)'],
    ['scale files.0', 'a'.repeat(64), 'b'.repeat(64), 'batch-0.jsonl.gz has changed (sha256 aaaaaaaa… → bbbbbbbb…)'],
    ['version of folding', 3, 4, 'version of folding: 3 → 4'],
    ['scale', undefined, 'threshold:2', 'scale: default → threshold:2'],
  ])('of a layer: %s from %s to %s', (field, stored, now, text) => {
    expect(describeLayerDifference({ field, stored, now }, layer)).toBe(text);
  });

  it.each([
    ['weights', 'decoder', 'all', 'weights: decoder → all'],
    [
      'target files.0',
      'a'.repeat(64),
      'b'.repeat(64),
      'layer 4: sae.safetensors has changed (sha256 aaaaaaaa… → bbbbbbbb…)',
    ],
    ['source version of folding', 1, 2, 'layer 3: version of folding: 1 → 2'],
    ['source rows', 'a', 'b', 'layer 3: other rows than now'],
  ])('of a pair: %s from %s to %s', (field, stored, now, text) => {
    expect(describeMatchDifference({ field, stored, now }, layer, other)).toBe(text);
  });
});

it('the nearest stored artifact is the one with the fewest differing fields', () => {
  const of = (version: number, hashes: string[], format = 'f') =>
    foldFields({ algorithm: 1, inputs: { version, hashes, format, layer: 3, fold: true, degenerate: 'exclude' } });
  const now = of(2, ['a', 'b']);
  expect(nearest([], now)).toBeNull();
  expect(nearest([of(1, ['a'], 'g'), of(1, ['a', 'b']), of(1, ['x', 'y'])], now)).toEqual([
    { field: 'version of folding', stored: 1, now: 2 },
  ]);
});
