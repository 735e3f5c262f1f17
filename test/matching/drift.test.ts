import fc from 'fast-check';
import { countDrift } from '../../matching/drift';
import type { DriftSide } from '../../matching/drift';

const flag = fc.constantFrom(0, 0, 0, 1);
const side = fc.array(fc.tuple(flag, flag), { minLength: 1, maxLength: 12 }).map((rows): DriftSide => ({
  excluded: Uint8Array.from(rows, ([a]) => a),
  zero: Uint8Array.from(rows, ([, b]) => b),
}));

/** Two checkpoints and a one-to-one matching of some of their features; excluded ones are never matched. */
const compared = fc
  .tuple(side, side, fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 12 }), fc.nat())
  .map(([previous, current, cosines, shift]) => {
    const targetFeature = new Int32Array(previous.excluded.length).fill(-1);
    const decoderCosine = new Float64Array(targetFeature.length).fill(NaN);
    cosines.forEach((cosine, i) => {
      const j = (i + shift) % current.excluded.length;
      if (i >= targetFeature.length || targetFeature.includes(j)) return;
      if (previous.excluded[i] === 1 || current.excluded[j] === 1) return;
      targetFeature[i] = j;
      if (previous.zero[i] === 0 && current.zero[j] === 0) decoderCosine[i] = cosine;
    });
    return { previous, current, matches: { targetFeature, decoderCosine } };
  });

describe('the counts of a drift', () => {
  it('count every feature of both checkpoints once', () => {
    fc.assert(
      fc.property(
        compared,
        fc.double({ min: -1, max: 1, noNaN: true }),
        ({ previous, current, matches }, threshold) => {
          const { kept, changed, died, born, ...left } = countDrift(matches, previous, current, threshold);
          expect(kept + changed + died + left.dead_previous + left.excluded_previous).toBe(previous.excluded.length);
          expect(kept + changed + born + left.dead + left.excluded).toBe(current.excluded.length);
          for (const count of [kept, changed, died, born, ...Object.values(left)])
            expect(count).toBeGreaterThanOrEqual(0);
          expect(kept).toBe(Array.from(matches.decoderCosine).filter((cosine) => cosine >= threshold).length);
        }
      )
    );
  });

  it('tell dead and excluded features apart, and take a match with a dead one for none', () => {
    const previous = { excluded: Uint8Array.of(0, 0, 0, 1), zero: Uint8Array.of(0, 1, 0, 1) };
    const current = { excluded: Uint8Array.of(0, 0, 0), zero: Uint8Array.of(0, 0, 1) };
    const matches = { targetFeature: Int32Array.of(0, 1, 2, -1), decoderCosine: [0.9, NaN, NaN, NaN] };
    expect(countDrift(matches, previous, current, 0.9)).toEqual({
      ...{ kept: 1, changed: 0, died: 1, born: 1 },
      ...{ dead_previous: 1, dead: 1, excluded_previous: 1, excluded: 0 },
    });
  });
});
