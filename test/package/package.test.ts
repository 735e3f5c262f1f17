import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stopEmbedded } from '../../infra/embedded';
import { openHome } from '../../infra/home';
import { VERSION } from '../../matching/version';
import { ROOT } from '../docs/markdown';
import { expectCode } from '../support/program';
import { installPackage } from './install';
import type { InstalledPackage } from './install';

/** What may be in the tarball, and nothing else. */
const EXPECTED = [
  /^(package\.json|README\.md|LICENSE|NOTICE|CHANGELOG\.md)$/,
  /^dist\/(activities|artifacts|cli|exports|infra|kernels|library|matching|sae|transport|workers|workflows)\/.*\.js$/,
  /^dist\/workflow-bundle\.js$/,
  /^dist\/.*\.d\.ts$/,
  /^docs\/([a-z-]+|decisions\/\d{4}-[a-z0-9-]+)\.md$/,
  /^examples\/[a-zA-Z0-9_]+\.(md|py)$/,
  /^examples\/minilm-l6\/(explanations\/layer_\d\.jsonl|layer_\d\/width_1k\/average_l0_\d+\/params\.npz)$/,
];
/** Bounds in MB: what is added beyond is decided, not found out. Most are the example SAEs, which hardly compress. */
const MOST_PACKED = 12.5;
const MOST_UNPACKED = 17;
const MOST_PROGRAM = 4;

let installed: InstalledPackage;
const scratch = mkdtempSync(join(tmpdir(), 'sae-match-package-state-'));
const state = { SAE_MATCH_HOME: join(scratch, 'home'), SAE_MATCH_CACHE: join(scratch, 'cache') };
const EXAMPLE = 'node_modules/sae-match/examples/minilm-l6';

beforeAll(async () => {
  installed = await installPackage();
  const { packed, installSeconds } = installed;
  const megabytes = (packed.size / 1e6).toFixed(1);
  process.stderr.write(`sae-match: ${megabytes} MB packed, installed in ${installSeconds.toFixed(0)} s\n`);
}, 600_000);

afterAll(async () => {
  await stopEmbedded(openHome({ ...process.env, ...state }));
  installed.remove();
  rmSync(scratch, { recursive: true, force: true });
});

const command = async (...args: string[]): Promise<string> => {
  const finished = await installed.run(join('node_modules/.bin/sae-match'), args, state);
  expectCode(finished, 0);
  return finished.stdout;
};

describe('the tarball', () => {
  it('holds the program, its types, documents and examples, and nothing else', () => {
    const paths = installed.packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !EXPECTED.some((pattern) => pattern.test(path)))).toEqual([]);
    for (const pattern of EXPECTED) expect(paths.some((path) => pattern.test(path))).toBe(true);
  });

  it('is within its budget', () => {
    const { size, unpackedSize, files } = installed.packed;
    const program = files.filter(({ path }) => path.startsWith('dist/')).reduce((sum, file) => sum + file.size, 0);
    expect(size / 1e6).toBeLessThan(MOST_PACKED);
    expect(unpackedSize / 1e6).toBeLessThan(MOST_UNPACKED);
    expect(program / 1e6).toBeLessThan(MOST_PROGRAM);
  });

  it('has every module of the program and exactly the types that the entry leads to', () => {
    const packed = installed.packed.files.map(({ path }) => path);
    const built = filesBelow(join(ROOT, 'dist'))
      .filter((path) => path.endsWith('.js'))
      .map((path) => `dist/${path}`);
    expect(packed.filter((path) => /^dist\/.*\.js$/.test(path)).sort()).toEqual(built.sort());
    const reached = typesFrom(join(installed.home, 'dist/library/index.d.ts'));
    expect(reached.missing).toEqual([]);
    const types = packed.filter((path) => path.endsWith('.d.ts')).map((path) => join(installed.home, path));
    expect(types.sort()).toEqual(reached.found.sort());
  });

  it('names no source map that is not there', () => {
    const naming = installed.packed.files
      .filter(({ path }) => path.endsWith('.js'))
      .filter(({ path }) =>
        /^\/\/# sourceMappingURL=(?!data:)/m.test(readFileSync(join(installed.home, path), 'utf8'))
      );
    expect(naming).toEqual([]);
  });

  it('is built before it is packed', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: { prepack: string };
    };
    expect(scripts.prepack).toBe('node scripts/build.mjs');
  });
});

