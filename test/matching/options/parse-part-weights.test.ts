import { parsePartWeights } from '../../../matching/options/parse-part-weights';
import { UsageError } from '../../../matching/errors';

it.each([
  ['decoder=1,encoder=0.5', { decoder: 1, encoder: 0.5 }],
  [' bias = 2 , decoder = .5 ', { decoder: 0.5, bias: 2 }],
  ['encoder=1e-3', { encoder: 0.001 }],
  ['bias=0', { bias: 0 }],
  [
    { decoder: 3, bias: 0.25 },
    { decoder: 3, bias: 0.25 },
  ],
  ['decoder=1e30,encoder=1e-30', { decoder: 1e30, encoder: 1e-30 }],
])('reads %j', (given, weights) => {
  expect(parsePartWeights(given)).toEqual(weights);
});

it('gives the parts in their own order, and minus zero as zero, so that both are the same run', () => {
  expect(JSON.stringify(parsePartWeights('bias=-0,encoder=2,decoder=3'))).toBe('{"decoder":3,"encoder":2,"bias":0}');
  expect(Object.is(parsePartWeights('bias=-0').bias, 0)).toBe(true);
});

it.each([
  ['', '""', 'weights such as decoder=1,encoder=0.5'],
  ['decoder', '"decoder"', 'weights such as'],
  ['decoder=', '"decoder="', 'weights such as'],
  ['decoder=x', '"decoder=x"', 'weights such as'],
  ['decoder=NaN', '"decoder=NaN"', 'weights such as'],
  ['decoder=1;encoder=2', '"decoder=1;encoder=2"', 'weights such as'],
  ['decoder=0x1', '"decoder=0x1"', 'weights such as'],
  ['threshold=1', '"threshold"', 'the parts decoder, encoder, bias'],
  ['decoder=1,decoder=1', 'decoder twice', 'each part once'],
  ['decoder=-1', 'decoder=-1', 'weights of 0, or from 1e-30 to 1e+30'],
  ['decoder=1e31', 'decoder=1e+31', 'weights of 0, or from'],
  ['decoder=1e999', 'decoder=Infinity', 'weights of 0, or from'],
  [{}, 'nothing', 'weights such as'],
  [{ decode: 1 }, '"decode"', 'the parts decoder, encoder, bias'],
  [{ decoder: Number.NaN }, 'decoder=NaN', 'weights of 0, or from'],
])('refuses %j by its name, saying what was found and expected', (given, found, expected) => {
  expect(() => parsePartWeights(given)).toThrow(UsageError);
  expect(() => parsePartWeights(given)).toThrow(
    `--part-weights: cannot be read as weights of parts (found ${found}, expected ${expected}`
  );
});
