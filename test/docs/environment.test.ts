import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readText, ROOT, tablesBelow } from './markdown';

const FOLDERS = [
  'activities',
  'artifacts',
  'cli',
  'exports',
  'infra',
  'kernels',
  'library',
  'sae',
  'scripts',
  'transport',
  'workers',
  'workflows',
];
const VARIABLE = /\bSAE_MATCH_[A-Z_]+\b/g;

it('documents every environment variable of the program, and no other', () => {
  const used = namesIn(FOLDERS.flatMap(sources));
  const documented = namesIn(['docs/operating.md', 'CONTRIBUTING.md']);
  const tests = namesIn(sources('test'));
  expect(used).toContain('SAE_MATCH_HOME');
  expect(used.filter((name) => !documented.includes(name))).toEqual([]);
  expect(documented.filter((name) => !used.includes(name) && !tests.includes(name))).toEqual([]);
});

it('documents every environment variable that tests alone look at', () => {
  const settings = namesIn(sources('test'), /(?<=process\.env\.)SAE_MATCH_[A-Z_]+\b/g);
  const documented = namesIn(['docs/operating.md', 'CONTRIBUTING.md']);
  expect(settings.filter((name) => !documented.includes(name))).toEqual([]);
});

it('has an entry for every error about the machine that a user can meet', () => {
  const [table] = tablesBelow(readText('docs/operating.md'), 'Troubleshooting');
  const entries = table!.slice(1).map(([message]) => message!);
  const summaries = FOLDERS.flatMap(sources).flatMap((file) =>
    [...readText(file).matchAll(/new EnvironmentError\(\s*(['`])(.+?)\1/g)].map(([, , summary]) => summary!)
  );
  expect(summaries.length).toBeGreaterThan(10);
  const fixedParts = (summary: string): string[] => summary.split(/\$\{[^}]*\}/).filter((part) => /[a-z]/.test(part));
  const missing = summaries.filter(
    (summary) => !entries.some((entry) => fixedParts(summary).every((part) => entry.includes(part)))
  );
  expect(missing).toEqual([]);
});

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.(?:ts|mjs|cjs|py)$/.test(entry.name) ? [path] : [];
  });
}

function namesIn(files: readonly string[], pattern = VARIABLE): string[] {
  return [...new Set(files.flatMap((file) => readText(file).match(pattern) ?? []))].sort();
}
