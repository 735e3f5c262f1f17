import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

import type { z } from 'zod';

let writes = 0;

/** Replaces `file` in one step, so that a reader or a kill at any moment sees the old content or the new one. */
export function writeState(file: string, value: unknown): void {
  const temporary = `${file}.${process.pid}.${writes++}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(value, undefined, 2)}\n`, { flush: true });
  renameSync(temporary, file);
}

/** Content of a state file, or undefined when it is missing or is not what `schema` describes. */
export function readState<T>(file: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Removes a state file; one that is already gone is no error. */
export function removeState(file: string): void {
  rmSync(file, { force: true });
}
