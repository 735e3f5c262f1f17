/*
 * Carries out commands of the compiled command line one after the other. Reads {"args", "env"} from each line of standard
 * input and answers each with a line {"code", "stdout", "stderr"}; see resident-program.ts.
 */
const { createInterface } = require('node:readline');
const { runCommand } = require('../../dist/cli/run-command.js');

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    const { args, env } = JSON.parse(line);
    const finished = await run(args, env);
    process.stdout.write(`${JSON.stringify(finished)}\n`);
  }
  process.exit();
}

async function run(args, env) {
  const before = process.env;
  const said = { stdout: '', stderr: '' };
  const write = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const stream of ['stdout', 'stderr']) process[stream].write = (text) => (said[stream] += text) !== '';
  process.env = { ...before, ...env };
  try {
    const code = await runCommand(args);
    return { code, ...said };
  } finally {
    process.env = before;
    for (const stream of ['stdout', 'stderr']) process[stream].write = write[stream];
  }
}

void main();
