import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runIdOf } from '../../../activities/steps/run-id';
import { degenerate, resolveRun } from '../../../cli/spec/resolve-spec';
import type { ResolvedRun, RunFlags } from '../../../cli/spec/resolve-spec';
import { UsageError } from '../../../matching/errors';
import { scratchFolder } from '../../sae/support';

const folder = scratchFolder();
const cwd = '/cwd';

function fromSpec(keys: Record<string, unknown>, flags: RunFlags = {}): ResolvedRun {
  writeFileSync(join(folder, 'spec.yaml'), JSON.stringify({ source: 'saes', ...keys }));
  return resolveRun(join(folder, 'spec.yaml'), flags, cwd);
}

/** Keys that decide what is computed, as a specification and as flags; every value differs from the default. */
const SPEC = {
  out: 'results',
  layers: '0-3',
  pairs: '0:1,2:3',
  weights: 'all',
  fold: false,
  degenerate: 'error',
  format: 'x',
};

describe('a run', () => {
  it('has defaults for all that is not said', () => {
    expect(resolveRun('saes', { fold: true }, cwd)).toEqual({
      runId: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
      spec: {
        source: '/cwd/saes',
        out: '/cwd/sae-match-out',
        layers: null,
        pairs: 'adjacent',
        weights: 'decoder',
        fold: true,
        degenerate: 'exclude',
        format: null,
        allow_hook_mismatch: false,
      },
      memoryBudget: null,
      deadlineSeconds: null,
      server: { address: undefined, profile: undefined, namespace: undefined },
      parallel: 64,
      detach: false,
      fresh: false,
    });
  });

  it('takes the previous checkpoint from its specification or from flags, each path from its own folder', () => {
    const kept = { unmatched: 0.5, kept: 0.8 };
    const keys = { previous: 'before', drift_kept: 0.8 };
    expect(fromSpec(keys).spec.previous).toEqual({ source: join(folder, 'before'), ...kept });
    const flags = { previous: 'elsewhere', previousStep: '10' };
    expect(fromSpec(keys, flags).spec.previous).toEqual({ source: '/cwd/elsewhere', step: 10, ...kept });
    expect(fromSpec({ previous_step: 10 }).spec.previous).toMatchObject({ source: join(folder, 'saes'), step: 10 });
    expect(fromSpec({}).spec).not.toHaveProperty('previous');
    expect(fromSpec(keys).runId).not.toBe(fromSpec({}).runId);
  });

  it('takes paths of the specification from its folder and those of flags from the working directory', () => {
    expect(fromSpec({ out: 'results' }).spec).toMatchObject({
      source: join(folder, 'saes'),
      out: join(folder, 'results'),
    });
    expect(fromSpec({ out: 'results' }, { out: 'elsewhere' }).spec.out).toBe('/cwd/elsewhere');
    expect(fromSpec({}).spec.out).toBe('/cwd/sae-match-out');
  });

  it('takes the path of a scale from the folder of the specification, or the working directory for a flag', () => {
    expect(fromSpec({ scale: 'np/{layer}' }).spec.scale).toBe(join(folder, 'np/{layer}'));
    expect(fromSpec({ scale: 'np' }, { scale: 'other' }).spec.scale).toBe('/cwd/other');
    expect(fromSpec({ scale: 'threshold:.5' }).spec.scale).toBe('threshold:0.5');
    for (const run of [fromSpec({ scale: 'np' }, { scale: 'decoder_norm' }), fromSpec({ scale: 'decoder_norm' })]) {
      expect(run.spec).toEqual(fromSpec({}).spec);
    }
  });

  it('follows a flag where the specification says otherwise, and the specification where there is none', () => {
    const keys = {
      ...SPEC,
      memory_budget: '1GiB',
      deadline: '2d',
      parallel: 8,
      run_id: 'a',
      address: 'a:1',
      detach: false,
      allow_hook_mismatch: false,
    };
    const flags = {
      out: 'o',
      layers: '4,5',
      pairs: 'all',
      weights: 'encoder',
      degenerate: 'exclude',
      format: 'y',
      memoryBudget: '2GiB',
      deadline: '90m',
      parallel: '16',
      runId: 'b',
      address: 'b:2',
      detach: true,
      allowHookMismatch: true,
    };
    expect(fromSpec(keys, flags)).toEqual({
      runId: 'b',
      spec: {
        source: join(folder, 'saes'),
        out: '/cwd/o',
        layers: [4, 5],
        pairs: 'all',
        weights: 'encoder',
        fold: false,
        degenerate: 'exclude',
        format: 'y',
        allow_hook_mismatch: true,
      },
      memoryBudget: 2 ** 31,
      deadlineSeconds: 5400,
      server: { address: 'b:2', profile: undefined, namespace: undefined },
      parallel: 16,
      detach: true,
      fresh: false,
    });
    expect(fromSpec(keys)).toMatchObject({
      runId: 'a',
      spec: { layers: [0, 1, 2, 3], weights: 'all', fold: false, format: 'x' },
      memoryBudget: 2 ** 30,
      deadlineSeconds: 172_800,
      parallel: 8,
    });
    const compared = { weights: 'all', metric: 'cosine', part_weights: { decoder: 2, encoder: 3 } };
    expect(fromSpec(compared, { metric: 'mse', partWeights: 'bias=5' }).spec).toEqual({
      ...fromSpec({ weights: 'all' }).spec,
      part_weights: { bias: 5 },
    });
    expect(fromSpec({ fold: true }, { fold: false }).spec.fold).toBe(false);
    expect(fromSpec({ fold: false }, { fold: true }).spec.fold).toBe(false);
  });

  it.each([
    ['layers', { layers: '3-1' }],
    ['pairs', { pairs: '1' }],
    ['weights', { weights: 'enc' }],
    ['metric', { metric: 'l1' }],
    ['part-weights', { partWeights: 'bias=1' }],
    ['degenerate', { degenerate: 'keep' }],
    ['scale', { scale: 'threshold:no' }],
    ['memory-budget', { memoryBudget: 'lots' }],
    ['deadline', { deadline: 'soon' }],
    ['run_id', { runId: 'a/b' }],
  ])('with an unusable --%s is refused by its name', (name, flags) => {
    expect(() => resolveRun('saes', flags, cwd)).toThrow(UsageError);
    expect(() => resolveRun('saes', flags, cwd)).toThrow(new RegExp(`^(--)?${name}: .*\\(found .*, expected `));
  });
});

