import { parseYaml } from '../../../sae/sources/parse-yaml';

const aliases = Array.from('bcdefghij', (name, at) => {
  const before = 'abcdefghi'[at]!;
  return `${name}: &${name} [${`*${before},`.repeat(9)}]`;
});

describe('a configuration in YAML', () => {
  it('is what it says', () => {
    expect(parseYaml('hook: mlp.hook_in\nlayers:\n- {a: [1, 2]}\n')).toEqual({
      hook: 'mlp.hook_in',
      layers: [{ a: [1, 2] }],
    });
  });

  it('tells the line of what is wrong', () => {
    expect(() => parseYaml('a: 1\nb: "x\n')).toThrow(/line 3/);
  });

  // Of these lists the parser's own end is the end of the process.
  it.each([
    ['brackets', '['.repeat(2000)],
    ['braces', '{a: '.repeat(2000)],
    ['dashes', '- '.repeat(2000)],
    ['indents', Array.from({ length: 200 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['keys', '? '.repeat(2000)],
  ])('is refused for more levels of %s than any has', (_, text) => {
    expect(() => parseYaml(text)).toThrow(/64 levels/);
  });

  it('is refused for a length that would take minutes', () => {
    expect(() => parseYaml('- a\n'.repeat(100_000))).toThrow(/400000 characters/);
  });

  it('is refused for aliases that unfold to billions', () => {
    expect(() => parseYaml(`a: &a [x]\n${aliases.join('\n')}\n`)).toThrow(/alias/);
  });

  it('prints no warning of its own', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    parseYaml('%unknown 1\n--- a\n');
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});
