"""python bench/peers.py gemm|scipy SOURCE TARGET SOURCES TARGETS WIDTH MATCHING

gemm: S = A @ B.T in float32 into a preallocated array, by numpy: the floor of every dense method.
scipy: the same in float64 and linear_sum_assignment; compares its objective with that of MATCHING.
Prints one line of JSON.
"""

import json
import resource
import sys
import time

import numpy as np


def main():
    peer, source, target = sys.argv[1:4]
    sources, targets, width = map(int, sys.argv[4:7])
    a = np.fromfile(source, np.float32).reshape(sources, width)
    b = np.fromfile(target, np.float32).reshape(targets, width)
    result = {"gemm": gemm, "scipy": scipy}[peer](a, b)
    result["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(result))


def gemm(a, b):
    out = np.empty((len(a), len(b)), np.float32)
    out[:] = 0  # the pages are there before the clock starts
    began = time.perf_counter()
    np.matmul(a, b.T, out=out)
    return {"seconds": time.perf_counter() - began}


def scipy(a, b):
    from scipy.optimize import linear_sum_assignment

    a, b = a.astype(np.float64), b.astype(np.float64)
    began = time.perf_counter()
    cost = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * (a @ b.T)
    rows, columns = linear_sum_assignment(cost)
    seconds = time.perf_counter() - began
    objective = ((a[rows] - b[columns]) ** 2).sum()
    ours = np.fromfile(sys.argv[7], np.int32)
    kept = np.flatnonzero(ours >= 0)
    difference = abs(((a[kept] - b[ours[kept]]) ** 2).sum() - objective) / objective
    return {"seconds": seconds, "difference": difference}


main()
