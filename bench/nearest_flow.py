"""OR-tools: matching on the nearest neighbours alone, as a flow of least cost.

A flow of 1 leaves each source feature and may enter each target feature; edges go from every source feature to the 256
targets that are nearest to it by float32 similarity. Not every feature can be matched on such a graph, so the largest
flow is asked for, and among those the cheapest (`solve_max_flow_with_min_cost`): features stay out only where the graph
forces it. The alternative, an edge of high cost for each feature that stays out, gives the same optimum once its cost
exceeds every cycle, and needs larger integers.

Costs must be integers: each is rounded to a 1e-9th of the largest, which is finer than the float32 of the similarities.
"""

import time

import numpy as np

NEIGHBOURS = 256
STEPS = 1e9
# Similarities held at once.
STRIP_VALUES = 2**27


def match_nearest(a, b):
    """Times; and the target of each source feature, -1 where it stays out."""
    from ortools.graph.python import min_cost_flow

    began = time.perf_counter()
    heads, costs = nearest(a, b, min(NEIGHBOURS, len(b)))
    tails = np.repeat(np.arange(len(a), dtype=np.int32), heads.shape[1])
    scale = STEPS / max(float(costs.max()), np.finfo(np.float32).tiny)
    whole = np.rint(costs.astype(np.float64) * scale).astype(np.int64)
    built = time.perf_counter()
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        tails, (heads + len(a)).ravel().astype(np.int32), np.ones(len(tails), np.int64), whole.ravel()
    )
    supply = np.concatenate([np.ones(len(a), np.int64), -np.ones(len(b), np.int64)])
    flow.set_nodes_supplies(np.arange(len(supply), dtype=np.int32), supply)
    status = flow.solve_max_flow_with_min_cost()
    used = np.flatnonzero(flow.flows(arcs))
    ended = time.perf_counter()
    if status != flow.OPTIMAL:
        raise SystemExit(f"OR-tools ended with status {status}")
    matched = np.full(len(a), -1, np.int32)
    matched[tails[used]] = heads.ravel()[used]
    return {"seconds": ended - began, "solver": ended - built}, matched


def nearest(a, b, count):
    """The nearest targets of each source feature and what matching it to them costs, by float32 similarity."""
    norms_a, norms_b = (a**2).sum(1), (b**2).sum(1)
    heads = np.empty((len(a), count), np.int32)
    costs = np.empty((len(a), count), np.float32)
    rows = max(1, STRIP_VALUES // len(b))
    for at in range(0, len(a), rows):
        strip = slice(at, at + rows)
        distance = a[strip] @ b.T
        distance *= -2
        distance += norms_b
        best = np.argpartition(distance, count - 1, axis=1)[:, :count]
        heads[strip] = best
        costs[strip] = np.maximum(0, np.take_along_axis(distance, best, 1) + norms_a[strip, None])
    return heads, costs
