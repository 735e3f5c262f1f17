import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../matching/version';

/** The compiled program that this file is a part of. */
const PROGRAM = join(__dirname, '..');

/**
 * Names what this program computes: its version and a hash of its compiled code and the versions that it depends on, as
 * `0.1.0-3f2a9c01b7de`. The same code has the same name, wherever it was built.
 *
 * @param program folder of the compiled program, beside its package.json
 */
export function programBuildId(program = PROGRAM): string {
  const { dependencies } = JSON.parse(readFileSync(join(program, '../package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const hash = createHash('sha256').update(JSON.stringify(dependencies));
  for (const file of codeBelow(program)) {
    hash.update(`\n${file}\n`).update(withoutSourceMap(readFileSync(join(program, file), 'utf8')));
  }
  return `${VERSION}-${hash.digest('hex').slice(0, 12)}`;
}

function codeBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .sort();
}

/** Source maps within the code name the folder that it was built in. */
const withoutSourceMap = (code: string): string => code.replace(/^\/\/# sourceMappingURL=.*$/gm, '');