describe('the id of a run', () => {
  const id = (keys: Record<string, unknown>, flags: RunFlags = {}): string => fromSpec(keys, flags).runId;

  it('is the same whatever the order of the keys', () => {
    const expected = id(SPEC);
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.entries(SPEC), { minLength: Object.keys(SPEC).length }), (entries) => {
        expect(id(Object.fromEntries(entries))).toBe(expected);
      })
    );
  });

  it('is the same whether flags or a specification said it, and however layers are written', () => {
    const { out, layers, pairs, weights, degenerate: policy, format } = SPEC;
    const flags = { out: join(folder, out), layers, pairs, weights, fold: false, degenerate: policy, format };
    expect(resolveRun(join(folder, 'saes'), flags, cwd).runId).toBe(id(SPEC));
    expect(id({ ...SPEC, layers: [3, 1, 0, 2] })).toBe(id(SPEC));
    expect(id({ weights: 'decoder', fold: true, pairs: 'adjacent' })).toBe(id({}));
  });

  it('is the same however what is compared is written, and as before where nothing special is compared', () => {
    const compared = { weights: 'all', metric: 'cosine', part_weights: { decoder: 1, encoder: 0.5 } };
    const flags = { weights: 'all', metric: 'cosine', partWeights: 'encoder=.50' };
    expect(id({}, flags)).toBe(id(compared));
    expect(id({ ...compared, part_weights: 'encoder=0.5,bias=1' })).toBe(id(compared));
    expect(id({ weights: 'all', part_weights: { bias: 0 } })).toBe(id({ weights: 'decoder+encoder' }));
    expect(id({ ...SPEC, metric: 'mse', part_weights: 'decoder=1,encoder=1,bias=1' })).toBe(id(SPEC));
  });

  it('does not depend on how the run is carried out', () => {
    const expected = id(SPEC);
    expect(id({ ...SPEC, memory_budget: '1GiB', address: 'a:1', detach: true })).toBe(expected);
    expect(id(SPEC, { memoryBudget: '2GiB', address: 'b:2', detach: true })).toBe(expected);
  });

  it('differs when anything of what is computed differs', () => {
    const ids = [
      {},
      ...Object.entries(SPEC).map(([key, value]) => ({ [key]: value })),
      { source: 'others' },
      { allow_hook_mismatch: true },
      { metric: 'cosine' },
      { scale: 'threshold:2' },
      { scale: 'np' },
      { part_weights: { decoder: 2 } },
      { weights: 'all', part_weights: { encoder: 2 } },
      { weights: 'all', part_weights: { encoder: 0 } },
      { weights: 'all', part_weights: { encoder: 2 }, metric: 'cosine' },
    ].map((keys) => id(keys));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is another one each time with --new', async () => {
    const first = id(SPEC, { new: true });
    await new Promise((resolve) => setTimeout(resolve, 2));
    const ids = [first, id({ ...SPEC, new: true }), id(SPEC)];
    expect(new Set(ids).size).toBe(3);
    expect(fromSpec(SPEC, { new: true }).fresh).toBe(true);
  });

  it('is twelve digits of the hash of all that the specification says, in the order of the keys', () => {
    const text =
      '{"allow_hook_mismatch":false,"degenerate":"exclude","fold":true,"format":null,"layers":[0,1],"out":"/out",' +
      '"pairs":[[1,0]],"source":"/saes","weights":"decoder"}';
    const { spec } = resolveRun('/saes', { layers: '0,1', out: '/out', pairs: '1:0' }, cwd);
    expect(runIdOf(spec)).toBe(createHash('sha256').update(text).digest('hex').slice(0, 12));
  });
});

it('the policy for thresholds of 0 or less is exclude or error', () => {
  expect(['exclude', 'error'].map(degenerate)).toEqual(['exclude', 'error']);
  expect(() => degenerate('')).toThrow('--degenerate: unknown policy');
});
