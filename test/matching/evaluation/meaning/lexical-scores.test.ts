import fc from 'fast-check';
import { wordsOf } from '../../../../matching/evaluation/meaning/description-words';
import { LexicalScores } from '../../../../matching/evaluation/meaning/lexical-scores';

/** The same by vectors over all words, one number each. */
function cosineOf(a: string, b: string, all: readonly string[]): number | null {
  const bags = all.map((text) => [...wordsOf(text)]).filter((words) => words.length > 0);
  const vocabulary = [...new Set(bags.flat())];
  const vector = (text: string): number[] =>
    vocabulary.map((word) => {
      const having = bags.filter((bag) => bag.includes(word)).length;
      return wordsOf(text).has(word) ? Math.log((1 + bags.length) / (1 + having)) + 1 : 0;
    });
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, k) => sum + value * y[k]!, 0);
  const [x, y] = [vector(a), vector(b)];
  const norms = Math.sqrt(dot(x, x)) * Math.sqrt(dot(y, y));
  return norms === 0 ? null : dot(x, y) / norms;
}

const word = fc.constantFrom(
  'the',
  'of',
  'month',
  'Month',
  'dates',
  'ß',
  '##ing',
  ';',
  '7',
  '__proto__',
  'constructor'
);
const description = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '));
const layer = fc.array(fc.option(description), { minLength: 1, maxLength: 6 });

describe('the words of a description', () => {
  it.each([
    ['scheme, Schemes; SCHEME', ['scheme', 'schemes']],
    ['##ing (as in: go[ing])', ['ing', 'as', 'in', 'go']],
    ['naïve ﬁne', ['naïve', 'fine']],
    ['month/12', ['month', '12']],
    [' ; ?; ', [';', '?']],
    ['“ \u{1F600}', ['“', '\u{1F600}']],
    ['', []],
  ])('of %j are %j', (text, words) => {
    expect([...wordsOf(text)]).toEqual(words);
  });
});

describe('lexical scores', () => {
  it('are the cosines of vectors with a number for every word', () => {
    fc.assert(
      fc.property(layer, layer, (source, target) => {
        const scores = new LexicalScores(source, target);
        const all = [...source, ...target].filter((text) => text !== null);
        source.forEach((a, i) => {
          target.forEach((b, j) => {
            const expected = a === null || b === null ? null : cosineOf(a, b, all);
            const found = scores.of(i, j);
            if (expected === null) expect(found).toBeNull();
            else expect(found).toBeCloseTo(expected, 12);
          });
        });
      })
    );
  });

  it('are 1 for the same words in any order and case, 0 for none in common, else between, the same both ways', () => {
    fc.assert(
      fc.property(layer, layer, (source, target) => {
        const [there, back] = [new LexicalScores(source, target), new LexicalScores(target, source)];
        source.forEach((a, i) => {
          target.forEach((b, j) => {
            const score = there.of(i, j);
            if (a === null || b === null || score === null) return;
            expect(back.of(j, i)).toBeCloseTo(score, 12);
            const [x, y] = [wordsOf(a), wordsOf(b)];
            const common = [...x].filter((one) => y.has(one)).length;
            expect(score === 1).toBe(common === x.size && common === y.size);
            expect(score === 0).toBe(common === 0);
            expect(score).toBeGreaterThanOrEqual(0);
            expect(score).toBeLessThanOrEqual(1);
          });
        });
      })
    );
  });

  it('count a rare word in common for more than one that most descriptions have', () => {
    const source = ['the month', 'the dog', 'the cat', 'the sea'];
    const scores = new LexicalScores(source, ['a month', 'the fish', 'the end', 'the lamp']);
    expect(scores.of(0, 0)).toBeGreaterThan(scores.of(0, 1)!);
  });
});
