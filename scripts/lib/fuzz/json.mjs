const DEEP = '@deep@';
const INFINITE = '@infinite@';
const HUGE_DEPTH = 100_000;
const LONGEST = 50_000;
/** Values of all types, and those that are special to programs: names of every object, limits of numbers, much of anything. */
const VALUES = [
  ...[null, true, false, '', 'none', 'constructor', '__proto__', 'toString', 'hasOwnProperty', 'F32', 'topk', 'relu'],
  ...[0, 1, -1, 0.5, -0, 3, 8, 255, 4096, 2 ** 31, 2 ** 32 - 1, 2 ** 53, -(2 ** 53), 1e308, 1e-320, 1e20],
  ...[[], {}, [1], ['a'], { a: 1 }, [0, 2 ** 40], [2 ** 53, 2 ** 53], [-1, 1], DEEP, INFINITE, 'x'.repeat(100_000)],
];

/** Changes one to three fields of JSON, wherever they are, and says which; null when the text is no JSON object. */
export function mutateJson(text, random) {
  const value = parsed(text);
  if (value === null) return null;
  const changes = Array.from({ length: 1 + random.few(3) }, () => changeOne(value, random));
  return { text: textOf(value), change: changes.join(', ') };
}

/** The text of a value in which the marks stand for what `JSON.stringify` cannot write. */
function textOf(value) {
  const deep = '['.repeat(HUGE_DEPTH) + ']'.repeat(HUGE_DEPTH);
  return JSON.stringify(value).replaceAll(`"${DEEP}"`, deep).replaceAll(`"${INFINITE}"`, '1e999');
}

function parsed(text) {
  // What an earlier mutation made too deep or too long to be written once more.
  if (text.length > LONGEST) return null;
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}

function changeOne(root, random) {
  const fields = fieldsOf(root);
  if (fields.length === 0) return 'nothing';
  const [object, key, path] = random.pick(fields);
  const kind = random.below(10);
  if (kind < 2) {
    delete object[key];
    return `${path} removed`;
  }
  if (kind < 4) {
    const [other, otherKey, otherPath] = random.pick(fields);
    object[key] = other[otherKey];
    return isTree(root) ? `${path} as ${otherPath}` : (delete object[key], `${path} removed`);
  }
  if (kind < 5 && !Array.isArray(object)) {
    const name = random.pick(['__proto__', 'constructor', '', 'a'.repeat(10_000), `${key}2`]);
    Object.defineProperty(object, name, { value: object[key], enumerable: true, configurable: true, writable: true });
    return `${path} as ${name.slice(0, 12)} too`;
  }
  if (kind < 7 && typeof object[key] === 'number') {
    object[key] = random.pick([object[key] + 1, object[key] - 1, object[key] * 2, -object[key], object[key] + 2 ** 32]);
    return `${path}: ${object[key]}`;
  }
  object[key] = random.pick(VALUES);
  return `${path}: ${JSON.stringify(object[key]).slice(0, 30)}`;
}

/** Whether nothing holds itself: a field that was copied into its own inside could not be written. */
function isTree(root) {
  try {
    return JSON.stringify(root).length > 0;
  } catch {
    return false;
  }
}

function fieldsOf(value, path = '') {
  return Object.keys(value).flatMap((key) => {
    const inner = value[key];
    const own = [value, key, `${path}${key}`];
    return typeof inner === 'object' && inner !== null ? [own, ...fieldsOf(inner, `${path}${key}.`)] : [own];
  });
}
