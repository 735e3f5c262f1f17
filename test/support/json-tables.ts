import { readText, tablesBelow } from '../docs/markdown';

/** What docs/json-output.md says of a field. */
export interface DocumentedField {
  readonly path: string;
  readonly type: string;
  readonly isOptional: boolean;
}

/** The fields in the first table below a heading of docs/json-output.md, or of another page. */
export function documentedFields(heading: string, page = 'docs/json-output.md'): DocumentedField[] {
  const [table] = tablesBelow(readText(page), heading);
  return table!.slice(1).flatMap(([paths, type]) =>
    paths!.split(', ').map((path) => ({
      path: path.replace(/\?$/, ''),
      type: type!,
      isOptional: path.endsWith('?'),
    }))
  );
}

/**
 * How JSON differs from what is documented: fields of no row, of another type, and missing ones.
 *
 * @returns a sentence for each difference
 */
export function differencesFrom(fields: readonly DocumentedField[], value: unknown): string[] {
  const byPath = new Map(fields.map((field) => [field.path, field]));
  const differences = new Set<string>();
  const look = (found: unknown, path: string): void => {
    const field = byPath.get(path);
    if (path !== '' && field === undefined) {
      differences.add(`${path} is not documented`);
      return;
    }
    if (field !== undefined && !isOfType(found, field.type)) {
      differences.add(`${path} is ${JSON.stringify(found).slice(0, 60)}, documented as ${field.type}`);
    }
    if (field?.type === 'any' || found === null || typeof found !== 'object') return;
    if (Array.isArray(found)) {
      for (const element of found) look(element, `${path}[]`);
      return;
    }
    for (const [name, inner] of Object.entries(found)) look(inner, join(path, name));
    for (const { path: wanted, isOptional } of childrenOf(fields, path)) {
      if (!isOptional && !(wanted.slice(wanted.lastIndexOf('.') + 1) in found)) differences.add(`${wanted} is missing`);
    }
  };
  look(value, '');
  return [...differences];
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

const childrenOf = (fields: readonly DocumentedField[], path: string): DocumentedField[] =>
  fields.filter(
    ({ path: child }) => !child.endsWith('[]') && (path === '' ? !/[.[]/.test(child) : parentOf(child) === path)
  );

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('.')));

function isOfType(value: unknown, type: string): boolean {
  const [plain, orNull] = type.split(/ or (?=null$)/) as [string, string | undefined];
  if (value === null) return orNull === 'null' || plain === 'any';
  if (plain.startsWith('one of ')) {
    return typeof value === 'string' && plain.slice('one of '.length).split(', ').includes(value);
  }
  switch (plain) {
    case 'any':
      return true;
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && !Array.isArray(value);
    case 'time':
      return typeof value === 'string' && new Date(value).toISOString() === value;
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === plain;
    default:
      throw new Error(`docs/json-output.md has the type "${type}", which means nothing`);
  }
}
