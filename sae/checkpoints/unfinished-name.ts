const BEGINNING = /^(?:\.|(?:tmp|temp)(?=[-_.]))/i;
const WORD = /[-_.](?:tmp|temp|part|partial|incomplete|inprogress|uploading|crdownload)(?=$|[-_.]?\d*$)/i;

/**
 * Whether a part of the path of a file says that the file is still being written: names that begin with a dot or `tmp`, end
 * with `~`, or end with `.tmp`, `.part`, `.partial`, `.incomplete` and the like, also with a number behind
 * (`1000.orbax-checkpoint-tmp-17`).
 */
export function isUnfinished(path: string): boolean {
  return path.split('/').some((name) => BEGINNING.test(name) || WORD.test(name) || name.endsWith('~'));
}
