import { parseNotify } from '../../../cli/spec/parse-notify';
import { UsageError } from '../../../matching/errors';

describe('--notify', () => {
  it('tells nobody unless asked to', () => {
    expect(parseNotify({}, true)).toBeUndefined();
    expect(parseNotify({ notify: false }, true)).toBeUndefined();
    expect(parseNotify({ notify: true }, false)).toEqual({});
  });

  it('is implied by a share of drift', () => {
    expect(parseNotify({ drift: '0.2' }, true)).toEqual({ driftAbove: 0.2 });
    expect(parseNotify({ drift: 0 }, true)).toEqual({ driftAbove: 0 });
  });

  it.each(['', 'much', '-0.1', '1', '20%', NaN])('refuses %p as a share', (drift) => {
    expect(() => parseNotify({ drift }, true)).toThrow(UsageError);
  });

  it('refuses a share of drift where nothing is compared', () => {
    expect(() => parseNotify({ drift: '0.2' }, false)).toThrow(/--notify-drift/);
  });
});
