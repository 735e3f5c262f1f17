import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LFS_POINTER, put, scratchFolder } from '../sae/support';
import { runProgram } from '../support/program';
import type { Finished } from '../support/program';
import { residentProgram } from '../support/resident-program';
import { paramsNpz, randomSae, withoutThreshold, withValue, writeLayers } from '../support/random-sae';
import type { RandomSae } from '../support/random-sae';

const runCommand = residentProgram();
const folder = scratchFolder();
const home = join(folder, 'home');
const at = (...names: string[]): string => join(folder, ...names);
const first = (count: number): number[] => Array.from({ length: count }, (_, feature) => feature);

/** Something that cannot be done, and what the one sentence about it says. */
interface Case {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: 1 | 2;
  /** In a process of its own, which ends with the exit code. */
  readonly alone?: true;
  /** File, field, found, expected, in this order. */
  readonly says: readonly (string | RegExp)[];
}

const good = at('good');
const source = at('good/layer_0/params.npz');
const matching = (sae: string, ...flags: string[]): string[] => ['pair', sae, source, '--out', at('out'), ...flags];

/** The file of a broken SAE in a folder of its own. */
function broken(name: string, content: RandomSae | Buffer): string {
  return put(at(name), 'params.npz', Buffer.isBuffer(content) ? content : paramsNpz(content));
}

function spec(name: string, text: string): string {
  return put(folder, `${name}.yaml`, text);
}

const sae = randomSae(3);
const archive = paramsNpz(sae);
writeLayers(good, [randomSae(1), randomSae(2)]);
mkdirSync(at('empty-folder'));
put(at('no-saes'), 'README.md', 'no weights here');
put(folder, 'a-file', 'not a folder');
put(folder, 'garbage.toml', 'this is = = not\nTOML');

