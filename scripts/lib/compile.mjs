import { chmodSync, existsSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { Failure } from './failure.mjs';
import { isFresh } from './freshness.mjs';
import { at } from './paths.mjs';
import { progress, runQuietly, tail } from './run.mjs';

/** Tell, by their age, which sources `dist/` was made from: with their types checked, or left to whoever checks types. */
const CHECKED = 'dist/.complete';
const UNCHECKED = 'dist/.complete-unchecked';

/**
 * Brings `dist/` up to date: the compiled program and the bundle of its workflows. Does nothing, and says nothing, when
 * it is. With `despiteErrors`, types are left to whoever checks them, which takes half of the time.
 */
export async function compile({ despiteErrors = false } = {}) {
  const { include } = createRequire(import.meta.url)(at('tsconfig.json'));
  const sources = [...include, 'tsconfig.json', 'package-lock.json'];
  if (isFresh(CHECKED, sources) || (despiteErrors && isFresh(UNCHECKED, sources))) return;
  progress('compiling ...');
  const began = new Date();
  const tsc = [at('node_modules/typescript/bin/tsc'), '-p', at('.'), ...(despiteErrors ? ['--noCheck'] : [])];
  const { code, output } = await runQuietly(process.execPath, tsc);
  if (code !== 0 && !despiteErrors) throw new Failure(`${tail(output, 40)}\nsae-match: the program does not compile.`);
  removeStale('dist');
  await bundleWorkflows();
  if (existsSync(at('dist/cli/main.js'))) chmodSync(at('dist/cli/main.js'), 0o755);
  if (code !== 0) return;
  const mark = at(despiteErrors ? UNCHECKED : CHECKED);
  writeFileSync(mark, '');
  // A source that was saved meanwhile may not be in the result.
  utimesSync(mark, began, began);
}

/** Removes what was compiled from sources that are gone: it would hide that something still needs them, and be packed. */
function removeStale(folder) {
  for (const entry of readdirSync(at(folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const source = path.replace(/^dist./, '').replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts');
    if (entry.isDirectory()) removeStale(path);
    else if (folder !== 'dist' && (path.endsWith('.map') || !existsSync(at(source)))) rmSync(at(path));
  }
}

/** Packs the workflow code into the one file that workers load. */
async function bundleWorkflows() {
  const workflowsPath = at('dist/workflows/index.js');
  const workflowInterceptorModules = [at('dist/workflows/interceptors.js')];
  if (!existsSync(workflowsPath)) {
    throw new Failure('sae-match: dist/workflows/index.js is missing, so there is no workflow code to bundle.');
  }
  const { bundleWorkflowCode, DefaultLogger } = createRequire(import.meta.url)('@temporalio/worker');
  const logger = new DefaultLogger('WARN');
  const { code } = await bundleWorkflowCode({ workflowsPath, workflowInterceptorModules, logger });
  writeFileSync(at('dist/workflow-bundle.js.tmp'), code);
  renameSync(at('dist/workflow-bundle.js.tmp'), at('dist/workflow-bundle.js'));
}
