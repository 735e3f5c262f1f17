import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from './compile.mjs';
import { orFail } from './failure.mjs';
import { installPackages } from './install.mjs';
import { at } from './paths.mjs';
import { progress } from './run.mjs';
import { prepareTemporal } from './temporal.mjs';
import { prepareVirtualEnvironment } from './virtual-environment.mjs';

/**
 * `npm run check:formats`: writes the fixtures of all formats anew with the formats' own libraries and compares them with
 * those that the tests read; then converts each to SAELens and has SAELens compute with it; then splices matchings into small
 * language models.
 */
export function main() {
  return orFail(async () => {
    await installPackages();
    await compile();
    const python = await prepareVirtualEnvironment({
      folder: '.cache/formats-venv',
      requirements: 'test/fixtures/formats/requirements.txt',
      alone: 'test/fixtures/formats/requirements-alone.txt',
      purpose: "the formats' own libraries",
      instead: '',
    });
    const scratch = mkdtempSync(join(tmpdir(), 'sae-match-formats-'));
    try {
      progress('writing the fixtures anew ...');
      run(python, ['-B', '-W', 'ignore', at('test/fixtures/formats/make_fixtures.py'), join(scratch, 'formats')]);
      run(python, ['-B', at('scripts/formats/compare_fixtures.py'), at('test/fixtures'), scratch]);
      progress('computing with SAELens what was converted to it ...');
      const arguments_ = [
        at('test/fixtures/formats'),
        at('dist/cli/main.js'),
        process.execPath,
        join(scratch, 'converted'),
      ];
      run(python, ['-B', '-W', 'ignore', at('scripts/formats/check_converted.py'), ...arguments_]);
      progress('splicing planted matchings into language models ...');
      const spliced = join(scratch, 'spliced');
      const planted = [at('test/fixtures/formats'), at('examples'), at('dist/cli/main.js'), process.execPath, spliced];
      run(python, ['-B', '-W', 'ignore', at('scripts/formats/check_splice.py'), ...planted], {
        SAE_MATCH_TEMPORAL: await prepareTemporal(),
        SAE_MATCH_HOME: join(spliced, 'home'),
        SAE_MATCH_CACHE: join(spliced, 'cache'),
      });
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
}

/** Ends the process with the exit code of a program that fails. */
function run(program, args, more = {}) {
  const env = { ...process.env, PYTHONHASHSEED: '0', ...more };
  const { status } = spawnSync(program, args, { stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}
