import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { JudgementManifest } from '../../artifacts/manifest';
import { decodeJudgements } from '../../artifacts/tables/judgements';
import type { JudgementRow } from '../../artifacts/tables/judgements';
import type { LabelRow } from '../../artifacts/tables/labels';
import { startJudgeServer } from './judge-server';
import type { JudgeServer } from './judge-server';
import { expectCode, runProgram } from './program';
import type { Finished } from './program';
import { createProgramHome } from './program-home';
import { residentProgram } from './resident-program';
import { EXAMPLE, writeSmallModel } from './small-model';

const LAYERS = 3;
export const FEATURES = 60;
export const SAMPLES = 4;
/** Questions that a judge is asked at once. */
export const PARALLEL = 3;
export const JUDGE_KEY = 'planted-judge-key-71ac';

/** What `judge --json` prints. */
export interface Judged {
  readonly state: string;
  readonly survey: { readonly questions: number; readonly stored: number } | null;
  readonly asked: number;
  readonly prompt_tokens: number;
  readonly cost: number | null;
  readonly failures: readonly { readonly message: string }[];
  readonly labels: readonly LabelRow[];
}

/** A small run with descriptions, and a judge that can be told to misbehave; both are there for the tests of a file. */
export class JudgedRun {
  readonly home = createProgramHome();
  readonly env = { ...this.home.env, SAE_MATCH_JUDGE_KEY: JUDGE_KEY };
  readonly out = join(this.home.folder, 'out');
  readonly explanations = join(this.home.folder, 'explanations');
  readonly folder = join(this.out, 'runs/judged/judgement');
  /** All that commands have printed. */
  readonly said: string[] = [];
  judge!: JudgeServer;
  private readonly runCommand = residentProgram();

  constructor() {
    beforeAll(() => this.start(), 240_000);
    afterAll(async () => {
      await this.home.remove();
      await this.judge.close();
    });
    afterEach(() => {
      Object.assign(this.judge, { refusal: null, delayMs: 0, hasNoLabelFor: () => false });
      this.judge.faults.length = 0;
    });
  }

  /** @param model null for what words say alone */
  args(model: string | null, ...flags: string[]): string[] {
    return [
      ...['judge', 'judged', '--out', this.out, '--descriptions', this.explanations],
      ...['--samples', String(SAMPLES), '--json'],
      ...(model === null ? [] : ['--endpoint', this.judge.base, '--model', model, '--parallel', String(PARALLEL)]),
      ...(model === null ? [] : ['--timeout', '1s']),
      ...flags,
    ];
  }

  async command(args: readonly string[], code = 0): Promise<Finished> {
    const ended = await this.runCommand(args, this.env);
    this.said.push(ended.stdout, ended.stderr);
    expectCode(ended, code);
    return ended;
  }

  async judgedBy(model: string | null, ...flags: string[]): Promise<Judged> {
    return JSON.parse((await this.command(this.args(model, ...flags))).stdout) as Judged;
  }

  tables(): Buffer[] {
    return ['judgements.parquet', 'labels.parquet'].map((name) => readFileSync(join(this.folder, name)));
  }

  judgements(): Promise<JudgementRow[]> {
    return decodeJudgements(readFileSync(join(this.folder, 'judgements.parquet')));
  }

  manifest(): JudgementManifest {
    return JSON.parse(readFileSync(join(this.folder, 'manifest.json'), 'utf8')) as JudgementManifest;
  }

  private async start(): Promise<void> {
    const saes = join(this.home.folder, 'saes');
    this.judge = await startJudgeServer();
    await writeSmallModel(saes, LAYERS, FEATURES);
    mkdirSync(this.explanations);
    for (let layer = 0; layer < LAYERS; layer++) {
      const lines = readFileSync(join(EXAMPLE, `explanations/layer_${layer}.jsonl`), 'utf8').split('\n');
      // One feature of each layer has no description.
      writeFileSync(join(this.explanations, `layer_${layer}.jsonl`), lines.slice(1, FEATURES).join('\n'));
    }
    const run = ['run', saes, '--out', this.out, '--pairs', 'all', '--run-id', 'judged'];
    // The embedded server and worker stay for what follows.
    expectCode(await runProgram([...run, '--detach'], this.env), 0);
    expectCode(await runProgram(['watch', 'judged', '--out', this.out], this.env), 0);
  }
}
