"""python bench/peers.py gemm|scipy|ortools REQUEST

gemm: S = A @ B.T in float32 into a preallocated array, by numpy: the floor of every dense method.
scipy: the matrix of costs in float64 by numpy, and scipy's linear_sum_assignment.
ortools: see nearest_flow.py.

REQUEST is JSON: source, target (float32 files), sources, targets, width, matching (int32 file: ours, to compare with).
Prints one line of JSON.
"""

import json
import platform
import resource
import sys
import time

import numpy as np

# Results larger than this are computed in strips of rows into one buffer of a quarter of it: the same flops.
LARGEST_RESULT = 4e9


def main():
    peer, request = sys.argv[1], json.loads(sys.argv[2])
    began = time.perf_counter()
    a = np.fromfile(request["source"], np.float32).reshape(request["sources"], request["width"])
    b = np.fromfile(request["target"], np.float32).reshape(request["targets"], request["width"])
    reading = time.perf_counter() - began
    ours = np.fromfile(request["matching"], np.int32)
    result = {"gemm": gemm, "scipy": scipy, "ortools": ortools}[peer](a, b, ours)
    result["loading"] = reading
    result["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    result["versions"] = versions()
    print(json.dumps(result))


def gemm(a, b, _):
    rows = len(a)
    if 4 * len(a) * len(b) > LARGEST_RESULT:
        rows = max(1, int(LARGEST_RESULT / 4 / (4 * len(b))))
    out = np.empty((rows, len(b)), np.float32)
    out[:] = 0  # the pages are there before the clock starts
    began = time.perf_counter()
    for at in range(0, len(a), rows):
        strip = a[at : at + rows]
        np.matmul(strip, b.T, out=out[: len(strip)])
    return {"seconds": time.perf_counter() - began, "strip": rows if rows < len(a) else None}


def scipy(a, b, ours):
    from scipy.optimize import linear_sum_assignment

    a, b = a.astype(np.float64), b.astype(np.float64)
    began = time.perf_counter()
    # In place: the matrix is there once.
    cost = a @ b.T
    cost *= -2
    cost += (a**2).sum(1)[:, None]
    cost += (b**2).sum(1)
    solving = time.perf_counter()
    rows, columns = linear_sum_assignment(cost)
    ended = time.perf_counter()
    difference = abs(excess(objective(a, b, ours), ((a[rows] - b[columns]) ** 2).sum(), a, b))
    return {"seconds": ended - began, "solver": ended - solving, "difference": difference}


def ortools(a, b, ours):
    from nearest_flow import match_nearest

    result, matched = match_nearest(a, b)
    a, b = a.astype(np.float64), b.astype(np.float64)
    result["unmatched"] = 1 - (matched >= 0).sum() / min(len(a), len(b))
    result["loss"] = excess(objective(a, b, complete(a, b, matched)), objective(a, b, ours), a, b)
    return result


def complete(a, b, matched):
    """Matches what was left out in the best way among itself: the least that a whole matching then costs."""
    from scipy.optimize import linear_sum_assignment

    left = np.flatnonzero(matched < 0)
    free = np.setdiff1d(np.arange(len(b)), matched)
    cost = (a[left] ** 2).sum(1)[:, None] + (b[free] ** 2).sum(1) - 2 * (a[left] @ b[free].T)
    rows, columns = linear_sum_assignment(cost)
    matched = matched.copy()
    matched[left[rows]] = free[columns]
    return matched


def objective(a, b, matched):
    rows = np.flatnonzero(matched >= 0)
    return ((a[rows] - b[matched[rows]]) ** 2).sum()


def excess(objective, reference, a, b):
    """How much larger, relative to the reference; to all norms where the reference is 0 but for rounding."""
    scale = (a**2).sum() + (b**2).sum()
    return float((objective - reference) / (reference if reference > 1e-9 * scale else scale))


def versions():
    from importlib.metadata import version

    from threadpoolctl import threadpool_info

    blas = [lib for lib in threadpool_info() if lib["user_api"] == "blas"]
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": version("scipy"),
        "ortools": version("ortools"),
        # Two libraries, numpy's and scipy's, once the latter is loaded; the products are numpy's.
        "blas": ", ".join(
            f"{lib['internal_api']} {lib['version']}, kernel {lib['architecture']}, {lib['num_threads']} threads"
            for lib in blas
            if "numpy" in lib["filepath"]
        ),
    }


main()
