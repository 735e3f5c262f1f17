import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExplanations, readDescriptions } from '../../cli/descriptions';
import { InputError } from '../../matching/errors';
import { scratchFolder } from '../sae/support';
import { EXAMPLE } from '../support/small-model';

const folder = scratchFolder();
const write = (layer: number, ...lines: string[]): void => {
  writeFileSync(join(folder, `layer_${layer}.jsonl`), lines.join('\n'));
};

describe('descriptions of features', () => {
  it('are found by layer and feature, whether an index is a number or a text', () => {
    write(0, '{"index": 3, "description": "cats"}', '', '{"index": "12", "description": " dogs \\n"}');
    write(1, '{"index": 3, "description": "ships"}');
    const descriptions = readDescriptions(folder);
    expect([descriptions.of(0, 3), descriptions.of(0, 12), descriptions.of(1, 3)]).toEqual(['cats', 'dogs', 'ships']);
  });

  it('are null where there is none: no folder, no file, no line', () => {
    expect(readDescriptions(null).of(0, 3)).toBeNull();
    expect(readDescriptions(folder).of(7, 3)).toBeNull();
    expect(readDescriptions(folder).of(0, 4)).toBeNull();
  });

  it('are the first that is not empty when a feature has several', () => {
    write(
      2,
      '{"index": 0, "description": ""}',
      '{"index": 0, "description": null}',
      '{"index": 0}',
      '{"index": 0, "description": "first"}',
      '{"index": 0, "description": "second"}'
    );
    expect(readDescriptions(folder).of(2, 0)).toBe('first');
  });

  it.each([
    'cats',
    'null',
    '{"description": "no index"}',
    '{"index": null}',
    '{"index": 1.5}',
    '{"index": 1, "description": 5}',
  ])('that cannot be read name file, line, found and expected: %s', (line) => {
    write(3, '{"index": 0, "description": "good"}', line);
    const read = (): unknown => readDescriptions(folder).of(3, 0);
    expect(read).toThrow(InputError);
    const file = join(folder, 'layer_3.jsonl');
    expect(read).toThrow(
      `${file}: line 2: not an explanation (found ${line}, expected {"index": …, "description": …})`
    );
  });

  it('are looked for beside the SAEs', () => {
    expect(findExplanations(folder)).toBeNull();
    mkdirSync(join(folder, 'explanations'));
    expect(findExplanations(folder)).toBe(join(folder, 'explanations'));
  });

  it('of the example are there for features of every layer', () => {
    const descriptions = readDescriptions(findExplanations(EXAMPLE));
    for (let layer = 0; layer < 7; layer++) {
      const described = Array.from({ length: 1024 }, (_, feature) => descriptions.of(layer, feature));
      expect(described.filter((text) => text !== null).length).toBeGreaterThan(500);
    }
  });
});
