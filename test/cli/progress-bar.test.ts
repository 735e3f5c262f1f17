import fc from 'fast-check';
import { renderProgress } from '../../cli/progress-bar';

describe('the progress bar', () => {
  it('is one line shorter than the terminal, whatever it has to say', () => {
    const text = fc.record({
      label: fc.constantFrom('waiting', 'similarities', 'certificate'),
      fraction: fc.option(fc.double({ min: -1, max: 2, noNaN: true })),
      detail: fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
    });
    fc.assert(
      fc.property(text, fc.integer({ min: 40, max: 120 }), (progress, columns) => {
        const line = renderProgress(progress, columns);
        expect(line.length).toBeLessThan(columns);
        expect(line).not.toContain('\n');
      })
    );
  });

  it('shows label, share and detail within 80 columns', () => {
    const line = renderProgress({ label: 'matching', fraction: 0.5, detail: 'layers 7/7, pairs 3/6  3→4' }, 80);
    expect(line).toBe('matching   [############............]  50%  layers 7/7, pairs 3/6  3→4');
  });

  it('says 100 % only at the end and never leaves its frame', () => {
    const bar = (fraction: number): string => renderProgress({ label: '', fraction, detail: '' }, 80).trim();
    expect(bar(0)).toBe(`[${'.'.repeat(24)}]   0%`);
    expect(bar(0.999)).toBe(`[${'#'.repeat(24)}]  99%`);
    expect(bar(1)).toBe(`[${'#'.repeat(24)}] 100%`);
    expect(bar(1.5)).toBe(bar(1));
    expect(bar(-0.5)).toBe(bar(0));
  });

  it('shows no share while the end is unknown', () => {
    expect(renderProgress({ label: 'waiting', fraction: null, detail: 'for a worker' }, 80)).toBe(
      `waiting    [${'.'.repeat(24)}]       for a worker`
    );
  });
});
