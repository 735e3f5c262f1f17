import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * The folders of the project and what each may import from the others. Dependencies point one way:
 * cli, library, workers -> workflows, activities -> sae, artifacts, kernels -> transport -> matching.
 */
const mayImport = {
  matching: [],
  transport: ['matching'],
  kernels: ['matching'],
  sae: ['transport', 'matching'],
  artifacts: ['transport', 'matching'],
  workflows: ['matching'],
  activities: ['workflows', 'sae', 'artifacts', 'kernels', 'transport', 'matching'],
  exports: ['activities', 'sae', 'artifacts', 'transport', 'matching'],
  infra: ['transport', 'matching'],
  report: ['artifacts', 'transport', 'matching'],
  workers: ['activities', 'workflows', 'infra', 'sae', 'artifacts', 'kernels', 'transport', 'matching'],
  library: ['activities', 'workflows', 'infra', 'sae', 'artifacts', 'kernels', 'transport', 'matching'],
  cli: [
    'workers',
    'activities',
    'workflows',
    'infra',
    'report',
    'exports',
    'sae',
    'artifacts',
    'kernels',
    'transport',
    'matching',
  ],
};
const folders = Object.keys(mayImport);
const zones = folders
  .map((folder) => ({
    target: `./${folder}`,
    from: folders
      .filter((other) => other !== folder && !mayImport[folder].includes(other))
      .map((other) => `./${other}`),
    message: `${folder}/ may import only from: ${mayImport[folder].join(', ') || 'nothing of ours'}`,
  }))
  .filter(({ from }) => from.length > 0);

export default tseslint.config(
  { ignores: ['dist', 'node_modules', '.cache', '.venv', 'coverage', 'sae-match-out'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver': { typescript: { project: './tsconfig.check.json' } } },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-extraneous-dependencies': ['error', { devDependencies: ['test/**', 'bench/**', '*.config.*'] }],
      'max-lines': ['error', { max: 350 }],
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  {
    files: ['matching/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*', '@temporalio/*', 'onnxruntime-node'], message: 'matching/ is pure.' }] },
      ],
    },
  },
  {
    // Workflow code runs in Temporal's deterministic sandbox: types of activities only, no Node built-ins.
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*', '@temporalio/client', '@temporalio/worker', '@temporalio/activity'] }] },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' },
  }
);
