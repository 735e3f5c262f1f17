import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJudgements } from '../../artifacts/tables/judgements';
import type { JudgementRow } from '../../artifacts/tables/judgements';
import type { LabelRow } from '../../artifacts/tables/labels';
import type { JudgementManifest } from '../../artifacts/manifest';
import { wordsOf } from '../../matching/evaluation/meaning/description-words';
import { EXAMPLES, runPython } from '../examples/support/python';
import { differencesFrom, documentedFields } from '../support/json-tables';
import { labelOf, startJudgeServer, USAGE } from '../support/judge-server';
import type { JudgeServer } from '../support/judge-server';
import { expectCode, runProgram, startProgram } from '../support/program';
import type { Finished } from '../support/program';
import { crash, createProgramHome } from '../support/program-home';
import { residentProgram } from '../support/resident-program';
import { EXAMPLE, writeSmallModel } from '../support/small-model';

const LAYERS = 3;
const FEATURES = 60;
const SAMPLES = 4;
const PARALLEL = 3;
const KEY = 'planted-judge-key-71ac';

const home = createProgramHome();
const env = { ...home.env, SAE_MATCH_JUDGE_KEY: KEY };
const saes = join(home.folder, 'saes');
const out = join(home.folder, 'out');
const explanations = join(home.folder, 'explanations');
const folder = join(out, 'runs/judged/judgement');
const runCommand = residentProgram();
const said: string[] = [];
let judge: JudgeServer;
/** What words alone say. */
let byWords: Judged;

interface Judged {
  readonly state: string;
  readonly survey: { readonly questions: number; readonly stored: number } | null;
  readonly asked: number;
  readonly prompt_tokens: number;
  readonly cost: number | null;
  readonly failures: readonly { readonly message: string }[];
  readonly labels: readonly LabelRow[];
}

const judgeArgs = (model: string | null, ...flags: string[]): string[] => [
  ...['judge', 'judged', '--out', out, '--descriptions', explanations, '--samples', String(SAMPLES), '--json'],
  ...(model === null ? [] : ['--endpoint', judge.base, '--model', model, '--parallel', String(PARALLEL)]),
  ...(model === null ? [] : ['--timeout', '1s']),
  ...flags,
];

async function command(args: readonly string[], code = 0): Promise<Finished> {
  const ended = await runCommand(args, env);
  said.push(ended.stdout, ended.stderr);
  expectCode(ended, code);
  return ended;
}

const judgedBy = async (model: string | null, ...flags: string[]): Promise<Judged> =>
  JSON.parse((await command(judgeArgs(model, ...flags))).stdout) as Judged;

const tables = (): Buffer[] => ['judgements.parquet', 'labels.parquet'].map((name) => readFileSync(join(folder, name)));
const judgements = (): Promise<JudgementRow[]> => decodeJudgements(readFileSync(join(folder, 'judgements.parquet')));
const manifest = (): JudgementManifest =>
  JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as JudgementManifest;

beforeAll(async () => {
  judge = await startJudgeServer();
  await writeSmallModel(saes, LAYERS, FEATURES);
  mkdirSync(explanations);
  for (let layer = 0; layer < LAYERS; layer++) {
    const lines = readFileSync(join(EXAMPLE, `explanations/layer_${layer}.jsonl`), 'utf8').split('\n');
    // One feature of each layer has no description.
    writeFileSync(join(explanations, `layer_${layer}.jsonl`), lines.slice(1, FEATURES).join('\n'));
  }
  const run = ['run', saes, '--out', out, '--pairs', 'all', '--run-id', 'judged'];
  // The embedded server and worker stay for what follows.
  expectCode(await runProgram([...run, '--detach'], env), 0);
  expectCode(await runProgram(['watch', 'judged', '--out', out], env), 0);
}, 240_000);
afterAll(async () => {
  await home.remove();
  await judge.close();
});
afterEach(() => {
  Object.assign(judge, { refusal: null, delayMs: 0, hasNoLabelFor: () => false });
  judge.faults.length = 0;
});