const CASES: Record<string, Case> = {
  'a build of workers without a deployment': {
    args: ['worker', '--address', '127.0.0.1:1', '--build-id', 'b'],
    code: 2,
    says: ['--build-id', 'a build belongs to a deployment', 'found b', 'Give --deployment'],
  },
  'a deployment of workers with a dot': {
    args: ['deployment', 'show', 'a.b', '--address', '127.0.0.1:1'],
    code: 2,
    says: ['not a name for a version of workers', 'found a.b', 'expected up to 200 letters'],
  },
  'no deployment of workers': {
    args: ['deployment', 'set-current', '--address', '127.0.0.1:1'],
    code: 2,
    says: ['no deployment of workers given', 'TEMPORAL_DEPLOYMENT_NAME'],
  },
  'a deployment of the embedded server': {
    args: ['deployment', 'show', 'matcher'],
    code: 2,
    says: ['no Temporal server given', '--address'],
  },
  'a layer that is not there': {
    args: matching(`${good}#9`),
    code: 1,
    says: ['layer 9 has no SAE', 'found layers 0-1', 'expected an SAE of layer 9'],
  },
  'shapes that differ within a file': {
    args: matching(broken('shapes', { ...sae, b_enc: { shape: [15], values: sae.b_enc.values.slice(1) } })),
    code: 1,
    says: [at('shapes/params.npz'), 'b_enc', 'found 15', 'expected 16'],
  },
  'a tensor that is missing': {
    args: matching(broken('missing', Buffer.from(archive.toString('latin1').replaceAll('W_dec', 'W_out'), 'latin1'))),
    code: 1,
    says: [at('missing'), 'W_dec'],
  },
  'two SAEs of different width': {
    args: matching(broken('wide', randomSae(4, 16, 9))),
    code: 1,
    says: [
      `${at('wide/params.npz')} and ${source}`,
      'decoder rows',
      'found 9 and 8 elements',
      'expected the same number in both',
    ],
  },
  'a weight that is NaN': {
    args: matching(broken('nan', withValue(sae, 'W_enc', 21, NaN))),
    alone: true,
    code: 1,
    says: [at('nan/params.npz'), 'W_enc', 'found NaN', 'expected'],
  },
  'a weight that is infinite': {
    args: matching(broken('infinite', withValue(sae, 'W_dec', 21, -Infinity))),
    code: 1,
    says: [at('infinite/params.npz'), 'W_dec', 'found -Infinity', 'expected'],
  },
  'a bias that is NaN': {
    args: ['inspect', broken('bias', withValue(sae, 'b_enc', 3, NaN))],
    code: 1,
    says: [at('bias/params.npz'), 'b_enc', 'found NaN', 'expected'],
  },
  'a threshold of 0 where that is an error': {
    args: matching(broken('zero', withoutThreshold(sae, [4])), '--degenerate', 'error'),
    code: 1,
    says: [at('zero'), 'threshold', 'found 1 of 16 features', 'first: feature 4', 'expected only positive thresholds'],
  },
  'thresholds of 0 in more than half of a layer': {
    args: matching(broken('zeros', withoutThreshold(sae, first(9)))),
    code: 1,
    says: [at('zeros'), 'threshold', 'found 9 of 16 features', 'expected at most half of the features'],
  },
  'an empty file': {
    args: matching(broken('empty', Buffer.alloc(0))),
    code: 1,
    says: [at('empty/params.npz'), 'found', '0 bytes'],
  },
  'a file that is cut off': {
    args: matching(broken('cut', archive.subarray(0, archive.length / 2))),
    code: 1,
    says: [at('cut/params.npz'), 'found', 'expected'],
  },
  'a Git LFS pointer': {
    args: matching(broken('pointer', Buffer.from(LFS_POINTER))),
    code: 1,
    says: [at('pointer/params.npz'), 'Git LFS', 'git lfs pull'],
  },
  'a folder that is not there': {
    args: matching(at('nowhere')),
    code: 1,
    says: [at('nowhere'), 'found no such file or folder'],
  },
  'a folder without SAEs': {
    args: matching(at('no-saes')),
    code: 1,
    says: [at('no-saes'), 'no SAE found', 'found 1 files', 'expected'],
  },
  'an empty folder': {
    args: ['inspect', at('empty-folder')],
    code: 1,
    says: [at('empty-folder'), 'no SAE found', 'found 0 files', 'expected'],
  },
  'several SAEs where one is meant': {
    args: matching(good),
    code: 1,
    says: [good, 'found 2 SAEs of layers 0-1', 'expected one SAE', `${good}#0`],
  },
  'a format that is not known': {
    args: matching(source, '--format', 'mine'),
    alone: true,
    code: 2,
    says: ['format', 'found mine', 'expected', 'gemma-scope'],
  },
  'an output folder below a file': {
    args: ['pair', source, source, '--out', at('a-file/out')],
    code: 1,
    says: [at('a-file/out'), '--out', `found the file ${at('a-file')}`, 'expected a folder'],
  },
  'an output folder that is a file': {
    args: ['pair', source, source, '--out', at('a-file')],
    code: 1,
    says: [at('a-file'), '--out', `found the file ${at('a-file')}`, 'expected a folder'],
  },
  'an output folder below a file, for a run': {
    args: ['run', good, '--out', at('a-file/out')],
    code: 1,
    says: [at('a-file/out'), 'cannot write', '--out'],
  },
  'a memory budget that is too small': {
    args: matching(source, '--memory-budget', '1KiB'),
    code: 1,
    says: ['--memory-budget', 'found', 'expected at least', '16 x 16 features'],
  },
  'a memory budget that is none': {
    args: matching(source, '--memory-budget', 'lots'),
    code: 2,
    says: ['--memory-budget', 'found lots', 'expected a size such as 4GiB'],
  },
  'weights that are not known': {
    args: matching(source, '--weights', 'bias'),
    code: 2,
    says: ['--weights', 'found bias', 'expected decoder | encoder | decoder+encoder | all'],
  },
  'a weight for a part that is not compared': {
    args: matching(source, '--weights', 'encoder', '--part-weights', 'encoder=1,bias=0.5'),
    code: 2,
    says: ['--part-weights', 'found bias', 'expected encoder (of --weights encoder)'],
  },
  'a metric that is not known': {
    args: matching(source, '--metric', 'l1'),
    code: 2,
    says: ['--metric', 'found l1', 'expected mse | cosine'],
  },
  'a specification with an unknown key': {
    args: ['run', spec('unknown', `source: ${good}\nlayres: 0-1`)],
    code: 2,
    says: [at('unknown.yaml'), 'layres', 'expected source, out, layers'],
  },
  'a specification with a value of the wrong type': {
    args: ['run', spec('type', `source: ${good}\nfold: sometimes`)],
    code: 2,
    says: [at('type.yaml'), 'fold', 'found "sometimes"', 'expected true or false'],
  },
  'a specification that is not there': {
    args: ['run', at('none.yaml')],
    code: 1,
    says: [at('none.yaml'), 'found ENOENT', 'expected a YAML file'],
  },
  'a run over a layer that is not there': {
    args: ['run', good, '--layers', '0-4', '--out', at('out')],
    code: 1,
    says: ['layer 2 has no SAE', 'found layers 0-1', 'expected an SAE of layer 2'],
  },
  'a run with a pair that is none of its layers': {
    args: ['run', good, '--layers', '0-1', '--pairs', '0:3', '--out', at('out')],
    code: 2,
    says: ['--pairs', 'found 0:3', 'expected layers 0, 1'],
  },
  'a configuration of Temporal that cannot be read': {
    args: ['run', good, '--out', at('out')],
    env: { TEMPORAL_CONFIG_FILE: at('garbage.toml') },
    alone: true,
    code: 2,
    says: ['found Invalid TOML', 'TEMPORAL_CONFIG_FILE'],
  },
  'a step of a backfill that is none': {
    args: ['schedule', 'backfill', 'live', '--from', '1e3'],
    code: 2,
    says: ['--from', 'cannot be understood as a step', '"1e3"', 'a whole number such as 1000'],
  },
  'a backfill that ends before it begins': {
    args: ['schedule', 'backfill', 'live', '--from', ' 20 ', '--to', '10'],
    code: 2,
    says: ['--to', 'no step in this range', 'found 10', 'at least 20'],
  },
  'results that are not there': {
    args: ['verify', at('good')],
    code: 1,
    says: [at('good/manifest.json'), 'there is no manifest', 'expected the folder of a finished run or pair'],
  },
};

