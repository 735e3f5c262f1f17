/** Rows of the benchmark: a pair of synthetic layers each, and the peers that are run on it. */
export const rows = {
  'real-size': { sources: 4096, targets: 4096, width: 384, peers: ['gemm', 'scipy'] },
  rectangular: { sources: 4096, targets: 16384, width: 384, peers: ['gemm', 'scipy'] },
  'paper-size': { sources: 16384, targets: 16384, width: 2304, peers: ['gemm', 'scipy'] },
  'no-structure': { sources: 8192, targets: 8192, width: 512, peers: ['gemm', 'scipy'], planted: false },
  wide: { sources: 65536, targets: 65536, width: 512, peers: [], budget: 4e9 },
};
