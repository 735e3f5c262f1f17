import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSpecFile, readSpec } from '../../../cli/spec/read-spec';
import type { SpecFile } from '../../../cli/spec/spec-schema';
import { InputError, UsageError } from '../../../matching/errors';
import { scratchFolder } from '../../sae/support';

const folder = scratchFolder();
const file = join(folder, 'spec.yaml');

function read(text: string): SpecFile {
  writeFileSync(file, text);
  return readSpec(file);
}

describe('a specification', () => {
  it('has its relative paths taken from the folder of the file', () => {
    expect(read('source: saes\nout: ../results')).toEqual({
      source: join(folder, 'saes'),
      out: join(folder, '../results'),
    });
  });

  it('keeps absolute paths and URLs', () => {
    expect(read('source: /models/saes\nout: file:///results')).toEqual({
      source: '/models/saes',
      out: 'file:///results',
    });
  });

  it('knows every key', () => {
    const spec = {
      source: '/saes',
      out: '/out',
      layers: [0, 2],
      pairs: '0:2',
      weights: 'all',
      metric: 'cosine',
      part_weights: { decoder: 1, encoder: 0.5 },
      fold: false,
      degenerate: 'error',
      scale: 'threshold:2',
      previous: '/before',
      previous_step: 2000,
      drift_kept: 0.8,
      drift_unmatched: 0.4,
      format: 'gemma-scope',
      allow_hook_mismatch: true,
      memory_budget: '4GiB',
      run_id: 'nightly',
      address: 'localhost:7233',
      detach: true,
      new: true,
    };
    expect(read(JSON.stringify(spec))).toEqual(spec);
  });

  it('takes numbers and lists of YAML as they stand', () => {
    expect(read('source: /s\nlayers: 3')).toMatchObject({ layers: 3 });
    expect(read('source: /s\nlayers: 0-3,6\npairs: 0:1,3:5')).toMatchObject({ layers: '0-3,6', pairs: '0:1,3:5' });
    expect(read('source: /s\npart_weights: decoder=1,bias=0')).toMatchObject({ part_weights: 'decoder=1,bias=0' });
    expect(read('source: /s\nmemory_budget: 1073741824')).toMatchObject({ memory_budget: 1073741824 });
  });

  it.each(['a.yaml', 'dir/b.yml', 'C.YAML'])('is recognised by its name: %s', (name) => {
    expect(isSpecFile(name)).toBe(true);
  });

  it.each(['saes', 'yaml', 'saes.yaml.d'])('is not seen in a source: %s', (name) => {
    expect(isSpecFile(name)).toBe(false);
  });
});

describe('a specification that cannot be used names file, field, found and expected', () => {
  it.each([
    ['an unknown key', 'source: /s\nlayres: 0-3', /: layres: unknown key \(expected source, out, layers, .*_ for -/],
    ['a flag written with dashes', 'source: /s\nrun-id: a', /: run-id: unknown key \(expected .*run_id/],
    [
      'no source',
      'layers: 0-3',
      /: source: the value does not fit \(found nothing, expected the folder of the SAEs\)$/,
    ],
    [
      'an empty value',
      'source: /s\nout:',
      /: out: .* \(found nothing, expected a folder, or gs:\/\/<bucket>\/<prefix>\)$/,
    ],
    ['a number for a folder', 'source: 7', /: source: .* \(found 7, expected the folder of the SAEs\)$/],
    ['a word for a boolean', 'source: /s\nfold: no', /: fold: .* \(found "no", expected true or false\)$/],
    [
      'unknown weights',
      'source: /s\nweights: enc',
      /: weights: .* \(found "enc", expected decoder \| encoder \| decoder\+encoder \| all\)$/,
    ],
    ['an unknown metric', 'source: /s\nmetric: l1', /: metric: .* \(found "l1", expected mse \| cosine\)$/],
    [
      'a text for the weight of a part',
      'source: /s\npart_weights: {decoder: much}',
      /: part_weights: .* \(found \{"decoder":"much"\}, expected weights such as \{decoder: 1, encoder: 0.5\}\)$/,
    ],
    [
      'a weight for an unknown part',
      'source: /s\npart_weights: {decode: 1}',
      /: --part-weights: .* \(found "decode", expected the parts decoder, encoder, bias\)$/,
    ],
    [
      'a mapping for layers',
      'source: /s\nlayers: {a: 1}',
      /: layers: .* \(found \{"a":1\}, expected layers such as 0-6/,
    ],
    ['a fraction in layers', 'source: /s\nlayers: [0, 1.5]', /: layers: .* \(found \[0,1.5\], expected layers such as/],
    ['layers that are none', 'source: /s\nlayers: 3-1', /: --layers: .* \(found "3-1", expected layers such as 0-6/],
    [
      'a list for pairs',
      'source: /s\npairs: [0, 1]',
      /: pairs: .* \(found \[0,1\], expected adjacent, all, or a text such as "0:1,3:5"\)$/,
    ],
    ['pairs that are none', 'source: /s\npairs: 0-1', /: --pairs: .* \(found "0-1", expected adjacent, all/],
    [
      'a size that is none',
      'source: /s\nmemory_budget: lots',
      /: memory_budget: .* \(found lots, expected a size such as 4GiB\)$/,
    ],
    [
      'a negative size',
      'source: /s\nmemory_budget: -4',
      /: memory_budget: .* \(found -4, expected a size such as 4GiB\)$/,
    ],
    ['a number for an id', 'source: /s\nrun_id: 12', /: run_id: .* \(found 12, expected a text \(in quotes/],
    ['an id that is no name', 'source: /s\nrun_id: ../up', /: run_id: not usable as the id of a run \(found "..\/up"/],
    ['a list', '- source', /: not a specification \(found \["source"\], expected keys and values\)$/],
    ['an empty file', '', /: not a specification \(found nothing, expected keys and values\)$/],
    ['no YAML', 'source: [', /: the specification is not YAML \(found .+, expected keys and values\)$/],
    ['a key given twice', 'source: /s\nsource: /t', /: the specification is not YAML \(found Map keys must be unique/],
    ['an alias of nothing', 'source: *here', /: the specification is not YAML \(found Unresolved alias/],
  ])('%s', (_, text, message) => {
    expect(() => read(text)).toThrow(UsageError);
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(`${file}: `);
    expect(() => read(text)).toThrow(/^[^\n]*$/);
  });

  it('a file that is missing, or a folder', () => {
    const missing = join(folder, 'none.yaml');
    expect(() => readSpec(missing)).toThrow(InputError);
    expect(() => readSpec(missing)).toThrow(
      `${missing}: the specification cannot be read (found ENOENT, expected a YAML file)`
    );
    mkdirSync(join(folder, 'folder.yaml'));
    expect(() => readSpec(join(folder, 'folder.yaml'))).toThrow('found EISDIR, expected a YAML file');
  });
});
