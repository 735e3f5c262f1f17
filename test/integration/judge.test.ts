import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabelRow } from '../../artifacts/tables/labels';
import { wordsOf } from '../../matching/evaluation/meaning/description-words';
import { EXAMPLES, runPython } from '../examples/support/python';
import { differencesFrom, documentedFields } from '../support/json-tables';
import { labelOf, USAGE } from '../support/judge-server';
import { FEATURES, JUDGE_KEY, JudgedRun, SAMPLES } from '../support/judged-run';
import type { Judged } from '../support/judged-run';

const run = new JudgedRun();
/** What words alone say. */
let byWords: Judged;

describe('sae-match judge', () => {
  it('compares by words without asking anybody, beside nearest, composed and random targets', async () => {
    byWords = await run.judgedBy(null);
    const { state, survey, labels } = byWords;
    expect([state, survey, run.judge.seen.length]).toEqual(['done', null, 0]);
    const names = labels.map((row) => `${row.source_layer}:${row.target_layer} ${row.distance} ${row.method}`);
    const near = (pair: string): string[] => ['matched', 'nearest', 'random'].map((method) => `${pair} 1 ${method}`);
    const far = ['matched', 'composed', 'nearest', 'random'].map((method) => `0:2 2 ${method}`);
    expect(names).toEqual([...near('0:1'), ...far, ...near('1:2')]);
    for (const row of labels) {
      expect([row.judged, row.unusable, row.score_mean]).toEqual([0, 0, null]);
      expect(row.sampled).toBeLessThanOrEqual(SAMPLES);
      expect(row.described).toBeLessThan(FEATURES);
    }
    const rows = await run.judgements();
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
    expect(run.manifest()).toMatchObject({ kind: 'judgement', state: 'done', judge: null });
  });

  it('says what it would ask, and asks nothing', async () => {
    const dry = await run.judgedBy('plain', '--dry-run', '--price-input', '2');
    const { questions } = dry.survey!;
    expect(questions).toBeGreaterThan(SAMPLES);
    expect(dry.survey).toMatchObject({ questions, stored: 0 });
    expect(differencesFrom(documentedFields('judge'), { ...byWords, ...dry })).toEqual([]);
    expect(run.judge.seen).toEqual([]);
  });

  it('asks in both orders, gets over whatever goes wrong, and asks nothing twice of what was answered', async () => {
    run.judge.faults.push(...(['status 500', 'no JSON', 'no label', 'status 429', 'silence', 'no choices'] as const));
    const known = new Set(['the', 'of', 'and']);
    run.judge.hasNoLabelFor = ({ first, second }) => known.has(first) && first !== second;
    const judged = await run.judgedBy('plain', '--price-input', '10', '--price-output', '100');
    const { asked, survey } = judged;
    expect([judged.state, run.judge.faults]).toEqual(['done', []]);
    expect(asked).toBe(survey!.questions);
    expect(run.judge.seen.every(({ temperature, model }) => temperature === 0 && model === 'plain')).toBe(true);
    const rows = await run.judgements();
    const label = (first: string, second: string): number | null =>
      run.judge.hasNoLabelFor({ first, second }) ? null : labelOf({ first, second });
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
    expect([...run.judge.answered.values()].every((count) => count === 1)).toBe(true);
    const { prompt_tokens: tokens } = judged;
    expect(judged.cost).toBeCloseTo((tokens * 10 + (tokens / 10) * 100) / 1e6, 12);
    expect(tokens).toBeGreaterThanOrEqual(asked * USAGE.prompt_tokens);
    expect(run.manifest().judge).toMatchObject({ model: 'plain', answers: asked, prompt_tokens: tokens });

    const python = await runPython([join(EXAMPLES, 'judge.py'), join(run.out, 'runs/judged'), run.explanations]);
    expect(python).toMatchObject({ code: 0, stderr: '' });
    expect(python.stdout).toMatch(/^10 rows, \d+ pairs of features, largest difference/);

    const before = [run.judge.seen.length, ...run.tables()];
    run.judge.hasNoLabelFor = () => true;
    const again = await run.judgedBy('plain');
    expect(again).toMatchObject({ asked: 0, survey: { stored: survey!.questions } });
    expect([run.judge.seen.length, ...run.tables()]).toEqual(before);
    expect(again.labels).toEqual(judged.labels);
    expect(differencesFrom(documentedFields('judge'), again)).toEqual([]);
  });

  it('leaves a judge alone for as long as that asks for', async () => {
    run.judge.early.length = 0;
    run.judge.faults.push('status 429');
    expect((await run.judgedBy('slow', '--samples', '1', '--parallel', '1')).state).toBe('done');
    expect(run.judge.early).toEqual([]);
  });

  it('keeps the answers of a judgement from being tidied away, and reads again what was', async () => {
    await run.judgedBy('plain');
    const before = [run.judge.seen.length, ...run.tables()];
    await run.command(['gc', '--out', run.out, '--older-than', '0s']);
    rmSync(join(run.out, 'artifacts/descriptions'), { recursive: true });
    rmSync(join(run.out, 'artifacts/meanings'), { recursive: true });
    expect((await run.judgedBy('plain')).asked).toBe(0);
    expect([run.judge.seen.length, ...run.tables()]).toEqual(before);
    expect(existsSync(join(run.out, 'artifacts/answers'))).toBe(true);
  });

  it('publishes what words say when the judge refuses, and says why', async () => {
    run.judge.refusal = 401;
    const refused = JSON.parse((await run.command(run.args('refusing'), 3)).stdout) as Judged;
    expect(refused).toMatchObject({ state: 'partial', asked: 0 });
    expect(refused.failures[0]!.message).toContain('Set SAE_MATCH_JUDGE_KEY for every worker');
    expect(refused.labels.every((row) => row.judged === 0 && row.lexical_mean !== null)).toBe(true);
    run.judge.refusal = 400;
    const { message } = (JSON.parse((await run.command(run.args('refusing'), 3)).stdout) as Judged).failures[0]!;
    expect(message).toContain('HTTP status 400: you said Bearer …');
  });

  it('fails the layer whose descriptions are broken alone, and all where there are none', async () => {
    const broken = join(run.home.folder, 'broken');
    mkdirSync(broken);
    for (const layer of [1, 2]) {
      writeFileSync(join(broken, `layer_${layer}.jsonl`), readFileSync(join(run.explanations, `layer_${layer}.jsonl`)));
    }
    writeFileSync(join(broken, 'layer_0.jsonl'), '{"index":60,"description":"x"}');
    const args = ['judge', 'judged', '--out', run.out, '--json', '--descriptions'];
    const partial = JSON.parse((await run.command([...args, broken], 3)).stdout) as Judged;
    expect(partial.failures.map(({ message }) => message)).toEqual([
      expect.stringContaining('layer_0.jsonl: line 1, index: the row does not fit (found feature 60'),
    ]);
    expect(new Set(partial.labels.map((row) => `${row.source_layer}:${row.target_layer}`))).toEqual(new Set(['1:2']));
    const nothing = join(run.home.folder, 'nothing');
    mkdirSync(nothing);
    expect((await run.command([...args, nothing], 1)).stderr).toContain('there are no descriptions of the layers');
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
    const { stderr } = await run.command(
      ['judge', 'judged', '--out', run.out, '--descriptions', run.explanations, ...flags],
      2
    );
    expect(stderr).toContain(message);
  });

  it('has told the key to the judge, and to nobody else', () => {
    expect(run.judge.seen.length).toBeGreaterThan(0);
    expect(new Set(run.judge.seen.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${JUDGE_KEY}`]));
    const files = readdirSync(run.home.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.some((file) => file.endsWith('temporal.db'))).toBe(true);
    const forms = [JUDGE_KEY, Buffer.from(JUDGE_KEY).toString('base64').slice(0, -4)];
    const isIn = (content: Buffer | string): boolean => forms.some((form) => content.includes(form));
    expect(files.filter((file) => isIn(readFileSync(file)))).toEqual([]);
    expect(run.said.filter(isIn)).toEqual([]);
    // The search finds what is there.
    expect(files.some((file) => readFileSync(file).includes('you said Bearer …'))).toBe(true);
  });
});
