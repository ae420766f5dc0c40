/** One jest run, four projects; `npm test` takes the first three, `npm run test:real` the last. */
const base = {
  testEnvironment: 'node',
  testEnvironmentOptions: { globalsCleanup: 'off' },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^breakfix$': '<rootDir>/src/index.ts' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2023', parser: { syntax: 'typescript', explicitResourceManagement: true } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
const project = (displayName) => ({
  ...base,
  displayName,
  rootDir: import.meta.dirname,
  testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
});

export default {
  // Left alone, jest leaves one core idle: half of a machine that has two.
  maxWorkers: '100%',
  // No test is about its own time: a busy machine must not fail one.
  testTimeout: 60_000,
  projects: ['unit', 'conformance', 'integration', 'real'].map(project),
};
