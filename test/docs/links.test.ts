import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { readText, ROOT } from './markdown';

const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', 'sae-match-out']);
const pages = markdownFiles('');

let verbs: readonly string[];
let flags: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  const help = await node(join(ROOT, 'dist/cli/main.js'), '--help');
  verbs = [...help.split('Commands:')[1]!.matchAll(/^ {2}([a-z]+)/gm)].map(([, verb]) => verb!);
  flags = new Map(JSON.parse(await node('-e', LIST_FLAGS)) as [string, string[]][]);
}, 120_000);

/** Prints the long flags of every verb, and of the verbs below one, all in one process, because each takes a second to start. */
const LIST_FLAGS = `
  const { Command } = require('commander');
  const { readdirSync } = require('node:fs');
  const program = new Command();
  for (const file of readdirSync('./dist/cli/verbs').filter((name) => name.endsWith('.js'))) {
    const exported = Object.entries(require('./dist/cli/verbs/' + file));
    for (const [name, add] of exported) if (name.startsWith('add')) add(program, () => undefined);
  }
  const flagsOf = (prefix) => (verb) => [
    [prefix + verb.name(), verb.options.map(({ long }) => long).concat('--help')],
    ...verb.commands.flatMap(flagsOf(prefix + verb.name() + ' ')),
  ];
  const flags = program.commands.flatMap(flagsOf(''));
  process.stdout.write(JSON.stringify(flags), () => process.exit());
`;

it('finds pages and verbs to check', () => {
  expect(pages).toEqual(
    expect.arrayContaining(['README.md', 'docs/operating.md', 'docs/decisions/0001-root-folders.md'])
  );
  expect(verbs).toEqual(expect.arrayContaining(['run', 'pair', 'verify', 'stop']));
});

describe.each(pages)('%s', (page) => {
  const text = readText(page);

  it('links only to files and headings that exist', () => {
    const broken = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link!)
      .filter((link) => !/^[a-z]+:/.test(link) && !resolves(page, link));
    expect(broken).toEqual([]);
  });

  it('names only verbs and flags that the command has', () => {
    const wrong = commands(text).flatMap(({ verb: top, below, given }) => {
      const verb = hasVerbsBelow(top) && below !== undefined ? `${top} ${below}` : top;
      const known = flags.get(verb);
      if (known === undefined || !verbs.includes(top)) return [`sae-match ${verb}`];
      return given.filter((flag) => !known.includes(flag)).map((flag) => `sae-match ${verb} ${flag}`);
    });
    expect(wrong).toEqual([]);
  });
});

it('every flag in docs/operating.md is one of some verb', () => {
  const known = new Set([...flags.values()].flat());
  const named = readText('docs/operating.md').match(/(?<![\w-])--[a-z][a-z0-9-]*/g) ?? [];
  expect(named.length).toBeGreaterThan(20);
  expect([...new Set(named)].filter((flag) => !known.has(flag))).toEqual([]);
});

/** Paths of all Markdown files of the repository, relative to its root. */
function markdownFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith('.') || NOT_OURS.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

async function node(...args: string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, args, { cwd: ROOT })).stdout;
}

function resolves(page: string, link: string): boolean {
  const [path, anchor] = link.split('#') as [string, string | undefined];
  const target = path === '' ? page : join(dirname(page), decodeURIComponent(path));
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || headings(readText(target)).includes(anchor);
}

/** Anchors of a page's headings, as GitHub makes them. */
function headings(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
  );
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[^]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ' '));
}

const hasVerbsBelow = (verb: string): boolean => [...flags.keys()].some((name) => name.startsWith(`${verb} `));

interface CommandLine {
  readonly verb: string;
  /** The word behind it, which may be a verb below it. */
  readonly below: string | undefined;
  readonly given: readonly string[];
}

/** Command lines in code, inline or in blocks: `sae-match <verb> …` up to the end of the line or the code. */
function commands(text: string): CommandLine[] {
  const code = [...text.matchAll(/^```[^\n]*\n([^]*?)^```|`([^`]+)`/gm)].map(([, block, inline]) => block ?? inline!);
  return code.flatMap((part) =>
    [...part.matchAll(/(?:^|npx |\$ |\()sae-match\s+([a-z]+)([^\n#]*)/gm)].map(([, verb, rest]) => ({
      verb: verb!,
      below: /^\s+([a-z][a-z-]*)/.exec(rest!)?.[1],
      given: rest!.match(/(?<![\w-])--[a-z][a-z0-9-]*/g) ?? [],
    }))
  );
}
