/** @type {import('jest').Config} */
module.exports = {
  rootDir: __dirname,
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testEnvironment: 'node',
  transform: {
    '^.+\\.(ts|js|mjs)$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  // These ship ES modules only; jest needs them as CommonJS.
  transformIgnorePatterns: [
    '/node_modules/(?!(hyparquet|hyparquet-writer|string-width|strip-ansi|ansi-regex|get-east-asian-width)/)',
    '<rootDir>/dist/',
  ],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  // Without this every use of these in a numeric loop goes through the sandbox: several times slower.
  sandboxInjectedGlobals: [
    ...['Math', 'Number', 'Infinity', 'Array', 'Atomics'],
    ...['Float64Array', 'Float32Array', 'Int32Array', 'Uint8Array'],
  ],
  // One worker for each core: by default one core would be left to a runner that only waits.
  maxWorkers: '100%',
  testSequencer: '<rootDir>/test/slow-first.cjs',
  testTimeout: 60_000,
};
