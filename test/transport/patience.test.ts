import { InputError, UnavailableError } from '../../matching/errors';
import { onFirstRetry, patiently } from '../../transport/patience';

const PATIENCE = { attempts: 4, firstDelayMs: 1, stallMs: 1000 };
const silent = (): UnavailableError => new UnavailableError('no answer', { file: 'hf://a/b', found: 'ECONNREFUSED' });

/** What fails so often and then gives 7. */
function failing(times: number, error: () => Error): () => Promise<number> {
  let left = times;
  return () => (left-- > 0 ? Promise.reject(error()) : Promise.resolve(7));
}

describe('waiting for a place that does not answer', () => {
  const lines: string[] = [];
  let end: () => void;
  beforeEach(() => {
    lines.length = 0;
    end = onFirstRetry((line) => lines.push(line));
  });
  afterEach(() => {
    end();
  });

  it('is said once, with the place and the fault, however often it fails', async () => {
    expect(await patiently(PATIENCE, failing(3, silent))).toBe(7);
    expect(lines).toEqual(['waiting for hf://a/b (ECONNREFUSED); trying again']);
  });

  it('is not said when nothing is tried again', async () => {
    expect(await patiently(PATIENCE, failing(0, silent))).toBe(7);
    await expect(
      patiently(
        PATIENCE,
        failing(1, () => new InputError('wrong'))
      )
    ).rejects.toThrow('wrong');
    expect(lines).toEqual([]);
  });

  it('is said to nobody who has stopped listening', async () => {
    end();
    await patiently(PATIENCE, failing(1, silent));
    expect(lines).toEqual([]);
  });
});
