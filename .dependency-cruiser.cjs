/** Import directions of docs/architecture.md: an arrow goes down only. */
const layers = [
  ['core', []],
  ['model', ['core']],
  ['kube', ['core', 'model']],
  ['cluster', ['core', 'model']],
  ['images', ['core', 'model', 'cluster']],
  ['providers', ['core', 'model', 'kube', 'cluster', 'images']],
  ['checks', ['core', 'model', 'kube', 'providers/provider']],
  ['faults', ['core', 'model', 'kube', 'providers/provider', 'checks']],
  ['scenario', ['core', 'model', 'kube', 'providers/provider', 'checks', 'faults']],
  [
    'engine',
    ['core', 'model', 'kube', 'providers/provider', 'checks', 'faults', 'scenario', 'score', 'report'],
  ],
  ['report', ['core', 'model', 'score']],
  ['score', ['core', 'model']],
];

const forbidden = layers.map(([layer, allowed]) => ({
  name: `${layer}-goes-down-only`,
  comment: `src/${layer} may import: ${['its own folder', ...allowed].join(', ')}. Edit the table in .dependency-cruiser.cjs with a reason.`,
  severity: 'error',
  from: { path: `^src/${layer}/` },
  to: { path: '^(src|workload|scenarios)/', pathNot: `^src/(${[layer, ...allowed].join('|')})[/.]` },
}));

module.exports = {
  forbidden: [
    ...forbidden,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'scenarios-use-the-public-api',
      comment: 'A scenario imports only the package name `breakfix`, so that a third party can write one.',
      severity: 'error',
      from: { path: '^scenarios/' },
      to: { path: '^(src|workload)/', pathNot: '^src/index.ts$' },
    },
    {
      name: 'the-oracle-asks-for-itself',
      comment:
        'What judges the graders in tools/attack knows nothing of checks and scenarios, not even by a detour: two of one opinion are no proof.',
      severity: 'error',
      from: { path: '^tools/attack/oracle/' },
      to: { path: '^(src/(checks|faults|scenario|engine|cli)|scenarios)/', reachable: true },
    },
    {
      name: 'workload-stands-alone',
      severity: 'error',
      from: { path: '^workload/' },
      to: { path: '^(src|scenarios)/' },
    },
    {
      name: 'nothing-imports-the-cli',
      severity: 'error',
      from: { pathNot: '^(src/cli|test|tools)/' },
      to: { path: '^src/cli/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