describe('sae-match judge', () => {
  it('compares by words without asking anybody, beside nearest, composed and random targets', async () => {
    byWords = await judgedBy(null);
    const { state, survey, labels } = byWords;
    expect([state, survey, judge.seen.length]).toEqual(['done', null, 0]);
    const names = labels.map((row) => `${row.source_layer}:${row.target_layer} ${row.distance} ${row.method}`);
    const near = (pair: string): string[] => ['matched', 'nearest', 'random'].map((method) => `${pair} 1 ${method}`);
    const far = ['matched', 'composed', 'nearest', 'random'].map((method) => `0:2 2 ${method}`);
    expect(names).toEqual([...near('0:1'), ...far, ...near('1:2')]);
    for (const row of labels) {
      expect([row.judged, row.unusable, row.score_mean]).toEqual([0, 0, null]);
      expect(row.sampled).toBeLessThanOrEqual(SAMPLES);
      expect(row.described).toBeLessThan(FEATURES);
    }
    const rows = await judgements();
    for (const row of rows) {
      const [a, b] = [wordsOf(row.source_description), wordsOf(row.target_description)];
      expect(row.lexical_score === 0).toBe([...a].every((word) => !b.has(word)));
      expect(row.mse === null).toBe(row.method === 'composed' || row.method === 'random');
    }
    // Features are the same for all targets of a layer, so that they make paths.
    const drawn = (target: number): number[] =>
      rows
        .filter((row) => row.source_layer === 0 && row.target_layer === target && row.method === 'matched')
        .map((row) => row.source_feature);
    const [first, second] = [drawn(1), drawn(2)];
    expect(first).toHaveLength(SAMPLES);
    expect(first.filter((feature) => second.includes(feature)).length).toBeGreaterThanOrEqual(SAMPLES - 2);
    expect(manifest()).toMatchObject({ kind: 'judgement', state: 'done', judge: null });
  });

  it('says what it would ask, and asks nothing', async () => {
    const dry = await judgedBy('plain', '--dry-run', '--price-input', '2');
    const { questions } = dry.survey!;
    expect(questions).toBeGreaterThan(SAMPLES);
    expect(dry.survey).toMatchObject({ questions, stored: 0 });
    expect(differencesFrom(documentedFields('judge'), { ...byWords, ...dry })).toEqual([]);
    expect(judge.seen).toEqual([]);
  });

  it('asks in both orders, gets over whatever goes wrong, and asks nothing twice of what was answered', async () => {
    judge.faults.push(...(['status 500', 'no JSON', 'no label', 'status 429', 'silence', 'no choices'] as const));
    const known = new Set(['the', 'of', 'and']);
    judge.hasNoLabelFor = ({ first, second }) => known.has(first) && first !== second;
    const judged = await judgedBy('plain', '--price-input', '10', '--price-output', '100');
    const { asked, survey } = judged;
    expect([judged.state, judge.faults]).toEqual(['done', []]);
    expect(asked).toBe(survey!.questions);
    expect(judge.seen.every(({ temperature, model }) => temperature === 0 && model === 'plain')).toBe(true);
    const rows = await judgements();
    const label = (first: string, second: string): number | null =>
      judge.hasNoLabelFor({ first, second }) ? null : labelOf({ first, second });
    for (const row of rows) {
      const [a, b] = [row.source_description, row.target_description];
      const [forward, swapped] = [label(a, b), label(b, a)];
      const expected = { label_forward: forward, label_swapped: swapped, label: forward === swapped ? forward : null };
      expect(row).toMatchObject(expected);
    }
    // Swapped orders disagree about different texts of which one is longer.
    expect(rows.some(({ label_forward, label }) => label_forward !== null && label === null)).toBe(true);
    const total = (of: (row: LabelRow) => number): number => judged.labels.reduce((sum, row) => sum + of(row), 0);
    expect(total((row) => row.judged + row.unusable)).toBe(rows.length);
    expect(total((row) => row.same + row.maybe + row.different + row.disagreed)).toBe(total((row) => row.judged));
    expect([...judge.answered.values()].every((count) => count === 1)).toBe(true);
    const { prompt_tokens: tokens } = judged;
    expect(judged.cost).toBeCloseTo((tokens * 10 + (tokens / 10) * 100) / 1e6, 12);
    expect(tokens).toBeGreaterThanOrEqual(asked * USAGE.prompt_tokens);
    expect(manifest().judge).toMatchObject({ model: 'plain', answers: asked, prompt_tokens: tokens });

    const python = await runPython([join(EXAMPLES, 'judge.py'), join(out, 'runs/judged'), explanations]);
    expect(python).toMatchObject({ code: 0, stderr: '' });
    expect(python.stdout).toMatch(/^10 rows, \d+ pairs of features, largest difference/);

    const before = [judge.seen.length, ...tables()];
    judge.hasNoLabelFor = () => true;
    const again = await judgedBy('plain');
    expect(again).toMatchObject({ asked: 0, survey: { stored: survey!.questions } });
    expect([judge.seen.length, ...tables()]).toEqual(before);
    expect(again.labels).toEqual(judged.labels);
    expect(differencesFrom(documentedFields('judge'), again)).toEqual([]);
  });

  it('leaves a judge alone for as long as that asks for', async () => {
    judge.early.length = 0;
    judge.faults.push('status 429');
    expect((await judgedBy('slow', '--samples', '1', '--parallel', '1')).state).toBe('done');
    expect(judge.early).toEqual([]);
  });

  it('goes on after its worker was killed, asking again only what was under way', async () => {
    judge.answered.clear();
    judge.delayMs = 60;
    const running = startProgram(judgeArgs('killed'), env);
    while (judge.answered.size < 10) await new Promise((wait) => setTimeout(wait, 5));
    expect(await crash(home.processes().worker)).toBe(true);
    const ended = await running.finished;
    said.push(ended.stdout, ended.stderr);
    expectCode(ended, 0);
    const twice = [...judge.answered.values()].filter((count) => count > 1);
    expect(twice.length).toBeLessThanOrEqual(PARALLEL);
    const { survey } = JSON.parse(ended.stdout) as Judged;
    expect(judge.answered.size).toBe(survey!.questions);
    for (const { source_description: first, target_description: second, ...row } of await judgements()) {
      const swapped = labelOf({ first: second, second: first });
      expect(row).toMatchObject({ label_forward: labelOf({ first, second }), label_swapped: swapped });
    }
  }, 120_000);

  it('asks nothing more once its command is left, and goes on from there', async () => {
    judge.answered.clear();
    judge.delayMs = 60;
    const left = startProgram(judgeArgs('left'), env);
    while (judge.answered.size < 5) await new Promise((wait) => setTimeout(wait, 5));
    left.kill('SIGINT');
    const { code, stderr } = await left.finished;
    said.push(stderr);
    expect([code, stderr]).toEqual([130, expect.stringContaining('what was answered is kept')]);
    const asked = judge.seen.length;
    await new Promise((wait) => setTimeout(wait, 500));
    expect(judge.seen.length).toBe(asked);
    const { survey } = await judgedBy('left');
    expect(survey!.stored).toBeGreaterThanOrEqual(5);
    expect(judge.answered.size).toBe(survey!.questions);
    expect([...judge.answered.values()].filter((count) => count > 1).length).toBeLessThanOrEqual(PARALLEL);
  }, 60_000);

  it('gives way to another judgement of the same run, but not to a look at what that would ask', async () => {
    judge.answered.clear();
    judge.delayMs = 60;
    const first = startProgram(judgeArgs('first'), env);
    while (judge.answered.size < 5) await new Promise((wait) => setTimeout(wait, 5));
    await judgedBy('second', '--dry-run');
    expect(first.isRunning()).toBe(true);
    await judgedBy('second');
    const { code, stderr } = await first.finished;
    said.push(stderr);
    expect([code, stderr]).toEqual([130, expect.stringContaining('was cancelled')]);
    expect(manifest().judge).toMatchObject({ model: 'second', unusable: 0 });
    const order = judge.seen.map(({ model }) => model);
    expect(order.lastIndexOf('first')).toBeLessThan(order.indexOf('second'));
  }, 60_000);

  it('keeps the answers of a judgement from being tidied away, and reads again what was', async () => {
    await judgedBy('plain');
    const before = [judge.seen.length, ...tables()];
    await command(['gc', '--out', out, '--older-than', '0s']);
    rmSync(join(out, 'artifacts/descriptions'), { recursive: true });
    rmSync(join(out, 'artifacts/meanings'), { recursive: true });
    expect((await judgedBy('plain')).asked).toBe(0);
    expect([judge.seen.length, ...tables()]).toEqual(before);
    expect(existsSync(join(out, 'artifacts/answers'))).toBe(true);
  });

  it('publishes what words say when the judge refuses, and says why', async () => {
    judge.refusal = 401;
    const refused = JSON.parse((await command(judgeArgs('refusing'), 3)).stdout) as Judged;
    expect(refused).toMatchObject({ state: 'partial', asked: 0 });
    expect(refused.failures[0]!.message).toContain('Set SAE_MATCH_JUDGE_KEY for every worker');
    expect(refused.labels.every((row) => row.judged === 0 && row.lexical_mean !== null)).toBe(true);
    judge.refusal = 400;
    const { message } = (JSON.parse((await command(judgeArgs('refusing'), 3)).stdout) as Judged).failures[0]!;
    expect(message).toContain('HTTP status 400: you said Bearer …');
  });

  it('fails the layer whose descriptions are broken alone, and all where there are none', async () => {
    const broken = join(home.folder, 'broken');
    mkdirSync(broken);
    for (const layer of [1, 2]) {
      writeFileSync(join(broken, `layer_${layer}.jsonl`), readFileSync(join(explanations, `layer_${layer}.jsonl`)));
    }
    writeFileSync(join(broken, 'layer_0.jsonl'), '{"index":60,"description":"x"}');
    const args = ['judge', 'judged', '--out', out, '--json', '--descriptions'];
    const partial = JSON.parse((await command([...args, broken], 3)).stdout) as Judged;
    expect(partial.failures.map(({ message }) => message)).toEqual([
      expect.stringContaining('layer_0.jsonl: line 1, index: the row does not fit (found feature 60'),
    ]);
    expect(new Set(partial.labels.map((row) => `${row.source_layer}:${row.target_layer}`))).toEqual(new Set(['1:2']));
    const nothing = join(home.folder, 'nothing');
    mkdirSync(nothing);
    expect((await command([...args, nothing], 1)).stderr).toContain('there are no descriptions of the layers');
  });

  it.each([
    [['--model', 'x'], '--model: nobody is asked without --endpoint'],
    [['--dry-run'], '--dry-run: nobody is asked without --endpoint'],
    [['--endpoint', 'ftp://x', '--model', 'x'], '--endpoint: a judge cannot be asked there'],
    [['--endpoint', 'https://user:secret@x/v1', '--model', 'x'], 'an address with a password'],
    [['--endpoint', 'https://x/v1'], '--model: it is not said which model is asked'],
    [['--samples', '0'], '--samples: not a usable number'],
    [['--from', 'x'], '--from: cannot be understood as layers'],
  ])('refuses %j with exit code 2', async (flags, message) => {
    const { stderr } = await command(['judge', 'judged', '--out', out, '--descriptions', explanations, ...flags], 2);
    expect(stderr).toContain(message);
  });

  it('has told the key to the judge, and to nobody else', () => {
    expect(judge.seen.length).toBeGreaterThan(0);
    expect(new Set(judge.seen.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${KEY}`]));
    const files = readdirSync(home.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.some((file) => file.endsWith('temporal.db'))).toBe(true);
    const forms = [KEY, Buffer.from(KEY).toString('base64').slice(0, -4)];
    const isIn = (content: Buffer | string): boolean => forms.some((form) => content.includes(form));
    expect(files.filter((file) => isIn(readFileSync(file)))).toEqual([]);
    expect(said.filter(isIn)).toEqual([]);
    // The search finds what is there.
    expect(files.some((file) => readFileSync(file).includes('you said Bearer …'))).toBe(true);
  });
});
