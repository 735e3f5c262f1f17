import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse } from 'yaml';
import type { z } from 'zod';
import { runFolder } from '../../artifacts/layout';
import { InputError, UsageError } from '../../matching/errors';
import { parseLayers } from '../../sae/select/layers';
import { parseStep } from '../../sae/select/selection';
import { parsePairs } from '../../workflows/plan-pairs';
import { parseDuration } from './parse-duration';
import { parseBytes } from '../../transport/parse-bytes';
import { absolute } from '../../sae/sources/location';
import { parsePartWeights } from '../../matching/options/parse-part-weights';
import { parsePrevious } from './parse-previous';
import { parseScale } from '../../sae/scale/parse-scale';
import { specSchema } from './spec-schema';
import type { SpecFile } from './spec-schema';

/**
 * Reads a run specification. Relative paths in it are relative to the file.
 *
 * @throws InputError when the file cannot be read
 * @throws UsageError when it is not YAML, has an unknown key, or a value that does not fit
 */
export function readSpec(file: string): SpecFile {
  const content = parseYaml(file);
  const result = specSchema.safeParse(content);
  if (!result.success) throw specError(file, content, result.error.issues[0]!);
  const spec = result.data;
  checkTexts(file, spec);
  const folder = dirname(file);
  const { scale, ...others } = spec;
  const given = scale === undefined ? undefined : parseScale(scale, folder);
  return {
    ...others,
    source: absolute(spec.source, folder),
    ...(spec.previous !== undefined && { previous: absolute(spec.previous, folder) }),
    ...(spec.out !== undefined && { out: absolute(spec.out, folder) }),
    ...(given !== undefined && { scale: given }),
  };
}

/** Whether an argument of `run` names a specification rather than a source. */
export function isSpecFile(argument: string): boolean {
  return /\.ya?ml$/i.test(argument);
}

/** The layers that a specification selects. @throws UsageError */
export function specLayers(layers: NonNullable<SpecFile['layers']>): readonly number[] {
  return parseLayers(Array.isArray(layers) ? layers.join(',') : String(layers));
}

function parseYaml(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new InputError('the specification cannot be read', {
      file,
      found: (cause as NodeJS.ErrnoException).code ?? String(cause),
      expected: 'a YAML file',
      cause,
    });
  }
  try {
    return parse(text);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message.split('\n')[0]!.replace(/:$/, '') : String(cause);
    throw new UsageError('the specification is not YAML', { file, found, expected: 'keys and values', cause });
  }
}

function specError(file: string, content: unknown, issue: z.core.$ZodIssue): UsageError {
  if (issue.code === 'unrecognized_keys') {
    return new UsageError('unknown key', {
      file,
      field: issue.keys[0]!,
      expected: Object.keys(specSchema.shape).join(', '),
      remedy: 'Check the spelling; keys are the long flags without dashes, with _ for -.',
    });
  }
  const [key] = issue.path;
  if (key === undefined) {
    return new UsageError('not a specification', { file, found: inWords(content), expected: 'keys and values' });
  }
  return new UsageError('the value does not fit', {
    file,
    field: String(key),
    found: inWords((content as Record<PropertyKey, unknown>)[key]),
    expected: specSchema.shape[key as keyof SpecFile].description ?? issue.message,
  });
}

function inWords(value: unknown): string {
  return value === undefined || value === null ? 'nothing' : JSON.stringify(value).slice(0, 60);
}

/** Parses the values that have a form of their own, so that their faults name the file. */
function checkTexts(file: string, spec: SpecFile): void {
  const {
    layers,
    pairs,
    part_weights: partWeights,
    scale,
    step,
    memory_budget: budget,
    deadline,
    run_id: runId,
  } = spec;
  try {
    if (layers !== undefined) specLayers(layers);
    if (pairs !== undefined) parsePairs(pairs);
    if (partWeights !== undefined) parsePartWeights(partWeights);
    if (scale !== undefined) parseScale(scale, dirname(file));
    if (step !== undefined) parseStep(step, 'step');
    const { previous = '', previous_step: previousStep, drift_kept: kept, drift_unmatched: unmatched } = spec;
    parsePrevious({ previous, step: previousStep, kept, unmatched }, spec.source);
    if (budget !== undefined) parseBytes(budget, 'memory_budget');
    if (deadline !== undefined) parseDuration(deadline, 'deadline');
    if (runId !== undefined) runFolder(runId);
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    throw new UsageError(cause.message, { file, cause });
  }
}
