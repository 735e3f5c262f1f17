import { execFile } from 'node:child_process';
import type { Finished } from './program';

/** Runs a module's text in a Node.js of its own, to its end. */
export function runNode(module: string): Promise<Finished> {
  return new Promise((finished) => {
    const child = execFile(process.execPath, ['--input-type=module', '-e', module], (_, stdout, stderr) => {
      finished({ code: child.exitCode, stdout, stderr });
    });
  });
}