describe('the installed command', () => {
  it('runs by npx, and says its version', async () => {
    const { code, stdout } = await installed.run('npx', ['--no', '--', 'sae-match', '--version'], state);
    expect([code, stdout.trim()]).toEqual([0, VERSION]);
  });

  it('matches a pair of the examples and proves it', async () => {
    const row = JSON.parse(await command('pair', `${EXAMPLE}#3`, `${EXAMPLE}#4`, '--out', 'pair', '--json')) as object;
    expect(row).toMatchObject({ matched: 1024, device: 'cpu', fallbacks: 0 });
    expect(JSON.parse(await command('verify', 'pair', '--json'))).toMatchObject({ ok: true });
  }, 120_000);

  it('carries out a run with server and worker, and the bundle of workflows that came with it', async () => {
    await command('run', EXAMPLE, '--layers', '2-3', '--out', 'out', '--run-id', 'packed');
    expect(existsSync(join(installed.folder, 'out/runs/packed/manifest.json'))).toBe(true);
    expect(JSON.parse(await command('verify', 'out/runs/packed', '--json'))).toMatchObject({ ok: true });
  }, 240_000);
});

describe('the installed library', () => {
  const write = (name: string, text: string): string => {
    mkdirSync(dirname(join(installed.folder, name)), { recursive: true });
    writeFileSync(join(installed.folder, name), text);
    return name;
  };
  const body = `
    const a = fold(await readSae('${EXAMPLE}#3'));
    const b = fold(await readSae('${EXAMPLE}#4'));
    const matching = await matchPair(a, b);
    const { ok } = await verify(a, b, matching);
    console.log(matching.figures.device, matching.targetFeature.length, ok, compose(matching.targetFeature, matching.sourceFeature)[5]);
  `;
  const names = 'compose, fold, matchPair, readSae, verify';

  it.each([
    ['import', 'esm.mjs', `import { ${names} } from 'sae-match';\n${body}`],
    ['require', 'common.cjs', `const { ${names} } = require('sae-match');\n(async () => {${body}})();`],
  ])(
    'matches and proves by %s, and lets the process end',
    async (_, file, text) => {
      const finished = await installed.run(process.execPath, [write(file, text)], state);
      expectCode(finished, 0);
      expect(finished.stdout).toBe('cpu 1024 true 5\n');
    },
    120_000
  );

  it('shows the same names to import as to require', async () => {
    const file = write('names.mjs', LIST_NAMES);
    const finished = await installed.run(process.execPath, [file], state);
    expectCode(finished, 0);
    const { imported, required } = JSON.parse(finished.stdout) as Record<'imported' | 'required', string[]>;
    expect(imported).toEqual(required);
    expect(imported).toContain('matchPair');
  });

  it('keeps its inside to itself', async () => {
    const file = write('inside.cjs', `require('sae-match/dist/matching/match-pair.js');`);
    const { code, stderr } = await installed.run(process.execPath, [file], state);
    expect([code, stderr.includes('ERR_PACKAGE_PATH_NOT_EXPORTED')]).toEqual([1, true]);
  });

  it.each([
    ['node16', 'node16'],
    ['esnext', 'bundler'],
  ])(
    'has types for strict TypeScript with module %s and resolution %s, libraries checked too',
    async (module, how) => {
      const wrong = "// @ts-expect-error a name is not an SAE\nvoid matchPair('a', 'b');";
      const text = `import { ${names} } from 'sae-match';\nimport type { Matching } from 'sae-match';\n${wrong}
      export async function run(): Promise<Matching> {${body} return matching; }`;
      const file = write(`consumer-${how}.mts`, text);
      const options = [
        '--noEmit',
        '--strict',
        '--exactOptionalPropertyTypes',
        '--target',
        'es2022',
        '--lib',
        'es2022,dom',
      ];
      const modules = ['--module', module, '--moduleResolution', how];
      const finished = await installed.run(process.execPath, [TSC, ...options, ...modules, file], state);
      expectCode(finished, 0);
    },
    120_000
  );
});

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

const LIST_NAMES = `
  import * as module from 'sae-match';
  import { createRequire } from 'node:module';
  const required = Object.keys(createRequire(import.meta.url)('sae-match')).sort();
  const imported = Object.keys(module).filter((name) => !['default', '__esModule', 'module.exports'].includes(name)).sort();
  console.log(JSON.stringify({ imported, required }));
`;

function filesBelow(folder: string, below = ''): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    return entry.isDirectory() ? filesBelow(folder, path) : [path];
  });
}

/** The declarations that one leads to, itself included, and what they import that is not there. */
function typesFrom(entry: string): { readonly found: string[]; readonly missing: string[] } {
  const found = new Set<string>();
  const missing: string[] = [];
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    for (const [, module] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) .*from '([^']+)';$/gm)) {
      const next = `${join(dirname(file), module!)}.d.ts`;
      if (module!.startsWith('.') && existsSync(next)) visit(next);
      else missing.push(`${file}: ${module!}`);
    }
  };
  visit(entry);
  return { found: [...found], missing };
}
