"""Work out anew what `sae-match evaluate` says of a run, with numpy and scipy and without any of its code.

    python examples/evaluate.py RUN_FOLDER [--source FOLDER]

RUN_FOLDER is <out>/runs/<run id>; --source says where the SAEs are now, if they have moved. Reads Gemma Scope SAEs
(params.npz) that were matched by their decoder rows. Needs numpy, scipy and pyarrow. Prints the largest relative difference
of every figure of every method, and fails when one is above 1e-6. Of the random choice only the number of features is
compared: its draw is its own, so its figures are compared with their expectation, to 5 standard errors.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import pyarrow.parquet as pq
from scipy.optimize import linear_sum_assignment

TOLERANCE = 1e-6
PARTS = ["decoder", "encoder", "bias"]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--source", help="where the SAEs of the run are now")
    args = parser.parse_args()
    manifest = json.loads((args.folder / "evaluation" / "manifest.json").read_text())
    options = manifest["options"]
    if options["weights"] != "decoder" or "metric" in options or "unmatched" in options:
        sys.exit("this script works out runs of decoder rows, with all features matched")
    layers = {layer["layer"]: read_layer(layer, args.source) for layer in manifest["inputs"]}
    rows = pq.read_table(args.folder / "evaluation" / "methods.parquet").to_pylist()
    worst = max(compare(row, layers, options["fold"]) for row in rows)
    print(f"{len(rows)} rows, largest relative difference {worst:.1e}")
    sys.exit(0 if worst <= TOLERANCE else 1)


def read_layer(layer, source):
    """The tensors of an SAE, features first, folded and as stored; see Eq. 4 of arXiv 2410.07656."""
    file = pathlib.Path(source or layer["path"].split("#")[0]) / layer["header"]["path"] / "params.npz"
    if not file.exists():
        file = pathlib.Path(source or layer["path"].split("#")[0]) / layer["files"][0]["path"]
    npz = np.load(file)
    stored = {"decoder": npz["W_dec"], "encoder": npz["W_enc"].T, "bias": npz["b_enc"][:, None]}
    stored = {name: value.astype(np.float64) for name, value in stored.items()}
    theta = npz["threshold"].astype(np.float64)
    included = theta > 0
    safe = np.where(included, theta, 1)[:, None]
    folded = {"decoder": stored["decoder"] * safe, "encoder": stored["encoder"] / safe, "bias": stored["bias"] / safe}
    # Rows are worked out in float64 and kept in float32.
    folded = {name: value.astype(np.float32).astype(np.float64) for name, value in folded.items()}
    return {"stored": stored, "folded": folded, "included": included}


def compare(row, layers, fold):
    source, target = layers[row["source_layer"]], layers[row["target_layer"]]
    kind = "folded" if fold else "stored"
    rows, columns = np.flatnonzero(source["included"]), np.flatnonzero(target["included"])
    method = row["method"]
    if method == "random":
        return compare_random(row, source, target, kind, rows, columns)
    i, j = choose(method, source, target, kind, rows, columns)
    expected = {"features": len(i), "distinct_targets": len(set(j)), **figures(source, target, kind, i, j)}
    return max(difference(row, name, value) for name, value in expected.items())


def choose(method, source, target, kind, rows, columns):
    """Source and target features that a method puts together."""
    if method.startswith("matched_"):
        return matched(method, source, target, kind, rows, columns)
    cost = squared_distances(source[kind]["decoder"][rows], target[kind]["decoder"][columns])
    if method == "identity":
        both = np.intersect1d(rows, columns)
        return both, both
    if method == "nearest":
        return rows, columns[cost.argmin(axis=1)]
    if method == "mutual_nearest":
        nearest, back = cost.argmin(axis=1), cost.argmin(axis=0)
        mutual = back[nearest] == np.arange(len(rows))
        return rows[mutual], columns[nearest[mutual]]
    if method == "greedy":
        return greedy(cost, rows, columns)
    raise ValueError(method)


def matched(method, source, target, kind, rows, columns):
    """The optimal matching, by the parts and the folding that the method names, else those of the run."""
    kind = {"matched_folded": "folded", "matched_unfolded": "stored"}.get(method, kind)
    parts = {"matched_encoder": ["encoder"], "matched_decoder+encoder": ["decoder", "encoder"], "matched_all": PARTS}
    vectors = [
        np.hstack([layer[kind][part][index] for part in parts.get(method, ["decoder"])])
        for layer, index in ((source, rows), (target, columns))
    ]
    a, b = linear_sum_assignment(squared_distances(*vectors))
    return rows[a], columns[b]


def greedy(cost, rows, columns):
    i, j = [], []
    free_row, free_column = np.ones(len(rows), bool), np.ones(len(columns), bool)
    for place in np.argsort(cost, axis=None, kind="stable"):
        a, b = divmod(place, len(columns))
        if free_row[a] and free_column[b]:
            free_row[a] = free_column[b] = False
            i.append(rows[a])
            j.append(columns[b])
    return np.array(i), np.array(j)


def figures(source, target, kind, i, j):
    a, b = source[kind]["decoder"][i], target[kind]["decoder"][j]
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosine = np.einsum("ij,ij->i", a, b)[norms > 0] / norms[norms > 0]
    result = {"cost_mean": ((a - b) ** 2).sum(axis=1).mean()}
    for part in PARTS:
        squared = (source["folded"][part][i] - target["folded"][part][j]) ** 2
        result[f"folded_mse_{part}"] = squared.mean(axis=1).mean()
    for q in (5, 50, 95):
        result[f"cosine_q{q:02}"] = np.quantile(cosine, q / 100)
    return result


def compare_random(row, source, target, kind, rows, columns):
    count = min(len(rows), len(columns))
    cost = squared_distances(source[kind]["decoder"][rows], target[kind]["decoder"][columns])
    error = cost.std() / np.sqrt(count)
    if row["features"] != count or row["distinct_targets"] != count or abs(row["cost_mean"] - cost.mean()) > 5 * error:
        print(f"{row['source_layer']}:{row['target_layer']} random: {row}")
        return np.inf
    return 0.0


def squared_distances(a, b):
    return (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * a @ b.T


def difference(row, name, expected):
    found = row[name]
    relative = abs(found - expected) / max(abs(expected), 1e-12)
    if relative > TOLERANCE:
        pair = f"{row['source_layer']}:{row['target_layer']}"
        print(f"{pair} {row['method']} {name}: {found}, expected {expected}")
    return relative


if __name__ == "__main__":
    main()
