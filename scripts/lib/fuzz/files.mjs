import { mutateJson } from './json.mjs';

const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'4'.repeat(64)}\nsize 302055424\n`;
const CONFIGURATION = /\.(?:json|ya?ml)$/;
/** Texts that are hard on parsers of YAML, and some that are not what they seem. */
const YAMLS = [
  'a: &a [*a]\n',
  `a: &a [x, x]\n${'bcdefghij'.replace(/./g, (name, at) => `${name}: &${name} [*${'abcdefghi'[at]}, *${'abcdefghi'[at]}]\n`)}`,
  `${'['.repeat(20_000)}`,
  `a: ${'{b: '.repeat(5000)}`,
  '!!binary abc\n',
  '- a\n',
  '? {a: 1}\n: b\n',
  '--- a\n--- b\n',
  '<<: *a\n',
  '!<tag:x> a: 1\n',
];

/** Ways to damage what lies beside one another; each changes the map of files and says how, or gives null. */
export const FILE_MUTATIONS = {
  'a file removed': (files, random) => {
    const path = random.pick([...files.keys()]);
    files.delete(path);
    return path;
  },
  'a file emptied': (files, random) => replaced(files, random, Buffer.alloc(0)),
  'a file as a pointer of Git LFS': (files, random) => replaced(files, random, Buffer.from(POINTER)),
  'files swapped': (files, random) => {
    const [one, other] = [random.pick([...files.keys()]), random.pick([...files.keys()])];
    const [first, second] = [files.get(one), files.get(other)];
    files.set(one, second).set(other, first);
    return `${one} and ${other}`;
  },
  'a file in place of another': (files, random) => replaced(files, random, random.pick([...files.values()])),
  'a file renamed': (files, random) => {
    const path = random.pick([...files.keys()]);
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const name = random.pick(NAMES);
    const bytes = files.get(path);
    files.delete(path);
    files.set(`${random.chance(0.8) ? folder : ''}${name}`, bytes);
    return `${path} to ${name.slice(0, 40)}`;
  },
};

/** The same for what configurations say. */
export const CONFIGURATION_MUTATIONS = {
  'a field of a configuration': (files, random) => {
    const path = random.pick([...files.keys()].filter((name) => CONFIGURATION.test(name)));
    if (path === undefined) return null;
    const isYaml = !path.endsWith('.json') && random.chance(0.3);
    const changed = isYaml ? null : mutateJson(files.get(path).toString(), random);
    files.set(path, Buffer.from(changed?.text ?? random.pick(YAMLS)));
    return `${path}: ${changed?.change ?? 'another text'}`;
  },
};

/** Names that mean something to one format or another. */
const NAMES = [
  ...'params.npz params.safetensors params_layer_1.safetensors params_layer_99.safetensors sae.safetensors'.split(' '),
  ...'sae_weights.safetensors ae.pt ae_7.pt 3.pt layer_0.safetensors W_enc_0.safetensors W_dec_0.safetensors'.split(
    ' '
  ),
  ...['cfg.json', 'config.json', 'hyperparams.json', 'config.yaml', `layer_${'9'.repeat(200)}.safetensors`, 'x'],
];

function replaced(files, random, bytes) {
  const path = random.pick([...files.keys()]);
  files.set(path, bytes);
  return path;
}
