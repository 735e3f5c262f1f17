import { InputError } from '../../matching/errors';
import type { SourceView } from '../sources/source-view';
import { ConfigFields } from './config-fields';

/** The fields of a configuration. @throws InputError when it is missing or cannot be read */
export async function readConfig(view: SourceView, path: string): Promise<ConfigFields> {
  return new ConfigFields(await view.json(path), view.source.locate(path));
}

/** The same for finding SAEs, which must not fail: null where it is missing or cannot be read. */
export async function readConfigIfAny(view: SourceView, path: string | null): Promise<ConfigFields | null> {
  if (path === null || view.find(path) === undefined) return null;
  try {
    return await readConfig(view, path);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}
