import { InputError } from '../../../matching/errors';

/** A place in a model repository of the Hub. */
export interface HubLocation {
  /** `org/name`. */
  readonly repository: string;
  /** A branch, a tag or a commit; null for the main branch. */
  readonly revision: string | null;
  /** Path in the repository without slashes at its ends; empty for all of it. */
  readonly path: string;
}

/**
 * Parses `hf://org/name[@revision][/path]`, or the address of a page of the Hub's site such as
 * `https://huggingface.co/org/name/tree/main/path`.
 *
 * @throws InputError when it is neither
 */
export function parseHubLocation(location: string): HubLocation {
  const [, repository, revision = null, path = ''] =
    /^hf:\/\/([\w.-]+\/[\w.-]+)(?:@([^/]+(?:\/pr\/\d+)?))?(?:\/+(.*))?$/i.exec(location) ?? PAGE.exec(location) ?? [];
  const clean = path.replace(/[?#].*$/, '').replace(/^\/+|\/+$/g, '');
  if (repository !== undefined && repository.split('/')[0] !== 'datasets' && !clean.split('/').includes('..')) {
    return { repository, revision, path: clean };
  }
  throw new InputError('cannot be understood as a place on the Hugging Face Hub', {
    file: location,
    expected: 'hf://org/name, hf://org/name@revision or hf://org/name/path, of a model repository',
  });
}

const PAGE =
  /^https?:\/\/huggingface\.co\/([\w.-]+\/[\w.-]+)(?:\/(?:tree|blob|resolve)\/([^/?#]+)(?:\/([^?#]*))?)?\/?(?:[?#].*)?$/i;

/** Whether a location is a page or a file of the Hub's own site. */
export function isHubPage(location: string): boolean {
  return PAGE.test(location);
}
