import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MatchSaesInput } from '../../../activities/steps/match-saes';
import { isTemporaryName } from '../../../artifacts/store/temporary-file';
import type { TaskProgress } from '../../../activities/task-context';
import { runTask } from '../../../activities/thread/run-task';
import { CancelledError, EnvironmentError, InputError, MemoryBudgetError, UsageError } from '../../../matching/errors';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { randomSae, writeLayers } from '../../support/random-sae';
import { EXAMPLE } from '../../support/small-model';

const newFolder = temporaryFolders();
let source: string;
let target: string;
beforeAll(() => {
  [source, target] = writeLayers(newFolder(), [randomSae(1), randomSae(2)]) as [string, string];
});

const resources = { memoryBudget: 2 ** 34, slots: 1, device: 'cpu', checkpointSeconds: 30 } as const;

function pairInput(change: Partial<MatchSaesInput> = {}): MatchSaesInput {
  return {
    source,
    target,
    out: join(newFolder(), 'out'),
    weights: 'decoder',
    fold: true,
    degenerate: 'exclude',
    format: null,
    selection: {},
    allowHookMismatch: false,
    resources,
    ...change,
  };
}

describe('a task in a thread', () => {
  it('returns its result and reports its progress', async () => {
    const progress: TaskProgress[] = [];
    const row = await runTask('matchSaes', pairInput(), { onProgress: (report) => progress.push(report) });
    expect(row).toMatchObject({ status: 'done', source_features: 16, matched: 16 });
    const phases = new Set(progress.map(({ phase }) => phase));
    expect([...phases].slice(0, 2)).toEqual(['reading', 'candidates']);
    expect(progress.every(({ done, total }) => done <= total)).toBe(true);
  });

  it.each([
    ['a missing file', InputError, () => ({ source: '/nowhere' })],
    ['an unknown format', UsageError, () => ({ format: 'mine' })],
    ['a folder below a file', EnvironmentError, () => ({ out: join(source, 'out') })],
    ['too little memory', MemoryBudgetError, () => ({ resources: { ...resources, memoryBudget: 1 } })],
  ])('rejects for %s with the class of the error', async (_, errorClass, change) => {
    const error: unknown = await runTask('matchSaes', pairInput(change())).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(errorClass);
    expect((error as Error).name).toBe(errorClass.name);
  });

  it('stops when it is cancelled while it computes, leaves its state, and goes on from there', async () => {
    const input = pairInput({ source: `${EXAMPLE}#0`, target: `${EXAMPLE}#1` });
    const controller = new AbortController();
    const phases = new Set<string>();
    const onProgress = ({ phase }: TaskProgress): void => {
      phases.add(phase);
      if (phase === 'assignment') controller.abort();
    };
    await expect(runTask('matchSaes', input, { onProgress, signal: controller.signal })).rejects.toThrow(
      CancelledError
    );
    expect(phases.has('certificate')).toBe(false);
    const names = readdirSync(input.out).filter((name) => !isTemporaryName(name));
    expect(names).toEqual([expect.stringMatching(/^checkpoint-[0-9a-f]{16}\.bin$/)]);
    await runTask('matchSaes', input);
    expect(readdirSync(input.out).filter((name) => name.startsWith('checkpoint'))).toEqual([]);
    expect(readdirSync(input.out)).toContain('manifest.json');
  });

  it('does not start when it is cancelled before', async () => {
    const input = pairInput();
    await expect(runTask('matchSaes', input, { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
    expect(existsSync(input.out)).toBe(false);
  });
});
