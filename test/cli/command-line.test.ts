import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createProgram } from '../../cli/program';
import { runProgram } from '../support/program';
import type { Finished } from '../support/program';

/** What a command prints to standard output, without a process of its own. */
async function printed(...args: string[]): Promise<string> {
  const chunks: string[] = [];
  const program = createProgram();
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeOut: (text) => chunks.push(text) });
  }
  await expect(program.parseAsync(args, { from: 'user' })).rejects.toMatchObject({ exitCode: 0 });
  return chunks.join('');
}

const VERBS = 'run pair inspect convert status watch list cancel resume chains verify worker doctor stop'.split(' ');

describe('help', () => {
  it('lists every verb with what it does', async () => {
    const help = await printed('--help');
    for (const verb of VERBS) expect(help).toMatch(new RegExp(`^  ${verb} .*\\w`, 'm'));
  });

  it.each(VERBS)('of %s has an example that this verb can parse', async (verb) => {
    const help = await printed(verb, '--help');
    const examples = [...help.matchAll(/^ {2}sae-match (.+)$/gm)].map(([, line]) => line!.split(' '));
    expect(examples.length).toBeGreaterThan(0);
    for (const [name, ...args] of examples) {
      expect(name).toBe(verb);
      const { operands, unknown } = createProgram()
        .commands.find((command) => command.name() === verb)!
        .parseOptions(args);
      expect(unknown).toEqual([]);
      expect(operands.length).toBeLessThanOrEqual(2);
    }
  });

  it.each(['run', 'status', 'list', 'resume', 'chains', 'verify', 'inspect', 'pair', 'doctor'])(
    'of %s, which reads, offers --json',
    async (verb) => {
      expect(await printed(verb, '--help')).toContain('--json');
    }
  );
});

describe('the command', () => {
  let results: Record<string, Finished>;
  beforeAll(async () => {
    const commands = {
      version: ['--version'],
      nothing: [],
      verb: ['frobnicate'],
      flag: ['pair', '--frobnicate', 'a', 'b', '--out', 'c'],
      argument: ['pair', 'a', '--out', 'c'],
      required: ['pair', 'a', 'b'],
    };
    const finished = Object.entries(commands).map(async ([name, args]) => [name, await runProgram(args, {})] as const);
    results = Object.fromEntries(await Promise.all(finished));
  });

  it('prints its version', () => {
    const { version } = JSON.parse(readFileSync(resolve(__dirname, '../../package.json'), 'utf8')) as {
      version: string;
    };
    expect(results.version).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    ['verb', "unknown command 'frobnicate'"],
    ['flag', "unknown option '--frobnicate'"],
    ['argument', "missing required argument 'target'"],
    ['required', "required option '--out <folder>' not specified"],
    ['nothing', 'Usage: sae-match'],
  ])('that is wrong (%s) says so, points to the help and gives exit code 2', (name, message) => {
    const { code, stdout, stderr } = results[name]!;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toContain('--help');
    expect(stderr).not.toMatch(/^ +at /m);
  });
});
