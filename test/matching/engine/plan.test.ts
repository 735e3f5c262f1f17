import { createReferenceKernel } from '../../../kernels/reference-kernel';
import { createLocalDevice } from '../../../matching/engine/local-tiles';
import { memoryRange, planShape } from '../../../matching/engine/plan';
import { MemoryBudgetError } from '../../../matching/errors';
import type { Features } from '../../../matching/features';
import { allocateRows } from '../../../matching/row-matrix';

const device = createLocalDevice('javascript', createReferenceKernel);
const COUNT = 2048;
const features: Features = {
  count: COUNT,
  parts: [{ name: 'decoder', weight: 1, rows: allocateRows(Float32Array, COUNT, 16) }],
  excluded: new Uint8Array(COUNT),
};

describe('the plan of a pair', () => {
  it('keeps less the less memory there is, says what and why, and refuses at last', () => {
    const told = new Map<string, string>();
    let refused = 0;
    for (let memory = 2 ** 27; memory > 2 ** 20; memory *= 0.97) {
      try {
        const { shape, reason } = planShape(features, features, memory, device);
        told.set(shape.storage, reason);
        expect(refused).toBe(0);
      } catch (error) {
        expect(error).toBeInstanceOf(MemoryBudgetError);
        refused += 1;
      }
    }
    expect([...told.keys()]).toEqual(['float32', 'best', 'streamed']);
    expect(refused).toBeGreaterThan(0);
    expect(told.get('float32')).toMatch(/^similarities are kept in float32: it takes \d+ of \d+ MiB$/);
    for (const less of ['best', 'streamed']) {
      expect(told.get(less)).toMatch(/it takes \d+ of \d+ MiB; keeping them all would take \d+ MiB$/);
    }
  });

  it('is known from the size alone: the least memory it works in, and the most it makes use of', () => {
    const { least, most } = memoryRange({ rows: COUNT, columns: COUNT, width: 16 }, device);
    expect(planShape(features, features, most, device).shape.storage).toBe('float32');
    expect(planShape(features, features, most - 1, device).shape.storage).not.toBe('float32');
    expect(planShape(features, features, least, device).shape.storage).toBe('streamed');
    expect(() => planShape(features, features, least - 1, device)).toThrow(MemoryBudgetError);
  });
});
