import { spawn } from 'node:child_process';
import { constants } from 'node:os';

import { compile } from './compile.mjs';
import { orFail } from './failure.mjs';
import { installPackages } from './install.mjs';
import { root } from './paths.mjs';

/** What the demo runs, after Node.js itself. */
const program = ['dist/cli/main.js', 'demo'];

/** `npm run demo`: installs and builds what is missing, then matches the example in one go. */
export function main(args) {
  return orFail(async () => {
    await installPackages();
    await compile();
    process.exitCode = await become([...program, ...args]);
  });
}

/** Runs Node.js in the place of this process: same terminal, same signals, same exit code. */
function become(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    const forward = (signal) => {
      // A terminal has sent its Ctrl-C to the child already; a second one would mean "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
