import { JUDGEMENT_LAYOUT, runFolder } from '../../artifacts/layout';
import { readManifest } from '../../artifacts/manifest';
import type { JudgementManifest } from '../../artifacts/manifest';
import { openStore } from '../../artifacts/store/open-store';
import { decodeLabels } from '../../artifacts/tables/labels';
import type { LabelRow } from '../../artifacts/tables/labels';
import { ArtifactCorruptError } from '../../matching/errors';
import type { judgeRun } from '../../workflows/judge-run';
import type { JudgementOutcome, JudgeRequest, QuestionSurvey } from '../../workflows/judgement-types';
import type { RunSpec } from '../../workflows/run-types';
import { createBarDisplay } from '../bar-display';
import { exitCodeOfState } from '../exit-codes';
import { followRun } from '../follow-run';
import type { RunDisplay } from '../follow-run';
import { createInterrupt } from '../interrupt';
import { costAfter, costBefore, costOf } from '../judge/cost';
import type { Prices } from '../judge/cost';
import { judgeOptions, pricesOf, withJudgeFlags } from '../judge/judge-flags';
import type { JudgeFlags } from '../judge/judge-flags';
import { printLabels } from '../judge/print-labels';
import { stopWorkflow } from '../stop-workflow';
import { startJudgement } from '../judge/start-judgement';
import type { Output } from '../output';
import { requireManifest, resolveRunArgument } from '../run-argument';
import { executionFor } from '../run-request';
import { serverChoice, withServerFlags } from '../server-flags';
import type { ServerFlags } from '../server-flags';
import { openSession } from '../session';
import { parseDuration } from '../spec/parse-duration';
import { DEFAULT_PARALLEL } from '../spec/parse-parallel';
import type { AddVerb } from '../verb';
import { DEADLINE_FLAG, DEADLINE_HELP } from './run';

interface Flags extends JudgeFlags, ServerFlags {
  readonly out?: string;
  readonly deadline?: string;
  readonly json?: boolean;
}

export const addJudge: AddVerb = (program, action) =>
  withServerFlags(withJudgeFlags(program.command('judge')))
    .summary('compare matched features of a run by their descriptions')
    .description(
      'Says of matched features whether their descriptions mean the same: by their words, and with --endpoint by a language\n' +
        'model as the judge, SAME, MAYBE or DIFFERENT, asked in both orders. Beside random pairs and nearest neighbours, and,\n' +
        'for layers further apart, direct beside composed matches. Writes judgement/ into the folder of the run. The key of the\n' +
        'endpoint is taken from SAE_MATCH_JUDGE_KEY. Answers are kept: the same question is never paid for twice.'
    )
    .argument('<run>', 'id of a run, or its folder')
    .option('--out <folder>', 'output folder in which an id is looked up (default: ./sae-match-out)')
    .option(DEADLINE_FLAG, DEADLINE_HELP)
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match judge 3f9a0c1b2d4e --descriptions saes/explanations\n' +
        "  sae-match judge 3f9a0c1b2d4e --descriptions 'export/{layer}-gemmascope-res-16k' --from 10,12,20\n" +
        '  sae-match judge 3f9a0c1b2d4e --descriptions saes/explanations --endpoint https://api.openai.com/v1 \\\n' +
        '      --model gpt-4o-mini --requests-per-minute 500 --price-input 0.15 --price-output 0.6 --dry-run'
    )
    .action(action((output, argument: string, flags: Flags) => judgeVerb(output, argument, flags)));

