"""Reads the exports of a run with numpy, networkx and safetensors, and compares them with its tables and SAEs.

    python read-exports.py RUN_FOLDER EXPORTS

EXPORTS holds matchings.json, npy/, chains.graphml, groups.json and splice/. Uses nothing of sae-match. Ends with 1 and says what
differs.
"""

import hashlib
import json
import pathlib
import sys

import networkx as nx
import numpy as np
import pyarrow.parquet as pq
from safetensors import safe_open
from safetensors.numpy import load_file


def main(run, exports):
    manifest = json.loads((run / "manifest.json").read_text())
    saes = {layer["layer"]: read_sae(layer) for layer in manifest["inputs"]}
    tables = {}
    for pair in manifest["pairs"]:
        source, target = pair["source_layer"], pair["target_layer"]
        if pair["status"] == "done":
            folder = f"source={source:02}/target={target:02}"
            tables[source, target] = pq.read_table(run / "matches" / folder / "matches.parquet").to_pydict()
    check_json(json.loads((exports / "matchings.json").read_text()), tables, saes)
    check_npy(exports / "npy", tables)
    chains = pq.read_table(run / "chains.parquet").to_pylist()
    check_graph(nx.read_graphml(exports / "chains.graphml"), chains)
    check_groups(json.loads((exports / "groups.json").read_text()), chains)
    check_splice(exports / "splice", tables, saes)


def read_sae(layer):
    folder = pathlib.Path(layer["path"].split("#")[0])
    hashes = [file["sha256"] for file in layer["files"]]
    return {**np.load(folder / layer["files"][0]["path"]), "hashes": hashes}


def check_json(found, tables, saes):
    equal(found["schema"], "sae-match/export@1")
    equal([(pair["source_layer"], pair["target_layer"]) for pair in found["pairs"]], list(tables))
    for pair in found["pairs"]:
        table = tables[pair["source_layer"], pair["target_layer"]]
        a, b = (unit(saes[pair[f"{side}_layer"]]["W_dec"]) for side in ("source", "target"))
        equal(pair["target_feature"], table["target_feature"])
        equal((pair["source_features"], pair["target_features"]), (len(a), len(b)))
        equal(pair["matched"], sum(j is not None for j in table["target_feature"]))
        cosines = [None if j is None else float(a[i] @ b[j]) for i, j in enumerate(table["target_feature"])]
        close(pair["cosine"], cosines)
        close([pair["mean_abs_cosine"]], [np.mean([abs(cosine) for cosine in cosines if cosine is not None])])
        # As many digits as tell float32 numbers apart.
        stored = [None if cosine is None else np.float32(cosine) for cosine in table["decoder_cosine"]]
        equal([None if cosine is None else np.float32(cosine) for cosine in pair["cosine"]], stored)
        every = np.abs(a @ b.T)
        random = pair["random"]
        equal(random["pairs"], min(len(a), len(b), 1024))
        error = every.std() / np.sqrt(random["pairs"])
        require(abs(random["mean"] - every.mean()) < 4 * error, f"random pairs: {random['mean']}, all: {every.mean()}")
        drawn = [drawn_features(saes[pair[f"{side}_layer"]]) for side in ("source", "target")]
        values = [every[i, j] for i, j in zip(drawn[0][: random["pairs"]], np.roll(drawn[1][: random["pairs"]], -1))]
        close([random["mean"], random["standard_deviation"]], [np.mean(values), np.std(values, ddof=1)])
        require(pair["mean_abs_cosine"] > random["mean"] + 10 * error, "no better than chance")


def drawn_features(sae):
    """The features of an SAE in the random order that follows from the hashes of its files."""
    made = json.dumps({"algorithm": 1, "inputs": sae["hashes"], "kind": "random-cosines"}, separators=(",", ":"))
    below = random_numbers(hashlib.sha256(made.encode()).hexdigest())
    features = list(range(len(sae["W_dec"])))
    for k in range(min(1024, len(features))):
        other = k + below(len(features) - k)
        features[k], features[other] = features[other], features[k]
    return features


def random_numbers(seed):
    """sfc32 of PractRand; returns a function that gives whole numbers below a limit."""
    state = [int(seed[8 * word : 8 * word + 8], 16) for word in range(4)]

    def following():
        a, b, c, counter = state
        value = (a + b + counter) % 2**32
        state[:] = [
            b ^ (b >> 9),
            (c + (c << 3)) % 2**32,
            (((c << 21) | (c >> 11)) % 2**32 + value) % 2**32,
            (counter + 1) % 2**32,
        ]
        return value

    def below(limit):
        while True:
            value = following()
            if value < 2**32 // limit * limit:
                return value % limit

    for _ in range(16):
        following()
    return below


