import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import type { z } from 'zod';
import { InputError, UsageError } from '../../matching/errors';
import { specSchema } from './spec-schema';
import type { SpecFile } from './spec-schema';

/**
 * Reads a run specification. Relative paths in it are relative to the file.
 *
 * @throws InputError when the file cannot be read
 * @throws UsageError when it is not YAML, has an unknown key, or a value of the wrong type
 */
export function readSpec(file: string): SpecFile {
  const result = specSchema.safeParse(parseYaml(file));
  if (!result.success) throw specError(file, result.error.issues[0]!);
  const spec = result.data;
  const folder = dirname(file);
  return {
    ...spec,
    source: absolute(spec.source, folder),
    ...(spec.out !== undefined && { out: absolute(spec.out, folder) }),
  };
}

/** Whether an argument of `run` names a specification rather than a source. */
export function isSpecFile(argument: string): boolean {
  return /\.ya?ml$/i.test(argument);
}

/** An absolute path; URLs are left alone. */
export function absolute(location: string, folder: string): string {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(location) ? location : resolve(folder, location);
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
    if (!(cause instanceof YAMLParseError)) throw cause;
    throw new UsageError('the specification is not YAML', { file, found: cause.message.split('\n')[0]!, cause });
  }
}

function specError(file: string, issue: z.core.$ZodIssue): UsageError {
  if (issue.code === 'unrecognized_keys') {
    return new UsageError('unknown key', {
      file,
      field: issue.keys[0]!,
      expected: Object.keys(specSchema.shape).join(', '),
      remedy: 'Check the spelling; keys are the long flags without dashes, with _ for -.',
    });
  }
  const field = issue.path.join('.');
  return new UsageError('the value does not fit', {
    file,
    ...(field !== '' && { field }),
    found: issue.message,
    remedy: 'See docs/operating.md for the keys and their types.',
  });
}
