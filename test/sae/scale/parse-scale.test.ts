import { parseScale } from '../../../sae/scale/parse-scale';
import { UsageError } from '../../../matching/errors';

it.each([
  ['decoder_norm', undefined],
  ['latents_mean_square', 'latents_mean_square'],
  ['threshold:0.5', 'threshold:0.5'],
  ['threshold:.50', 'threshold:0.5'],
  ['threshold:5e-1', 'threshold:0.5'],
  ['exports/{layer}-res-jb', '/here/exports/{layer}-res-jb'],
  ['/there/batch-0.jsonl.gz', '/there/batch-0.jsonl.gz'],
  ['./threshold:1', '/here/threshold:1'],
  ['gs://bucket/exports/{layer}-res-jb', 'gs://bucket/exports/{layer}-res-jb'],
  ['https://host/batch-0.jsonl.gz', 'https://host/batch-0.jsonl.gz'],
])('reads %j as %j', (given, scale) => {
  expect(parseScale(given, '/here')).toBe(scale);
});

it.each(['threshold:', 'threshold:0', 'threshold:-1', 'threshold:x', 'threshold:1e999', 'threshold:0x1', '', ' '])(
  'refuses %j',
  (given) => {
    expect(() => parseScale(given, '/here')).toThrow(UsageError);
  }
);
