import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Failure, orFail } from './failure.mjs';
import { installPackages } from './install.mjs';
import { at } from './paths.mjs';

/** The reference of the library, relative to the root folder. */
export const PAGE = 'docs/api.md';

const HEAD = `# API reference

What \`import … from 'sae-match'\` offers; [library.md](library.md) shows it by task. This page is made from the comments in
\`library/\` by \`npm run api\`.

`;

/** \`npm run api [-- --check]\`: writes the reference of the library anew, or says whether it is as it should be. */
export function main(argv) {
  return orFail(async () => {
    await installPackages();
    const page = await reference();
    if (!argv.includes('--check')) writeFileSync(at(PAGE), page);
    else if (readFileSync(at(PAGE), 'utf8') !== page) {
      throw new Failure(`sae-match: ${PAGE} is not what the comments in library/ say. Run \`npm run api\`.`);
    }
  });
}

/** The page as the comments have it. */
async function reference() {
  const { Application } = await import('typedoc');
  const { format, resolveConfig } = await import('prettier');
  const folder = mkdtempSync(join(tmpdir(), 'sae-match-api-'));
  try {
    const app = await Application.bootstrapWithPlugins({ ...OPTIONS, outputs: [{ name: 'markdown', path: folder }] });
    const project = await app.convert();
    if (project === undefined) throw new Failure('sae-match: typedoc cannot read the library.');
    removeInherited(project);
    app.validate(project);
    await app.generateOutputs(project, folder);
    if (app.logger.hasErrors() || app.logger.hasWarnings())
      throw new Failure('sae-match: see what typedoc says above.');
    const text = shortened(readFileSync(join(folder, 'api.md'), 'utf8'));
    return await format(HEAD + text, { ...(await resolveConfig(at(PAGE))), parser: 'markdown' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const GROUPS = ['Functions', 'Interfaces', 'Type Aliases', 'Classes', 'Variables'];
const COLUMNS = { hideModifiers: true, hideInherited: true, hideOverrides: true, hideSources: true };

const OPTIONS = {
  name: 'sae-match',
  entryPoints: [at('library/index.ts')],
  tsconfig: at('tsconfig.json'),
  plugin: ['typedoc-plugin-markdown'],
  readme: 'none',
  // It would be that of the project's own pages, should the output ever be none of ours.
  cleanOutputDir: false,
  router: 'module',
  entryFileName: 'api',
  logLevel: 'Warn',
  // Types are checked by the compiler.
  skipErrorChecking: true,
  disableSources: true,
  excludeExternals: true,
  excludeInternal: true,
  intentionallyNotExported: ['DEVICE_KINDS'],
  sort: ['source-order'],
  groupOrder: GROUPS,
  hidePageHeader: true,
  hidePageTitle: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  tableColumnSettings: COLUMNS,
};

/** What classes have of others, and how they are made, is of no use to who catches errors. */
function removeInherited(project) {
  for (const reflection of project.children ?? []) {
    const isError = reflection.name.endsWith('Error');
    for (const child of isError ? [...(reflection.children ?? [])] : []) {
      if (child.inheritedFrom || child.name === 'constructor' || child.name === 'name') project.removeReflection(child);
    }
  }
}

/** Without anchors that nothing links to, and with what is thrown in one list. */
function shortened(text) {
  return text
    .replaceAll(/<a id="([^"]*)"><\/a> /g, (anchor, id) => (text.includes(`(#${id})`) ? anchor : ''))
    .replaceAll(/^#+ (Extended by|Extends)\n\n(?:- .*\n)+\n?/gm, '')
    .replaceAll(/(?<=^#+ Throws\n\n[^#]*?)\n\n#+ Throws\n\n/gm, '\n')
    .replaceAll(/^(#+ Throws\n\n)([^#]*?)(?=\n\n)/gm, (_, head, list) => head + list.replaceAll(/^(?=\S)/gm, '- '));
}
