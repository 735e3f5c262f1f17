import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { residentProgram } from '../support/resident-program';
import { closeTerminals, programOnTerminal } from '../support/terminal';

interface Offered {
  readonly path: string;
  readonly flags: readonly string[];
  readonly verbs: readonly string[];
}

const run = residentProgram();
const folder = mkdtempSync(join(tmpdir(), 'sae-match-completion-'));
const scriptOf = (shell: string): string => join(folder, `script.${shell}`);
let commands: readonly Offered[];

beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await run(['completion', shell]);
    expect(code).toBe(0);
    writeFileSync(scriptOf(shell), stdout);
  }
  writeFileSync(join(folder, 'a file.yaml'), '');
  const program = resolve(__dirname, '../../dist/cli/program.js');
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', LIST_COMMANDS, program]);
  commands = JSON.parse(stdout) as Offered[];
}, 120_000);

afterAll(async () => {
  await closeTerminals();
  rmSync(folder, { recursive: true });
});

/** Prints the flags of every verb as the parser knows them, without those that are not for people. */
const LIST_COMMANDS = `
  const { createProgram } = require(process.argv[1]);
  const visible = ({ commands }) => commands.filter(({ _hidden }) => !_hidden);
  const commandsOf = (command, path) => [
    {
      path,
      flags: [...command.options.filter(({ hidden }) => !hidden).map(({ long }) => long), '--help'].sort(),
      verbs: visible(command).map((verb) => verb.name()).sort(),
    },
    ...visible(command).flatMap((verb) => commandsOf(verb, (path + ' ' + verb.name()).trim())),
  ];
  process.stdout.write(JSON.stringify(commandsOf(createProgram(), '')), () => process.exit());
`;

const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;
const inShell = (shell: string): jest.It => (isThere(shell) ? it : it.skip);

describe('bash', () => {
  /** What bash offers behind each of these lines, the last word of which is being typed. */
  function offered(lines: readonly (readonly string[])[]): string[][] {
    const asks = lines.map((words) => {
      const typed = ['sae-match', ...words].map((word) => `'${word}'`).join(' ');
      return `COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; COMPREPLY=(); _sae_match; echo "\${COMPREPLY[*]}"`;
    });
    // Outside of completion there is nothing that compopt could change.
    const script = [`source '${scriptOf('bash')}'`, 'compopt() { :; }', ...asks].join('\n');
    const { stdout, status, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ').filter((word) => word !== ''));
  }

  inShell('bash')('offers every flag and verb that the parser knows, at every place', () => {
    expect(commands.map(({ path }) => path)).toEqual(expect.arrayContaining(['', 'watch', 'schedule create']));
    const words = (path: string): string[] => path.split(' ').filter((word) => word !== '');
    const flags = offered(commands.map(({ path }) => [...words(path), '--']));
    commands.forEach(({ path, flags: known }, index) => {
      expect({ path, flags: [...flags[index]!].sort() }).toEqual({ path, flags: known });
    });
    const withVerbs = commands.filter(({ verbs }) => verbs.length > 0);
    const verbs = offered(withVerbs.map(({ path }) => [...words(path), '']));
    withVerbs.forEach((command, index) => {
      expect([...verbs[index]!].sort()).toEqual(command.verbs);
    });
  });

  inShell('bash')('looks at the verbs only, and leaves values of flags to file names', () => {
    const [afterFlag, value, equals, argument, shell] = offered([
      ['--quiet', 'watch', '--pl'],
      ['run', 'list', '--out', ''],
      ['run', '--out', '=', 'a'],
      ['run', 'watch', '--js'],
      ['completion', ''],
    ]);
    expect(afterFlag).toEqual(['--plain']);
    expect([value, equals]).toEqual([[], []]);
    expect(argument).toEqual(['--json']);
    expect(shell).toEqual(['bash', 'zsh', 'fish']);
  });

  inShell('bash')('completes what is typed on a terminal', async () => {
    const terminal = programOnTerminal(['bash', '--norc', '--noprofile', '-i'], {}, { columns: 80, rows: 24 });
    terminal.type(`PS1='> '; cd '${folder}'; source '${scriptOf('bash')}'; clear\n`);
    await terminal.shows((screen) => screen.trim() === '>');
    terminal.type('sae-match wat\t');
    await terminal.shows(/> sae-match watch$/m);
    terminal.type('--ev\t');
    await terminal.shows(/> sae-match watch --every$/m);
    terminal.type('\u0015sae-match run a\t');
    await terminal.shows(/> sae-match run a\\ file\.yaml$/m);
  });
});

describe('zsh', () => {
  inShell('zsh')('completes what is typed on a terminal', async () => {
    const terminal = programOnTerminal(['zsh', '-f', '-i'], {}, { columns: 80, rows: 24 });
    terminal.type(
      `PS1='> '; cd '${folder}'; autoload -Uz compinit; compinit -u -D; source '${scriptOf('zsh')}'; clear\n`
    );
    await terminal.shows((screen) => screen.trim() === '>');
    terminal.type('sae-match wat\t');
    await terminal.shows(/> sae-match watch$/m);
    terminal.type('--ev\t');
    await terminal.shows(/> sae-match watch --every=?$/m);
    terminal.type('\u0015sae-match schedule cr\t');
    await terminal.shows(/> sae-match schedule create$/m);
    terminal.type('--dead\t');
    await terminal.shows(/> sae-match schedule create --deadline=?$/m);
    terminal.type('\u0015sae-match run a\t');
    await terminal.shows(/> sae-match run a\\ file\.yaml$/m);
  });
});

describe('fish', () => {
  inShell('fish')('offers every flag and verb that the parser knows, at every place', () => {
    const asks = commands.flatMap(({ path, verbs }) => [
      `echo "# ${path} --"; complete -C 'sae-match ${path} --'`,
      ...(verbs.length > 0 ? [`echo "# ${path}"; complete -C 'sae-match ${path} '`] : []),
    ]);
    const script = [`source '${scriptOf('fish')}'`, ...asks].join('\n');
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', script], { encoding: 'utf8', cwd: folder });
    expect(stderr).toBe('');
    const sections = new Map(
      stdout
        .split(/^# /m)
        .slice(1)
        .map((section) => {
          const [title, ...lines] = section.trimEnd().split('\n');
          return [title!, lines.map((line) => line.split('\t')[0]!).sort()] as const;
        })
    );
    for (const { path, flags, verbs } of commands) {
      expect({ path, flags: sections.get(`${path} --`) }).toEqual({ path, flags });
      if (verbs.length > 0) expect(sections.get(path)).toEqual(verbs);
    }
  });
});
