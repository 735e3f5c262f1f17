import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';

import { transformFileSync } from '@swc/core';

const repository = resolve(__dirname, '../../..');

/** A compiled copy of infra/ that plain Node processes can load, as other commands of the program would. */
export interface CompiledInfra {
  /**
   * Runs the JavaScript function body `script` in a process of its own; `infra(name)` in it loads a module of infra/, and
   * `args` holds the arguments. What it returns is printed as JSON.
   */
  run(script: string, ...args: string[]): Child;
  remove(): void;
}

export interface Child {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  /** What the script returned; rejects with the standard error when it failed or was killed. */
  readonly result: Promise<unknown>;
}

export function compileInfra(): CompiledInfra {
  mkdirSync(join(repository, '.cache'), { recursive: true });
  const out = mkdtempSync(join(repository, '.cache', 'infra-'));
  const sources = readdirSync(join(repository, 'infra'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join('infra', file));
  for (const source of [...sources, 'matching/errors.ts']) {
    const target = join(out, source.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, compile(join(repository, source)));
  }
  return {
    run: (script, ...args) => runScript(out, script, args),
    remove: () => {
      rmSync(out, { recursive: true, force: true });
    },
  };
}

function compile(file: string): string {
  return transformFileSync(file, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  }).code;
}

function runScript(out: string, script: string, args: string[]): Child {
  const program = `
    const infra = (name) => require(${JSON.stringify(join(out, 'infra'))} + '/' + name);
    const args = process.argv.slice(1);
    (async () => { ${script} })().then(
      (value) => process.stdout.write(JSON.stringify(value ?? null)),
      (error) => { console.error(error.message); process.exitCode = 1; });`;
  const child = spawn(process.execPath, ['-e', program, '--', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  const result = new Promise<unknown>((fulfil, reject) => {
    child.once('close', (code, signal) => {
      if (code === 0) fulfil(JSON.parse(text.stdout));
      else reject(new Error(signal ?? text.stderr));
    });
  });
  // A test that kills the child on purpose never looks at the result.
  result.catch(() => undefined);
  return { process: child, result };
}
