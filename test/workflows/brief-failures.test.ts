import { briefFailures } from '../../workflows/brief-failures';
import { groupFailures } from '../../workflows/group-failures';
import type { Failure } from '../../workflows/run-types';

const failed = (layer: number, summary?: string): Failure => ({
  what: 'match',
  layers: [layer, layer + 1],
  type: 'InputError',
  message: `/a/rather/long/path/${layer}: ${summary ?? 'x'.repeat(3000)}`,
  ...(summary !== undefined && { summary }),
});

describe('failures that travel', () => {
  it('are told in full while they are few', () => {
    const few = Array.from({ length: 64 }, (_, layer) => failed(layer, 'too small'));
    expect(briefFailures(few)).toEqual(few);
  });

  it('are of the same causes at the same places when they are many, the first of each in full', () => {
    const causes = ['too small', 'damaged'];
    const many = Array.from({ length: 5000 }, (_, layer) => failed(layer, causes[layer < 4000 ? 0 : 1]));
    const brief = briefFailures(many);
    expect(groupFailures(brief)).toEqual(groupFailures(many));
    expect(brief[4000]).toEqual(many[4000]);
    expect(brief[4999]).toEqual({ what: 'match', layers: [4999, 5000], type: 'InputError', message: 'damaged' });
  });

  it('take less than a payload may have also when thousands say something long each', () => {
    const many = Array.from({ length: 5000 }, (_, layer) => failed(layer));
    expect(JSON.stringify(briefFailures(many)).length).toBeLessThan(1.5e6);
  });
});
