import { matchRows } from '../../../activities/steps/match-rows';
import type { MatchedRows } from '../../../activities/steps/match-rows';
import type { RowsRef, SideRef } from '../../../activities/steps/rows-ref';
import { silentContext } from '../../../activities/task-context';
import { InputError } from '../../../matching/errors';
import type { RunSpec } from '../../../workflows/run-types';
import { hashInputs } from '../../../sae/hash-inputs';
import { resolveSaeArgument } from '../../../sae/sae-argument';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { foldAll, smallModel } from '../small-run';

const newFolder = temporaryFolders();
const resources = { memoryBudget: 2 ** 34, slots: 1, device: 'cpu', checkpointSeconds: 60 } as const;

/** An SAE of the small model as `pair` names it. */
async function saeSide(spec: RunSpec, layer: number, fold: boolean): Promise<SideRef> {
  const argument = `${spec.source}#${layer}`;
  const { source, entry } = await resolveSaeArgument(argument);
  const sha256 = (await hashInputs(source, entry)).map((file) => file.sha256);
  const ref = (folded: boolean): RowsRef => ({
    ...{ kind: 'sae', argument, format: null, sha256, fold: folded, degenerate: 'exclude' },
  });
  return { name: argument, rows: ref(fold), folded: ref(true) };
}

async function storedSide(spec: RunSpec, layer: number): Promise<SideRef> {
  const folded = (await foldAll(spec))[layer]!;
  const rows = { kind: 'stored', out: spec.out, key: folded.rows } as const;
  return { name: `${layer}`, rows, folded: rows };
}

function match(
  sides: readonly SideRef[],
  weights: RunSpec['weights'],
  fold: boolean,
  bytes: number
): Promise<MatchedRows> {
  const [source, target] = [sides[0]!, sides[1]!];
  const options = { weights, fold, degenerate: 'exclude' } as const;
  const where = { out: newFolder(), checkpoint: 'checkpoint.bin' };
  return matchRows({ source, target, options, resources, ...where, bytes }, silentContext);
}

describe('matching two layers step by step in threads', () => {
  const cases = [
    ['decoder', false],
    ['encoder', true],
  ] as const;
  it.each(cases)('gives what matching them whole gives: %s, folded: %s', async (weights, fold) => {
    const spec = smallModel(newFolder());
    const sides = [await saeSide(spec, 0, fold), await saeSide(spec, 1, fold)];
    const whole = await match(sides, weights, fold, 0);
    const inSteps = await match(sides, weights, fold, Infinity);
    const { solverSeconds: ignored, ...expected } = whole.matching;
    expect(inSteps.matching).toMatchObject(expected);
    expect(inSteps.source).toEqual(whole.source);
    expect(ignored).not.toBeNull();
  });

  it('reads layers of the store as well', async () => {
    const spec = smallModel(newFolder());
    const sides = [await storedSide(spec, 0), await storedSide(spec, 1)];
    const { solverSeconds, ...expected } = (await match(sides, 'decoder', true, 0)).matching;
    expect((await match(sides, 'decoder', true, Infinity)).matching).toMatchObject(expected);
    expect(solverSeconds).not.toBeNull();
  });

  it('refuses a file that is no longer the one that was looked at', async () => {
    const spec = smallModel(newFolder());
    const { rows, ...side } = await saeSide(spec, 0, true);
    const changed = { ...side, rows: { ...rows, sha256: ['0'.repeat(64)] } as RowsRef };
    const matching = match([changed, await saeSide(spec, 1, true)], 'decoder', true, Infinity);
    await expect(matching).rejects.toThrow(InputError);
    await expect(match([changed, changed], 'decoder', true, 0)).rejects.toThrow('changed since it was first looked at');
  });
});
