import { gridOf, overlay } from '../../workflows/pair-grid';

it('has a letter for each planned pair, by its layers', () => {
  const grid = gridOf(
    [
      [3, 7],
      [9, 3],
    ],
    (source) => (source === 3 ? 'd' : 'f'),
    [3, 7, 9],
    (layer) => (layer === 7 ? 'c' : 'w')
  );
  expect(grid).toEqual({ layers: [3, 7, 9], folds: 'wcw', rows: ['.d.', '...', 'f..'] });
});

it('takes the states that another knows of some of its layers, and keeps the others', () => {
  const run = { layers: [0, 1, 2, 3], folds: 'dddd', rows: ['.www', '..ww', '...f', '....'] };
  const block = { layers: [1, 3], folds: 'ww', rows: ['.r', '..'] };
  expect(overlay(run, block)).toEqual({ ...run, rows: ['.www', '..wr', '...f', '....'] });
  expect(overlay(run, { layers: [7, 8], folds: 'ww', rows: ['.d', '..'] })).toEqual(run);
});
