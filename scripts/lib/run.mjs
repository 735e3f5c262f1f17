import { spawn } from 'node:child_process';

import { root } from './paths.mjs';

/**
 * Runs a program in the root folder with this terminal, or, with `print`, hands over what it prints and on which stream;
 * resolves to its exit code, or 128 when a signal ended it.
 */
export function runVisibly(command, args, { env = process.env, print } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = print === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd: root, stdio, env });
    if (print !== undefined) {
      for (const stream of ['stdout', 'stderr']) {
        child[stream].setEncoding('utf8').on('data', (text) => print(text, stream));
      }
    }
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 128));
  });
}

/** Runs a program in the root folder without showing anything; resolves to its exit code and all that it printed. */
export function runQuietly(command, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 128, output }));
  });
}

/** The last lines of what a program printed. */
export function tail(output, lines = 15) {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}

/** Prints what is about to happen, to where progress belongs. */
export function progress(line) {
  console.error(`sae-match: ${line}`);
}
