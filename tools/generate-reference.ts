/**
 * Writes docs/reference.md from the TSDoc of what scenarios may use:
 *
 *   npm run reference [-- --check]
 *
 * `--check` writes nothing and ends with 1 where the file is not what the sources say.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import ts from 'typescript';

const TARGET = 'docs/reference.md';
const LIBRARIES = [
  {
    file: 'src/checks/index.ts',
    prefix: 'checks.',
    title: 'Checks',
    about: 'Looked at by objectives, safeguards and symptoms.',
  },
  {
    file: 'src/faults/index.ts',
    prefix: 'faults.',
    title: 'Faults and edits',
    about: 'What `inject` does, and what repairs share with it.',
  },
  {
    file: 'src/checks/check.ts',
    prefix: '',
    title: 'Making checks of checks',
    about: 'Imported from `breakfix` itself.',
  },
  {
    file: 'src/scenario/lasting.ts',
    prefix: '',
    title: 'What lasts',
    about: 'Safeguards, and the wrong repairs that they find, for scenarios that need the same.',
  },
  {
    file: 'src/scenario/rules.ts',
    prefix: '',
    title: 'Rules that scenarios share',
    about: 'What learners are told of these safeguards.',
  },
  {
    file: 'src/scenario/parts.ts',
    prefix: '',
    title: 'Parts of a scenario',
    about: 'Imported from `breakfix` itself.',
  },
  { file: 'src/scenario/shop.ts', prefix: '', title: 'The shop', about: 'What `baseline` gives.' },
  {
    file: 'src/scenario/partner-dns.ts',
    prefix: '',
    title: 'Names outside',
    about: 'Overlays of the shop, for scenarios about names of somebody else.',
  },
] as const;

/** Of files with no prefix only this is public; the others are for the engine. */
const PUBLIC = publicNames('src/index.ts');

const config = ts.readConfigFile('tsconfig.json', (path) => readFileSync(path, 'utf8'));
const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, '.');
const program = ts.createProgram(
  LIBRARIES.map(({ file }) => file),
  { ...options, noEmit: true },
);
const checker = program.getTypeChecker();

const text = [
  '<!-- Made by `npm run reference` from the TSDoc of src/checks, src/faults and src/scenario: change it there. -->',
  '# Checks and faults',
  '',
  'What scenarios are made of ([authoring.md](authoring.md) says how). A check looks at a lab and says what it saw; a fault',
  'changes a lab in one documented way.',
  ...LIBRARIES.flatMap(chapter),
  '',
].join('\n');

if (process.argv.includes('--check')) {
  if (readFileSync(TARGET, 'utf8') !== text) {
    console.error(`${TARGET} is not what the sources say: npm run reference`);
    process.exitCode = 1;
  }
} else writeFileSync(TARGET, text);

function chapter({ file, prefix, title, about }: (typeof LIBRARIES)[number]): string[] {
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} exports nothing`);
  const exported = checker
    .getExportsOfModule(module)
    .filter(({ name }) => prefix !== '' || PUBLIC.has(name))
    .map((symbol) =>
      (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol),
    );
  const byFile = Map.groupBy(exported, fileOf);
  const subjects = [...byFile].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    '',
    `## ${title}`,
    '',
    about,
    ...subjects.flatMap(([subject, symbols]) => [
      ...(byFile.size > 1 ? ['', `### ${subject.replaceAll('-', ' ')}`] : []),
      ...symbols.flatMap((symbol) => entry(symbol, prefix)),
    ]),
  ];
}

function fileOf(symbol: ts.Symbol): string {
  return basename(declarationOf(symbol).getSourceFile().fileName, '.ts');
}

function declarationOf(symbol: ts.Symbol): ts.Declaration {
  const [declaration] = symbol.declarations ?? [];
  if (declaration === undefined) throw new Error(`${symbol.name} is declared nowhere`);
  return declaration;
}

function entry(symbol: ts.Symbol, prefix: string): string[] {
  const declaration = declarationOf(symbol);
  const about = sentence(symbol);
  const made = functionOf(declaration);
  if (made !== undefined) {
    const signature = checker.getSignatureFromDeclaration(made);
    if (signature === undefined) throw new Error(`${symbol.name} has no signature`);
    const result = checker.typeToString(
      signature.getReturnType(),
      undefined,
      ts.TypeFormatFlags.NoTruncation,
    );
    const parameters = made.parameters.map((parameter) => parameter.getText());
    return [
      '',
      `**\`${prefix}${symbol.name}\`** gives a \`${result}\`. ${about}`,
      ...code(parameters),
      ...tags(symbol),
    ];
  }
  if (ts.isVariableDeclaration(declaration)) return ['', `**\`${prefix}${symbol.name}\`**. ${about}`];
  const heading = ['', `**\`${symbol.name}\`** (type). ${about}`.trimEnd()];
  // A union of words has the members of every string, which nobody looks for here.
  if (ts.isTypeAliasDeclaration(declaration) && !ts.isTypeLiteralNode(declaration.type)) {
    return [...heading, ...code([declaration.type.getText()])];
  }
  const fields = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
  return [...heading, '', ...fields.map((field) => `- \`${field.name}\`: ${typeOf(field)}${said(field)}`)];
}

/** What a declaration declares, where that is a function. */
function functionOf(declaration: ts.Declaration): ts.FunctionDeclaration | ts.ArrowFunction | undefined {
  if (ts.isFunctionDeclaration(declaration)) return declaration;
  if (!ts.isVariableDeclaration(declaration)) return undefined;
  const { initializer } = declaration;
  return initializer !== undefined && ts.isArrowFunction(initializer) ? initializer : undefined;
}

function code(parameters: readonly string[]): string[] {
  return parameters.length === 0 ? [] : ['', '```ts', parameters.join(',\n'), '```'];
}

function typeOf(field: ts.Symbol): string {
  const type = checker.getTypeOfSymbol(field);
  return `\`${checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation)}\``;
}

function said(symbol: ts.Symbol): string {
  const about = sentence(symbol);
  return about === '' ? '' : `. ${about}`;
}

function sentence(symbol: ts.Symbol): string {
  return flat(ts.displayPartsToString(symbol.getDocumentationComment(checker)));
}

function tags(symbol: ts.Symbol): string[] {
  const lines = symbol.getJsDocTags(checker).map(({ name, text: parts }) => {
    const words = flat(ts.displayPartsToString(parts));
    return name === 'param' ? `- \`${words.replace(' ', '`: ')}` : `- ${name}: ${words}`;
  });
  return lines.length === 0 ? [] : ['', ...lines];
}

/** In one line, and `{@link x}` as code. */
function flat(words: string): string {
  return words
    .replaceAll(/\{@link ([^}]+)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** The names that a module exports by statement. */
function publicNames(file: string): ReadonlySet<string> {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ESNext);
  return new Set(
    source.statements.flatMap((statement) =>
      ts.isExportDeclaration(statement) &&
      statement.exportClause !== undefined &&
      ts.isNamedExports(statement.exportClause)
        ? statement.exportClause.elements.map(({ name }) => name.text)
        : [],
    ),
  );
}
