import { InputError } from '../../matching/errors';

describe('the message of an error', () => {
  it('names place, what was found and expected, and the remedy', () => {
    const error = new InputError('wrong', { file: 'f', field: 'x', found: '1', expected: '2', remedy: 'Fix it.' });
    expect(error.message).toBe('f: x: wrong (found 1, expected 2). Fix it.');
  });

  it('shortens what a file may hold megabytes of, and says how long it is', () => {
    const long = 'n'.repeat(1 << 20);
    const { message } = new InputError('wrong', { file: 'f', field: long, found: long, expected: '2' });
    expect(message.length).toBeLessThan(5000);
    expect(message).toMatch(/^f: n+… \(1048576 characters\): wrong \(found n+… \(1048576 characters\), expected 2\)$/);
  });
});
