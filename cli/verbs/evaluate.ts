import { EVALUATION_LAYOUT, runFolder } from '../../artifacts/layout';
import { openStore } from '../../artifacts/store/open-store';
import { absolute } from '../../sae/sources/location';
import { METHODS, parseMethods, USUAL_METHODS } from '../../matching/evaluation/methods';
import type { evaluateRun } from '../../workflows/evaluate-run';
import { evaluationWorkflowId } from '../../workflows/evaluation-workflow';
import type { RunSpec } from '../../workflows/run-types';
import { exitCodeOfState } from '../exit-codes';
import { createBarDisplay } from '../bar-display';
import { printEvaluation } from '../evaluation/print-evaluation';
import { readEvaluationTables } from '../evaluation/read-tables';
import { followRun } from '../follow-run';
import { createInterrupt } from '../interrupt';
import type { Output } from '../output';
import { conflictPolicy } from '../start-alone';
import { requireManifest, resolveRunArgument } from '../run-argument';
import { executionFor } from '../run-request';
import { serverChoice, withServerFlags } from '../server-flags';
import type { ServerFlags } from '../server-flags';
import { openSession } from '../session';
import { DEFAULT_PARALLEL, parseParallel } from '../spec/parse-parallel';
import { parseBytes } from '../../transport/parse-bytes';
import type { AddVerb } from '../verb';
import { PARALLEL_FLAG, PARALLEL_HELP } from './run';

interface EvaluateFlags extends ServerFlags {
  readonly out?: string;
  readonly methods?: string;
  readonly activations?: string;
  readonly memoryBudget?: string;
  readonly parallel?: string;
  readonly json?: boolean;
}

export const addEvaluate: AddVerb = (program, action) =>
  withServerFlags(program.command('evaluate'))
    .summary('compare the matches of a run with what simpler methods choose')
    .description(
      'Chooses a target for every feature by each method, and says how far what it chooses is apart: by the weights, for every pair\n' +
        'of layers of a finished run. With hidden states also how often features are active together, and how well activations\n' +
        'that are carried to the other layer explain it. Writes tables into the folder evaluation of the run.'
    )
    .argument('<run>', 'id of a run, or its folder')
    .option('--methods <list>', `some of ${METHODS.join(', ')} (default: ${USUAL_METHODS.join(', ')})`)
    .option(
      '--activations <folder>',
      'folder or URL of hidden states, layer_<L>.npy or .safetensors, [tokens, d_model]'
    )
    .option('--out <folder>', 'output folder in which an id is looked up (default: ./sae-match-out)')
    .option('--memory-budget <size>', 'memory a process may use, such as 4GiB (default: 70 % of the machine)')
    .option(PARALLEL_FLAG, PARALLEL_HELP)
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match evaluate 3f9a0c1b2d4e\n  sae-match evaluate 3f9a0c1b2d4e --methods nearest,matched_folded --json' +
        '\n  sae-match evaluate 3f9a0c1b2d4e --activations hidden-states/'
    )
    .action(action((output, argument: string, flags: EvaluateFlags) => evaluateVerb(output, argument, flags)));

async function evaluateVerb(output: Output, argument: string, flags: EvaluateFlags): Promise<number> {
  const methods = flags.methods === undefined ? USUAL_METHODS : parseMethods(flags.methods);
  const choice = {
    memoryBudget: flags.memoryBudget === undefined ? null : parseBytes(flags.memoryBudget, '--memory-budget'),
    parallel: flags.parallel === undefined ? DEFAULT_PARALLEL : parseParallel(flags.parallel),
    deadlineSeconds: null,
  };
  const { runId, out, manifest } = await resolveRunArgument(argument, flags.out);
  const run = requireManifest({ runId, out, manifest });
  const layers = run.inputs.map(({ layer }) => layer!);
  // Layers that have come since are none of the run's.
  const spec = { ...(run.spec as RunSpec), out, layers };
  // Checkpoints are compared by the run itself.
  delete spec.previous;
  const inputs = run.inputs.map(({ layer, files }) => [layer!, files.map(({ sha256 }) => sha256)] as const);
  const session = await openSession({ server: serverChoice(flags), worker: true, output });
  const interrupt = createInterrupt();
  try {
    const request = {
      ...{ runId, spec, inputs, methods, execution: executionFor(choice, session) },
      ...(flags.activations !== undefined && { activations: absolute(flags.activations, process.cwd()) }),
    };
    const workflowId = evaluationWorkflowId(runId);
    const handle = await session.client.workflow.start<typeof evaluateRun>('evaluateRun', {
      workflowId,
      taskQueue: request.execution.taskQueue,
      args: [request],
      memo: { request },
      staticSummary: `evaluation of ${runId}`,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: await conflictPolicy(session, workflowId, request),
    });
    const outcome = await interrupt.during(followRun<typeof evaluateRun>(session, handle, createBarDisplay(output)));
    const tables = await readEvaluationTables(openStore(out), runId);
    if (flags.json === true) output.json({ run_id: runId, ...outcome, ...tables });
    else printEvaluation(output, tables, `${out}/${runFolder(runId)}/${EVALUATION_LAYOUT.folder}`);
    for (const { message } of outcome.failures) output.warn(message);
    return exitCodeOfState(outcome.state);
  } finally {
    interrupt.dispose();
    await session.close();
  }
}
