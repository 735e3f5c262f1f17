import { groupFailures, groupLine } from '../../workflows/group-failures';
import type { ToldFailure } from '../../workflows/group-failures';

const away = (source: number, target: number): ToldFailure => ({
  ...{ what: 'match', layers: [source, target], type: 'UnavailableError', summary: 'the bucket cannot answer now' },
  message: `gs://b/${source}: the bucket cannot answer now (found HTTP status 503)`,
});
const broken: ToldFailure = { what: 'read', layers: [4], type: 'InputError', message: '/saes/4: the file is empty' };

describe('failures', () => {
  it('of one cause are told together, those with most of them first', () => {
    const groups = groupFailures([broken, away(0, 1), away(1, 2), away(0, 2)]);
    expect(groups.map(({ what, where }) => [what, where])).toEqual([
      ['match', ['0:1', '1:2', '0:2']],
      ['read', ['4']],
    ]);
    expect(groups.map(groupLine)).toEqual([
      `match 0:1, 1:2, 0:2: the bucket cannot answer now; the first: ${away(0, 1).message}`,
      'read 4: /saes/4: the file is empty',
    ]);
  });

  it('of different causes are not', () => {
    const other = { ...away(0, 1), type: 'EnvironmentError' };
    expect(groupFailures([away(0, 1), other, { ...away(0, 1), what: 'fold', layers: [0] }])).toHaveLength(3);
  });

  it('of many places name the first of them', () => {
    const [group] = groupFailures(Array.from({ length: 30 }, (_, layer) => away(layer, layer + 1)));
    expect(groupLine(group!)).toContain('match 0:1, 1:2, 2:3, 3:4, 4:5, 5:6, 6:7, 7:8 and 22 more: ');
  });

  it('of no place are those of the whole run', () => {
    const compose: ToldFailure = { what: 'compose', layers: [], type: 'Error', message: 'no room' };
    expect(groupFailures([compose]).map(groupLine)).toEqual(['compose: no room']);
  });
});
