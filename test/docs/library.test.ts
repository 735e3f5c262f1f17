import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { snippetsOf } from '../support/snippets';
import { readText, ROOT } from './markdown';

/** What the entry exports but types: names and where they come from. */
const exported = [...readText('library/index.ts').matchAll(/^export \{([^}]*)\} from '(.+)';$/gm)].map(
  ([, names, module]) => ({
    names: names!.split(',').map((name) => name.trim()),
    path: join('library', `${module!}.ts`),
  })
);
/** In the order of the entry: what one example writes a later one may read. */
const sources = exported.map(({ path }) => path);
const snippets = ['docs/library.md', ...sources].flatMap(snippetsOf);
/** Within the package, so that it can import itself by name. */
const folder = join(ROOT, '.cache/library-snippets');
const place = mkdtempSync(join(tmpdir(), 'sae-match-snippets-'));
const file = (index: number, extension: string): string => join(folder, `snippet-${index}.${extension}`);

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(ROOT, 'examples'), join(place, 'examples'));
  snippets.forEach(({ code }, index) => {
    writeFileSync(file(index, 'mts'), code);
  });
});

afterAll(() => {
  rmSync(place, { recursive: true, force: true });
});

const node = async (args: readonly string[], cwd: string): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd }).catch((error: unknown) => {
    const { stdout: out, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${out}\n${stderr}`);
  });
  return stdout;
};

it('every function of the library is in some example, and every example prints something', () => {
  const functions = exported.flatMap(({ names }) => names).filter((name) => /^[a-z]/.test(name));
  expect(functions.length).toBeGreaterThan(10);
  expect(functions.filter((name) => !snippets.some(({ code }) => code.includes(`${name}(`)))).toEqual([]);
  expect(snippets.filter(({ prints }) => prints.length === 0).map(({ name }) => name)).toEqual([]);
});

it('every example is sound TypeScript', async () => {
  const options = [
    '--strict',
    '--noUncheckedIndexedAccess',
    '--target',
    'es2022',
    '--module',
    'node16',
    '--skipLibCheck',
  ];
  const files = readdirSync(folder).map((name) => join(folder, name));
  const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
  await node([join(ROOT, 'node_modules/typescript/bin/tsc'), ...options, ...types, ...files], ROOT);
  expect(readdirSync(folder).filter((name) => name.endsWith('.mjs'))).toHaveLength(snippets.length);
}, 240_000);

it.each(snippets.map((snippet, index) => [snippet.name, snippet, index] as const))(
  'the example %s prints what it says, and ends',
  async (_, { prints }, index) => {
    const printed = await node([file(index, 'mjs')], place);
    expect(printed.trimEnd().split('\n')).toEqual(prints);
  },
  120_000
);

it('docs/api.md is what the comments of the library say', async () => {
  await node([join(ROOT, 'scripts/api.mjs'), '--check'], ROOT);
}, 240_000);
