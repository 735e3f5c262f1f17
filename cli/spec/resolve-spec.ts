import { createHash } from 'node:crypto';
import { runIdOf } from '../../activities/steps/run-id';
import { canonicalJson } from '../../artifacts/json';
import { runFolder } from '../../artifacts/layout';
import { UsageError } from '../../matching/errors';
import { parseLayers } from '../../sae/select/layers';
import { selectionOf } from '../../sae/select/selection';
import { parsePairs } from '../../workflows/plan-pairs';
import type { NotifyChoice, RunSpec } from '../../workflows/run-types';
import type { ServerChoice } from '../../workers/connection';
import { absolute } from '../../sae/sources/location';
import { isSpecFile, readSpec, specLayers } from './read-spec';
import { parseComparison } from '../../matching/options/parse-comparison';
import { parseDuration } from './parse-duration';
import { parseNotify } from './parse-notify';
import { DEFAULT_PARALLEL, parseParallel } from './parse-parallel';
import { parsePrevious } from './parse-previous';
import { parseScale } from '../../sae/scale/parse-scale';
import { parseUnmatched } from '../../matching/options/parse-unmatched';
import { parseBytes } from '../../transport/parse-bytes';
import type { SpecFile } from './spec-schema';

/** Flags of `run` as the command line parser hands them over; they win over the specification. */
export interface RunFlags extends ServerChoice {
  readonly out?: string;
  readonly layers?: string;
  readonly pairs?: string;
  readonly weights?: string;
  readonly metric?: string;
  readonly partWeights?: string;
  /** False with --no-fold; commander sets true by default. */
  readonly fold?: boolean;
  readonly degenerate?: string;
  readonly scale?: string;
  readonly unmatched?: string;
  readonly previous?: string;
  readonly previousStep?: string;
  readonly driftKept?: string;
  readonly driftUnmatched?: string;
  readonly format?: string;
  readonly width?: string;
  readonly l0?: string;
  readonly hook?: string;
  readonly step?: string;
  readonly allowHookMismatch?: boolean;
  readonly memoryBudget?: string;
  readonly deadline?: string;
  readonly notify?: boolean;
  readonly notifyDrift?: string;
  readonly parallel?: string;
  readonly runId?: string;
  readonly detach?: boolean;
  readonly new?: boolean;
}

/** A run ready to be started. */
export interface ResolvedRun {
  readonly runId: string;
  readonly spec: RunSpec;
  /** Null leaves the default to the workers. */
  readonly memoryBudget: number | null;
  /** From its start on, the run tries again for so long what keeps failing; null leaves the default. */
  readonly deadlineSeconds: number | null;
  /** What the workers' webhook is told; absent: nothing. */
  readonly notify?: NotifyChoice;
  readonly server: ServerChoice;
  /** Pairs in flight at once. */
  readonly parallel: number;
  readonly detach: boolean;
  /** Run again although a finished run of this id exists, under an id of its own. */
  readonly fresh: boolean;
}

export const DEFAULT_OUT = './sae-match-out';

/**
 * Brings a source or specification and the flags to one resolved run. The id is the hash of the resolved specification
 * unless one is given, so that the same command always means the same run.
 *
 * @throws UsageError when a flag or key cannot be understood
 */
export function resolveRun(argument: string, flags: RunFlags, cwd: string = process.cwd()): ResolvedRun {
  const file: SpecFile = isSpecFile(argument) ? readSpec(absolute(argument, cwd)) : { source: absolute(argument, cwd) };
  const unmatched = flags.unmatched ?? file.unmatched;
  const scale = flags.scale === undefined ? file.scale : parseScale(flags.scale, cwd);
  const budget = flags.memoryBudget ?? file.memory_budget;
  const deadline = flags.deadline ?? file.deadline;
  const parallel = flags.parallel ?? file.parallel;
  const previous = parsePrevious(
    {
      previous: flags.previous === undefined ? file.previous : absolute(flags.previous, cwd),
      step: flags.previousStep ?? file.previous_step,
      kept: flags.driftKept ?? file.drift_kept,
      unmatched: flags.driftUnmatched ?? file.drift_unmatched,
    },
    file.source
  );
  const spec: RunSpec = {
    source: file.source,
    out: absolute(flags.out ?? file.out ?? DEFAULT_OUT, cwd),
    layers: selectedLayers(flags, file),
    pairs: parsePairs(flags.pairs ?? file.pairs ?? 'adjacent'),
    ...parseComparison({
      weights: flags.weights ?? file.weights,
      metric: flags.metric ?? file.metric,
      partWeights: flags.partWeights ?? file.part_weights,
    }),
    fold: flags.fold === false ? false : (file.fold ?? true),
    degenerate: degenerate(flags.degenerate ?? file.degenerate ?? 'exclude'),
    ...(scale !== undefined && { scale }),
    ...(unmatched !== undefined && { unmatched: parseUnmatched(unmatched) }),
    format: flags.format ?? file.format ?? null,
    ...selectionOf({
      width: flags.width ?? asText(file.width),
      l0: flags.l0 ?? asText(file.l0),
      hook: flags.hook ?? file.hook,
      step: flags.step ?? file.step,
    }),
    ...(previous !== undefined && { previous }),
    allow_hook_mismatch: flags.allowHookMismatch ?? file.allow_hook_mismatch ?? false,
  };
  const notify = parseNotify(
    { notify: flags.notify ?? file.notify, drift: flags.notifyDrift ?? file.notify_drift },
    previous !== undefined
  );
  const fresh = flags.new ?? file.new ?? false;
  const runId = flags.runId ?? file.run_id ?? (fresh ? freshId(spec) : runIdOf(spec));
  runFolder(runId);
  return {
    runId,
    spec,
    memoryBudget: budget === undefined ? null : parseBytes(budget, '--memory-budget'),
    deadlineSeconds: deadline === undefined ? null : parseDuration(deadline, '--deadline'),
    ...(notify !== undefined && { notify }),
    server: {
      address: flags.address ?? file.address,
      namespace: flags.namespace ?? file.namespace,
      profile: flags.profile ?? file.profile,
    },
    parallel: parallel === undefined ? DEFAULT_PARALLEL : parseParallel(parallel),
    detach: flags.detach ?? file.detach ?? false,
    fresh,
  };
}

const asText = (value: string | number | undefined): string | undefined =>
  value === undefined ? undefined : String(value);

function freshId(spec: RunSpec): string {
  return createHash('sha256')
    .update(`${canonicalJson(spec)} ${new Date().toISOString()}`)
    .digest('hex')
    .slice(0, 12);
}

function selectedLayers(flags: RunFlags, file: SpecFile): readonly number[] | null {
  if (flags.layers !== undefined) return parseLayers(flags.layers);
  return file.layers === undefined ? null : specLayers(file.layers);
}

/** Checks the policy for θ ≤ 0. @throws UsageError */
export function degenerate(text: string): RunSpec['degenerate'] {
  if (text === 'exclude' || text === 'error') return text;
  throw new UsageError('unknown policy', { field: '--degenerate', found: text, expected: 'exclude | error' });
}
