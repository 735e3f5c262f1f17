import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { SharedProblem } from '../../matching/engine/shared-problem';
import type { TileKernel, TileProduct } from '../../matching/ports';
import { kindOf } from '../ort-device';
import type { OrtDevice } from '../ort-device';
import { executionProviders } from './execution-provider';
import { columnsSaturate } from './saturation';
import { encodeTileModel } from './tile-model';

/** Products of tiles by onnxruntime on one device. Runs block their thread: use it off the event loop. */
export function createOrtTileKernel(device: OrtDevice): TileKernel {
  return {
    device: kindOf(device),
    open: async (problem) => {
      const unsigned = problem.arithmetic.kind === 'integer' && (await columnsSaturate(device));
      const session = await InferenceSession.create(encodeTileModel(problem, unsigned), {
        executionProviders: executionProviders(device),
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
        // The memory of a session is bounded by its fixed outputs; an arena would keep what loading took.
        enableCpuMemArena: false,
      });
      return new OrtTileProduct(problem, session);
    },
  };
}

class OrtTileProduct implements TileProduct {
  readonly values: Float32Array;
  readonly blockLargest: Float32Array;
  readonly halves: Uint16Array | null;
  private readonly outputs: Record<string, Tensor>;
  private readonly shape: readonly number[];

  constructor(
    problem: SharedProblem,
    private readonly session: InferenceSession
  ) {
    const { tileRows, paddedColumns, blocks, width, storage } = problem;
    this.shape = [tileRows, width];
    this.values = new Float32Array(tileRows * paddedColumns);
    this.blockLargest = new Float32Array(tileRows * blocks);
    this.halves = storage === 'half' ? new Uint16Array(tileRows * paddedColumns) : null;
    this.outputs = {
      values: new Tensor('float32', this.values, [tileRows, paddedColumns]),
      block_largest: new Tensor('float32', this.blockLargest, [tileRows, blocks]),
      ...(this.halves !== null && { halves: new Tensor('float16', this.halves, [tileRows, paddedColumns]) }),
    };
  }

  async multiply(codes: Float32Array | Uint8Array): Promise<void> {
    const rows =
      codes instanceof Uint8Array ? new Tensor('uint8', codes, this.shape) : new Tensor('float32', codes, this.shape);
    await this.session.run({ rows }, this.outputs);
  }

  close(): void {
    void this.session.release();
  }
}