async function judgeVerb(output: Output, argument: string, flags: Flags): Promise<number> {
  const options = judgeOptions(flags);
  const prices = pricesOf(flags);
  const deadlineSeconds = flags.deadline === undefined ? null : parseDuration(flags.deadline, '--deadline');
  const { runId, out, manifest } = await resolveRunArgument(argument, flags.out);
  const spec = { ...(requireManifest({ runId, out, manifest }).spec as RunSpec), out };
  const session = await openSession({ server: serverChoice(flags), worker: true, output });
  const interrupt = createInterrupt();
  try {
    const execution = executionFor({ memoryBudget: null, parallel: DEFAULT_PARALLEL, deadlineSeconds }, session);
    const request: JudgeRequest = { runId, spec, execution, ...options };
    const handle = await startJudgement(session, request);
    const display = withCost(createBarDisplay(output), output, prices);
    const outcome = await interrupt
      .during(followRun<typeof judgeRun>(session, handle, display))
      .catch(async (error: unknown) => {
        if (interrupt.interrupted) {
          output.note('stopping; what was answered is kept');
          await stopWorkflow(session, handle);
        }
        throw error;
      });
    if (options.dryRun) tellPlan(output, outcome, prices, flags.json === true);
    else await tellResult(output, { out, runId }, outcome, prices, flags.json === true);
    for (const { message } of outcome.failures) output.warn(message);
    return exitCodeOfState(outcome.state);
  } finally {
    interrupt.dispose();
    await session.close();
  }
}

/** Says once what asking will cost, when that is known. */
function withCost(display: RunDisplay, output: Output, prices: Prices | null): RunDisplay {
  let isTold = false;
  return {
    ...display,
    show: (observed) => {
      const { judging } = observed.progress ?? {};
      if (judging !== undefined && !isTold) {
        display.close();
        output.note(costBefore(judging, prices));
        isTold = true;
      }
      display.show(observed);
    },
  };
}

function tellPlan(output: Output, { survey }: JudgementOutcome, prices: Prices | null, isJson: boolean): void {
  if (isJson) output.json({ survey: surveyJson(survey, prices) });
  else output.print(costBefore(survey!, prices));
}

async function tellResult(
  output: Output,
  { out, runId }: { readonly out: string; readonly runId: string },
  outcome: JudgementOutcome,
  prices: Prices | null,
  isJson: boolean
): Promise<void> {
  const { rows, manifest } = await readJudgement(out, runId);
  const { state, location, failures, survey, asked, promptTokens, completionTokens } = outcome;
  if (isJson) {
    output.json({
      ...{ run_id: runId, state, location, failures },
      descriptions: manifest.descriptions.map(({ files, ...layer }) => ({ ...layer, files: files.length })),
      survey: surveyJson(survey, prices),
      asked,
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      cost: costOf(promptTokens, completionTokens, prices),
      labels: rows,
    });
    return;
  }
  printLabels(output, rows, manifest);
  if (survey !== null) output.print(costAfter(outcome, prices));
  output.print(`results: ${location}/${JUDGEMENT_LAYOUT.folder}`);
}

function surveyJson(survey: QuestionSurvey | null, prices: Prices | null): object | null {
  if (survey === null) return null;
  const { questions, stored, estimatedPromptTokens, estimatedCompletionTokens } = survey;
  return {
    ...{ questions, stored },
    estimated_prompt_tokens: estimatedPromptTokens,
    estimated_completion_tokens: estimatedCompletionTokens,
    estimated_cost: costOf(estimatedPromptTokens, estimatedCompletionTokens, prices),
  };
}

async function readJudgement(out: string, runId: string): Promise<{ rows: LabelRow[]; manifest: JudgementManifest }> {
  const store = openStore(out);
  const key = (name: string): string => `${runFolder(runId)}/${name}`;
  const manifest = await readManifest(store, key(JUDGEMENT_LAYOUT.manifest));
  if (manifest.kind !== 'judgement') {
    throw new ArtifactCorruptError('not the manifest of a judgement', {
      ...{ file: store.url(key(JUDGEMENT_LAYOUT.manifest)), found: `kind ${manifest.kind}` },
    });
  }
  const table = key(JUDGEMENT_LAYOUT.labels);
  return { manifest, rows: await decodeLabels(await store.get(table), store.url(table)) };
}
