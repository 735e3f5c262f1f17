import { InputError } from '../../matching/errors';
import { isTemporaryName } from './temporary-file';

/**
 * Checks that a key names an object inside a store and nothing outside it: non-empty parts separated by `/`, none of
 * them `.` or `..`, no backslash, no control character, and not a name that unfinished writes use.
 *
 * @throws InputError
 */
export function checkKey(key: string): void {
  const fault = faultOf(key);
  if (fault === undefined) return;
  throw new InputError('not a usable object name', {
    field: JSON.stringify(key),
    found: fault,
    expected: "non-empty parts separated by '/', such as runs/1f0c/manifest.json",
  });
}

/** Whether {@link checkKey} has nothing against a key. */
export function isKey(key: string): boolean {
  return faultOf(key) === undefined;
}

function faultOf(key: string): string | undefined {
  return key
    .split('/')
    .map(faultOfPart)
    .find((part) => part !== undefined);
}

function faultOfPart(part: string): string | undefined {
  if (part === '') return 'an empty part';
  if (part === '.' || part === '..') return `the part '${part}'`;
  if (/[\\\p{Cc}]/u.test(part)) return 'a backslash or a control character';
  if (isTemporaryName(part)) return 'a name reserved for unfinished writes';
  return undefined;
}