let before: string[];
const results = new Map<string, Finished>();
beforeAll(async () => {
  before = readdirSync(folder).sort();
  const runs = Object.entries(CASES).map(async ([name, { args, env, alone }]) => {
    const run = alone === true ? runProgram : runCommand;
    results.set(name, await run(args, { SAE_MATCH_HOME: home, ...env }));
  });
  await Promise.all(runs);
}, 300_000);

describe('the command line answers bad input with one sentence and its exit code:', () => {
  it.each(Object.keys(CASES))('%s', (name) => {
    const { code, says } = CASES[name]!;
    const finished = results.get(name)!;
    expect([finished.code, finished.stdout]).toEqual([code, '']);
    expect(finished.stderr).toMatch(/^sae-match: [^\n]+\n$/);
    expect(finished.stderr).not.toMatch(/unexpected error|undefined|\[object/);
    let position = 0;
    for (const part of says) {
      const text = finished.stderr.slice(position);
      const found = typeof part === 'string' ? text.indexOf(part) : text.search(part);
      expect({ part, in: text, found: found >= 0 }).toEqual({ part, in: text, found: true });
      position += found;
    }
  });

  it('and leaves nothing behind: no results, no server', () => {
    expect(readdirSync(folder).sort()).toEqual(before);
    expect(existsSync(home)).toBe(false);
    expect(readFileSync(at('a-file'), 'utf8')).toBe('not a folder');
  });
});

describe('bad input after good results', () => {
  it('leaves these as they were', async () => {
    const out = at('kept');
    const pair = (...args: string[]): Promise<Finished> => runCommand(['pair', ...args, '--out', out]);
    expect((await pair(source, at('good/layer_1/params.npz'))).code).toBe(0);
    const contents = (): Record<string, string> =>
      Object.fromEntries(
        readdirSync(out)
          .filter((name) => !name.startsWith('.'))
          .map((name) => [name, readFileSync(join(out, name), 'latin1')])
      );
    const results = contents();
    expect((await pair(source, at('nan/params.npz'))).code).toBe(1);
    expect(contents()).toEqual(results);
    writeFileSync(join(out, 'manifest.json'), '{');
    expect((await pair(source, at('good/layer_1/params.npz'))).code).toBe(2);
  });
});
