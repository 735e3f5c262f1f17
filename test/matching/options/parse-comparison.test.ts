import fc from 'fast-check';
import { parseComparison, parseMetric } from '../../../matching/options/parse-comparison';
import type { GivenComparison } from '../../../matching/options/parse-comparison';
import { UsageError } from '../../../matching/errors';
import { featuresOf, PARTS_OF_MODE, WEIGHT_MODES } from '../../../matching/features';
import type { PartName } from '../../../matching/features';
import { layerFrom } from '../../matching/random-features';

describe('what is compared', () => {
  it.each<[GivenComparison, object]>([
    [{}, { weights: 'decoder' }],
    [{ metric: 'mse' }, { weights: 'decoder' }],
    [{ metric: 'cosine' }, { weights: 'decoder', metric: 'cosine' }],
    [{ partWeights: 'decoder=1' }, { weights: 'decoder' }],
    [{ weights: 'all', partWeights: 'encoder=1,bias=1.0' }, { weights: 'all' }],
    [
      { weights: 'all', partWeights: 'encoder=0.50,bias=1' },
      { weights: 'all', part_weights: { encoder: 0.5 } },
    ],
    [{ weights: 'all', partWeights: 'bias=0' }, { weights: 'decoder+encoder' }],
    [
      { weights: 'all', partWeights: 'encoder=0,bias=0,decoder=2' },
      { weights: 'decoder', part_weights: { decoder: 2 } },
    ],
    [{ weights: 'decoder+encoder', partWeights: { decoder: 0 } }, { weights: 'encoder' }],
    [
      { weights: 'all', partWeights: 'encoder=0' },
      { weights: 'all', part_weights: { encoder: 0 } },
    ],
    [
      { weights: 'all', partWeights: 'bias=3,decoder=0,encoder=0' },
      { weights: 'all', part_weights: { decoder: 0, encoder: 0, bias: 3 } },
    ],
  ])('has one form, in which only what differs from the defaults is said: %j', (given, resolved) => {
    expect(JSON.stringify(parseComparison(given))).toBe(JSON.stringify(resolved));
  });

  it('means in its one form the same vectors as it was given, and stays as it is when it is resolved again', () => {
    const weight = fc.constantFrom(0, 1, 0.5);
    const weights = fc.record({ decoder: weight, encoder: weight, bias: weight });
    fc.assert(
      fc.property(fc.constantFrom(...WEIGHT_MODES), weights, (mode, all) => {
        const parts = PARTS_OF_MODE[mode];
        fc.pre(parts.some((part) => all[part] > 0));
        const named = Object.fromEntries(parts.map((part): [PartName, number] => [part, all[part]]));
        const resolved = parseComparison({ weights: mode, partWeights: named });
        const layer = layerFrom(3, { decoder: 2, encoder: 4 }, (i) => i + 1);
        expect(featuresOf(layer, resolved.weights, resolved)).toEqual(featuresOf(layer, mode, { part_weights: named }));
        expect(parseComparison({ ...resolved, partWeights: resolved.part_weights })).toEqual(resolved);
      })
    );
  });

  it.each<[GivenComparison, string]>([
    [{ weights: 'enc' }, '--weights: unknown weights (found enc, expected decoder | encoder | decoder+encoder | all)'],
    [{ metric: 'l1' }, '--metric: unknown metric (found l1, expected mse | cosine)'],
    [
      { partWeights: 'decoder=1,encoder=0.5' },
      '--part-weights: a weight is given for a part that is not compared (found encoder, expected decoder (of --weights decoder))',
    ],
    [
      { weights: 'decoder+encoder', partWeights: 'bias=0' },
      '--part-weights: a weight is given for a part that is not compared (found bias, expected decoder, encoder (of --weights decoder+encoder))',
    ],
    [
      { weights: 'encoder', partWeights: 'encoder=0' },
      '--part-weights: no part is left to compare (found encoder=0, expected a weight above 0 for at least one part)',
    ],
    [{ partWeights: 'decoder' }, '--part-weights: cannot be read as weights of parts (found "decoder", expected'],
  ])('that cannot be understood is refused with field, found and expected: %j', (given, message) => {
    expect(() => parseComparison(given)).toThrow(UsageError);
    expect(() => parseComparison(given)).toThrow(message);
  });
});

it('a metric is mse or cosine', () => {
  expect(['mse', 'cosine'].map(parseMetric)).toEqual(['mse', 'cosine']);
  expect(() => parseMetric('')).toThrow(UsageError);
});
