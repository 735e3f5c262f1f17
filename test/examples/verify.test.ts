import { cpSync, mkdtempSync, realpathSync, renameSync, rmSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PairRow } from '../../artifacts/tables/pairs';
import { runProgram } from '../support/program';
import type { Finished } from '../support/program';
import { residentProgram } from '../support/resident-program';
import { EXAMPLE, writeSmallModel } from '../support/small-model';
import { judgeByCommand, judgeByScript } from './support/judge';
import type { Judgement, Verdict } from './support/judge';
import { runPython } from './support/python';
import { residentPython } from './support/resident-python';
import {
  changeCertificate,
  changeTargets,
  flipByte,
  recomputeChecksums,
  withDual,
  withoutFeature,
} from './support/tamper';

jest.setTimeout(180_000);

const PROVED: Verdict = { code: 0, checksums: true, permutation: true, certificate: true };
const FEATURES = 160;

const runCommand = residentProgram();
const runScript = residentPython();
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-verify-')));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

let small: string[];
let pair: string;
let objective: number;
beforeAll(async () => {
  small = await writeSmallModel(join(scratch, 'model'), 2, FEATURES);
  pair = join(scratch, 'pair');
  objective = (await match(small[0]!, small[1]!, pair)).objective!;
});

async function match(source: string, target: string, out: string, flags: readonly string[] = []): Promise<PairRow> {
  const { code, stdout, stderr } = await runCommand(['pair', source, target, '--out', out, '--json', ...flags]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as PairRow;
}

/** A copy of the small pair that a test may spoil. */
function copyOfPair(name: string): string {
  const copy = join(scratch, name);
  cpSync(pair, copy, { recursive: true });
  return copy;
}

/** A changed copy of an SAE. */
async function changeSae(file: string, name: string, flags: readonly string[]): Promise<string> {
  const changed = join(scratch, name);
  const { code, stderr } = await runScript([join(__dirname, 'support/change-sae.py'), file, changed, ...flags]);
  if (code !== 0) throw new Error(stderr);
  return changed;
}

/** What both verifiers say, which must be the same. */
async function judge(...args: string[]): Promise<{ verdict: Verdict; texts: string[] }> {
  return agreed(await Promise.all([judgeByCommand(runCommand, args), judgeByScript(runScript, args)]));
}

/** The same from programs that are started for it, as users start them. */
async function judgeAlone(...args: string[]): Promise<{ verdict: Verdict; texts: string[] }> {
  const runProgramAlone = (command: readonly string[]): Promise<Finished> => runProgram(command, {});
  return agreed(await Promise.all([judgeByCommand(runProgramAlone, args), judgeByScript(runPython, args)]));
}

function agreed(judgements: readonly Judgement[]): { verdict: Verdict; texts: string[] } {
  const [first, second] = judgements;
  expect(second!.verdict).toEqual(first!.verdict);
  return { verdict: first!.verdict, texts: judgements.map(({ text }) => text) };
}

describe('both verifiers prove what `sae-match pair` wrote', () => {
  it('for a real pair whose features may stay unmatched, and for none of another price', async () => {
    const out = join(scratch, 'unmatched');
    const flags = ['--unmatched', '0.4'];
    const { matched } = await match(`${EXAMPLE}#3`, `${EXAMPLE}#4`, out, flags);
    expect(matched).toBeGreaterThan(100);
    expect(matched).toBeLessThan(1000);
    expect((await judge(out)).verdict).toEqual(PROVED);
    const manifest = join(out, 'manifest.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/"unmatched": ?0\.4/, '"unmatched": 0.3'));
    expect((await judge(out)).verdict).not.toEqual(PROVED);
  });

  it('for a real pair of unit vectors that may stay unmatched, and for no other metric, weights or price', async () => {
    const out = join(scratch, 'cosine');
    const flags = '--metric cosine --unmatched 0.3 --weights all --part-weights encoder=0.5,bias=0.01'.split(' ');
    const { matched, share_bias } = await match(`${EXAMPLE}#3`, `${EXAMPLE}#4`, out, flags);
    expect(matched).toBeGreaterThan(100);
    expect(matched).toBeLessThan(1000);
    expect(share_bias).toBeGreaterThan(0);
    expect((await judge(out)).verdict).toEqual(PROVED);
    const manifest = join(out, 'manifest.json');
    const text = readFileSync(manifest, 'utf8');
    for (const [said, other] of [
      [/"metric": "cosine"/, '"metric": "mse"'],
      [/"encoder": 0\.5/, '"encoder": 0.25'],
      [/"unmatched": 0\.3/, '"unmatched": 0.2'],
    ] as const) {
      writeFileSync(manifest, text.replace(said, other));
      expect((await judge(out)).verdict).toEqual({ ...PROVED, code: 1, certificate: false });
    }
  });

  it('for a real pair of 1,024 features, stored as float16', async () => {
    const out = join(scratch, 'real');
    const { objective: stated } = await match(`${EXAMPLE}#3`, `${EXAMPLE}#4`, out, ['--weights', 'all']);
    const { verdict, texts } = await judge(out);
    expect(verdict).toEqual(PROVED);
    const recomputed = Number(/objective ([\d.]+)/.exec(texts[1]!)![1]);
    expect(Math.abs(recomputed / stated! - 1)).toBeLessThan(1e-12);
  });

  it('for a small pair matched with the defaults', async () => {
    expect((await judge(pair)).verdict).toEqual(PROVED);
  });

  it('also in programs of their own, which end with the exit code', async () => {
    expect((await judgeAlone(pair)).verdict).toEqual(PROVED);
    const { verdict } = await judgeAlone(pair, '--source', small[1]!, '--target', small[0]!);
    expect(verdict).toEqual({ code: 1, checksums: false, permutation: true, certificate: false });
  });

  it.each([
    '--weights encoder',
    '--weights decoder+encoder',
    '--weights all --no-fold',
    '--metric cosine',
    '--metric cosine --weights all --no-fold',
    '--weights all --part-weights decoder=3,encoder=0.1',
    '--weights all --part-weights encoder=0 --metric cosine',
  ])('for a small pair matched with %s', async (flags) => {
    const out = join(scratch, `small ${flags}`);
    await match(small[0]!, small[1]!, out, flags.split(' '));
    expect((await judge(out)).verdict).toEqual(PROVED);
  });

  it('for layers of unequal width, either way round, with features that cannot be folded', async () => {
    const fewer = await changeSae(small[0]!, 'fewer.npz', ['--features', '100', '--zero-threshold', '3,41']);
    const forth = join(scratch, 'fewer-to-more');
    const back = join(scratch, 'more-to-fewer');
    expect(await match(fewer, small[1]!, forth)).toMatchObject({ matched: 98, excluded_source: 2 });
    expect(await match(small[1]!, fewer, back)).toMatchObject({ matched: 98, excluded_target: 2 });
    expect((await judge(forth)).verdict).toEqual(PROVED);
    expect((await judge(back)).verdict).toEqual(PROVED);
  });
});

/** Each makes a claim that is false although every file can be read, and says which checks must see it. */
const TAMPERINGS: readonly [string, (folder: string) => Promise<void>, Partial<Verdict>][] = [
  [
    'two targets swapped in both tables',
    (folder) => changeTargets(folder, swapFirstTwo, { alsoTargets: true }),
    { certificate: false },
  ],
  [
    'two targets swapped in one table',
    (folder) => changeTargets(folder, swapFirstTwo, { alsoTargets: false }),
    { permutation: false, certificate: false },
  ],
  [
    'a source dual raised by a millionth of the objective',
    (folder) =>
      changeCertificate(folder, (table) => ({ ...table, source: withDual(table.source, 7, objective * 1e-6) })),
    { certificate: false },
  ],
  [
    'a target dual lowered by a millionth of the objective',
    (folder) =>
      changeCertificate(folder, (table) => ({ ...table, target: withDual(table.target, 7, -objective * 1e-6) })),
    { certificate: false },
  ],
  [
    'a dual left out',
    (folder) => changeCertificate(folder, (table) => ({ ...table, target: withoutFeature(table.target, 7) })),
    { certificate: false },
  ],
];

function swapFirstTwo(targets: Int32Array): void {
  [targets[0], targets[1]] = [targets[1]!, targets[0]!];
}

describe.each(TAMPERINGS)('with %s', (name, tamper, failing) => {
  it('both verifiers name the failing checks, also with the checksums recomputed', async () => {
    const folder = copyOfPair(name);
    await tamper(folder);
    const { verdict } = await judge(folder);
    expect(verdict).toEqual({ ...PROVED, ...failing, code: 1, checksums: false });
    recomputeChecksums(folder);
    const recomputed = await judge(folder);
    expect(recomputed.verdict).toEqual({ ...PROVED, ...failing, code: 1 });
  });
});

describe('with one byte changed, both verifiers report the checksum and still make the other checks', () => {
  it('where the table can still be read', async () => {
    const folder = copyOfPair('flipped-writer');
    flipByte(join(folder, 'targets.parquet'), (bytes) => bytes.lastIndexOf('sae-match'));
    const { verdict, texts } = await judge(folder);
    expect(verdict).toEqual({ ...PROVED, code: 1, checksums: false });
    for (const text of texts) expect(text).toContain('targets.parquet');
  });

  it('where the table cannot be read', async () => {
    const folder = copyOfPair('flipped-magic');
    flipByte(join(folder, 'targets.parquet'), (bytes) => bytes.length - 1);
    expect((await judge(folder)).verdict).toEqual({ code: 1, checksums: false, permutation: false, certificate: true });
  });
});

describe('input SAEs', () => {
  it('are found where --source and --target say, and missed without', async () => {
    const model = join(scratch, 'before');
    const [source, target] = await writeSmallModel(model, 2, 40);
    const out = join(scratch, 'moved-pair');
    await match(source!, target!, out);
    const moved = join(scratch, 'after');
    renameSync(model, moved);
    const { verdict, texts } = await judge(out);
    expect(verdict).toEqual({ code: 1, checksums: false, permutation: true, certificate: false });
    for (const text of texts) expect(text).toContain(source);
    const files = [source!, target!].map((file) => file.replace(model, moved));
    expect((await judge(out, '--source', files[0]!, '--target', files[1]!)).verdict).toEqual(PROVED);
    const folders = [join(moved, 'layer_0'), join(moved, 'layer_1')];
    expect((await judge(out, '--source', folders[0]!, '--target', folders[1]!)).verdict).toEqual(PROVED);
  });

  it('that were altered are reported, even where that cannot change the matching', async () => {
    const altered = await changeSae(small[0]!, 'altered.npz', ['--shift-b-dec', '1']);
    const { verdict, texts } = await judge(pair, '--source', altered, '--target', small[1]!);
    expect(verdict).toEqual({ ...PROVED, code: 1, checksums: false });
    for (const text of texts) expect(text).toContain('altered.npz');
  });

  it('other than those matched do not pass', async () => {
    const other = await changeSae(small[0]!, 'other.npz', ['--zero-threshold', '5']);
    const { verdict } = await judge(pair, '--source', other, '--target', small[1]!);
    expect(verdict).toEqual({ code: 1, checksums: false, permutation: true, certificate: false });
  });
});

it('a missing SAE_MATCH_PYTHON is an error, not a skipped test', () => {
  const python = process.env.SAE_MATCH_PYTHON;
  delete process.env.SAE_MATCH_PYTHON;
  try {
    expect(() => runPython(['--version'])).toThrow(/scripts\/python-requirements\.txt/);
  } finally {
    process.env.SAE_MATCH_PYTHON = python;
  }
});