def check_npy(folder, tables):
    index = json.loads((folder / "permutations.json").read_text())
    equal([(pair["source_layer"], pair["target_layer"]) for pair in index["pairs"]], list(tables))
    for pair, table in zip(index["pairs"], tables.values()):
        permutation = np.load(folder / pair["file"])
        equal((permutation.dtype, permutation.flags.c_contiguous), (np.dtype("<i8"), True))
        equal(permutation.tolist(), [-1 if j is None else j for j in table["target_feature"]])


def check_graph(graph, chains):
    equal(graph.graph["schema"], "sae-match/chains-graph@1")
    json.loads(graph.graph["provenance"])
    equal(len(graph), len(chains))
    steps = 0
    for row, after in zip(chains, chains[1:] + [None]):
        node = f"{row['layer']}:{row['feature']}"
        equal(graph.nodes[node], {name: row[name] for name in ("layer", "feature", "chain_id")})
        if row["step_cost"] is None:
            equal(graph.out_degree(node), 0)
            continue
        steps += 1
        edge = graph.edges[node, f"{after['layer']}:{after['feature']}"]
        equal(edge, {"cost": row["step_cost"], "cosine": row["step_cosine"]})
    equal(graph.number_of_edges(), steps)
    # The groups of nodes that hang together are the chains.
    components = nx.number_weakly_connected_components(graph)
    equal(components, len({row["chain_id"] for row in chains}))


def check_groups(found, chains):
    by_chain = {}
    for row in chains:
        by_chain.setdefault(row["chain_id"], []).append(row)
    wanted = [
        {
            "chain_id": chain,
            "nodes": [{"layer": row["layer"], "feature": row["feature"]} for row in rows],
            "smallest": np.float32(min(row["step_cosine"] for row in rows[:-1])),
        }
        for chain, rows in by_chain.items()
        if len(rows) > 1
    ]
    groups = [
        {"chain_id": group["chain_id"], "nodes": group["nodes"], "smallest": np.float32(group["smallest_cosine"])}
        for group in found["groups"]
    ]
    equal(groups, wanted)


def check_splice(folder, tables, saes):
    index = json.loads((folder / "splice.json").read_text())
    tensors = load_file(folder / index["tensors"])
    with safe_open(folder / index["tensors"], "np") as opened:
        equal(opened.metadata(), {"schema": index["schema"], "convention": index["convention"]})
    equal(len(tensors), 2 * len(tables))
    for pair in index["pairs"]:
        source, target = pair["source_layer"], pair["target_layer"]
        permutation, factor = tensors[pair["permutation"]], tensors[pair["factor"]]
        equal((permutation.dtype, factor.dtype), (np.int32, np.float32))
        wanted = [-1 if j is None else j for j in tables[source, target]["target_feature"]]
        equal(permutation.tolist(), wanted)
        thetas = [saes[layer]["threshold"].astype(np.float64) for layer in (source, target)]
        ratios = [0 if j < 0 else thetas[1][j] / thetas[0][i] for i, j in enumerate(wanted)]
        equal(factor.tolist(), np.float32(ratios).tolist())
        equal(pair["matched"], sum(j >= 0 for j in wanted))
    for layer in index["layers"]:
        weights = load_file(folder / layer["weights"])
        sae = saes[layer["layer"]]
        for name in ("W_enc", "b_enc", "W_dec", "b_dec", "threshold"):
            wanted = sae[name].T if name == "W_enc" else sae[name]
            equal(weights[name].tolist(), wanted.astype(np.float32).tolist())


def unit(rows):
    rows = rows.astype(np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def close(found, wanted):
    equal([value is None for value in found], [value is None for value in wanted])
    pairs = [(a, b) for a, b in zip(found, wanted) if a is not None]
    worst = max(abs(a - b) for a, b in pairs)
    require(worst < 1e-6, f"off by {worst}")


def equal(found, wanted):
    require(found == wanted, f"found {str(found)[:200]}, expected {str(wanted)[:200]}")


def require(holds, message):
    if not holds:
        raise AssertionError(message)


main(*map(pathlib.Path, sys.argv[1:]))
