import { describeError, reviveError } from '../../../activities/thread/thread-errors';
import { ObjectNotFoundError } from '../../../artifacts/store/object-store';
import { CancelledError, InputError, SaeMatchError, UnavailableError } from '../../../matching/errors';

/** An error as it comes out of a thread: structured cloning keeps data and no classes. */
const travelled = (error: unknown): Error => reviveError(structuredClone(describeError(error)));

describe('an error that comes out of a thread', () => {
  it('keeps class, message, summary and whether it may pass', () => {
    const error = new UnavailableError('the bucket cannot answer now', { file: 'gs://b/x', found: 'HTTP status 503' });
    const revived = travelled(error);
    expect(revived).toBeInstanceOf(UnavailableError);
    const { message, summary, retryable, stack } = error;
    expect(revived).toMatchObject({ message, summary, retryable, stack });
  });

  it('has the nearest class that the caller knows', () => {
    const revived = travelled(new ObjectNotFoundError('/store/x'));
    expect(revived).toBeInstanceOf(InputError);
    expect(revived.name).toBe('InputError');
    expect(revived.message).toContain('/store/x');
  });

  it('of a cancelled task is that', () => {
    expect(travelled(new CancelledError())).toBeInstanceOf(CancelledError);
  });

  it('that is none of ours keeps its message and code', () => {
    const revived = travelled(Object.assign(new RangeError('too long'), { code: 'ERR_X' }));
    expect(revived).not.toBeInstanceOf(SaeMatchError);
    expect(revived).toMatchObject({ message: 'too long', code: 'ERR_X' });
    expect(travelled('a text').message).toBe('a text');
  });
});
