import { openFloatProducts } from '../../../kernels/ort/float-products';
import { featuresOf } from '../../../matching/features';
import type { Features } from '../../../matching/features';
import { worstExcess } from '../../../matching/verification/worst-excess';
import type { ExcessInput, OpenScreen } from '../../../matching/verification/worst-excess';
import { featuresFrom, layerFrom, randomNumbers } from '../random-features';

/** Large enough that the screen is used: 3·10⁸ multiply-adds. */
const [N, M, WIDTH] = [720, 700, 640];
const random = randomNumbers(11);
const source = featuresFrom(N, WIDTH, () => random() - 0.5);
const target = featuresFrom(M, WIDTH, (j, k) =>
  j % 3 === 0 ? source.parts[0]!.rows.blocks[0]![j * WIDTH + k]! : random()
);

function inputOf(a: Features, b: Features, raise: number): ExcessInput {
  const normsOf = ({ count, parts }: Features): Float64Array =>
    Float64Array.from({ length: count }, (_, i) =>
      parts.reduce((sum, { rows, weight }) => {
        const { blocks, columns } = rows;
        return sum + weight * blocks[0]!.subarray(i * columns, (i + 1) * columns).reduce((s, x) => s + x * x, 0);
      }, 0)
    );
  const [sourceNorm, targetNorm] = [normsOf(a), normsOf(b)];
  return {
    ...{ source: a, target: b, sourceNorm, targetNorm },
    // Some features are left out on either side.
    sources: Int32Array.from({ length: a.count }, (_, i) => i).filter((i) => i % 7 !== 3),
    targets: Int32Array.from({ length: b.count }, (_, j) => j).filter((j) => j % 5 !== 2),
    u: sourceNorm.map((norm) => raise * norm),
    v: targetNorm.map((norm) => raise * norm),
  };
}

const noScreen: OpenScreen = () => Promise.reject(new Error('no screen is wanted here'));

describe('the excess of rows over their prices', () => {
  // At 0.02 only copies exceed, at 0.9 nearly everything does.
  it.each([0.02, 0.3, 0.9])(
    'is the same with and without a float32 screen, duals at %d of the norms',
    async (raise) => {
      const input = inputOf(source, target, raise);
      const exact = await worstExcess(input, null);
      const screened = await worstExcess(input, openFloatProducts);
      const largest = Math.max(...exact);
      expect(largest).toBeGreaterThan(0);
      screened.forEach((value, i) => {
        expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(1e-12 * (largest + 1));
      });
    }
  );

  it('is the same for parts with weights', async () => {
    const value = (): number => random() - 0.5;
    const options = { part_weights: { decoder: 2.5, encoder: 0.3 } };
    const layers = [
      layerFrom(720, { decoder: 240, encoder: 400 }, value),
      layerFrom(720, { decoder: 240, encoder: 400 }, value),
    ];
    const [a, b] = layers.map((layer) => featuresOf(layer, 'decoder+encoder', options));
    const input = inputOf(a!, b!, 0.9);
    const exact = await worstExcess(input, null);
    const screened = await worstExcess(input, openFloatProducts);
    expect(exact.filter((value) => value > 0).length).toBeGreaterThan(10);
    screened.forEach((value, i) => {
      expect(value).toBeCloseTo(exact[i]!, 9);
    });
  });

  it('does not trust products that are no numbers', async () => {
    const input = inputOf(source, target, 0.02);
    const broken: OpenScreen = async (columns, width, count) => {
      const products = await openFloatProducts(columns, width, count);
      return {
        multiply: async (rows) => (await products.multiply(rows)).map((value, n) => (n % 3 === 0 ? NaN : value)),
        close: () => products.close(),
      };
    };
    const exact = await worstExcess(input, null);
    const screened = await worstExcess(input, broken);
    screened.forEach((value, i) => {
      expect(value).toBeCloseTo(exact[i]!, 9);
    });
  });

  it('computes small problems in float64 alone', async () => {
    const small = featuresFrom(20, 8, () => random());
    const input = inputOf(small, small, 0.5);
    await expect(worstExcess(input, noScreen)).resolves.toHaveLength(20);
  });
});
