"""Reads the results of a run of sae-match with pandas, polars and DuckDB.

    python examples/read_results.py FOLDER

FOLDER is a run's folder, <out>/runs/<run id>, or <out> itself, which stands for the newest run in it. Prints the same
summary from each of the three and stops when they differ; the last part shows how a notebook would use one pair. Copy the
function for the library you like.
"""

import json
import math
import pathlib
import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl


def main(folder):
    run = find_run(folder)
    print(f"run {run}")
    summaries = {"pandas": with_pandas(run), "polars": with_polars(run), "DuckDB": with_duckdb(run)}
    for library, (pairs, chains) in summaries.items():
        print(f"\n{library}")
        for source, target, features, matched, mutual, cost, cosine in pairs:
            print(
                f"  layer {source} to {target}: {matched} of {features} features matched, {mutual} mutual nearest, "
                f"mean cost {cost:.6f}, median decoder cosine {cosine:.4f}"
            )
        for layers, count in chains:
            print(f"  {count} chains over {layers} layers")
    reference = summaries["pandas"]
    for library, summary in summaries.items():
        assert same(summary, reference), f"{library} and pandas differ"
    print("\nall three agree")
    in_a_notebook(run)


# Each returns the pairs as (source, target, features, matched, mutual nearest, mean cost, median decoder cosine), sorted,
# and the chains as (layers, count), sorted. Null costs and cosines (unmatched features) are left out of means and medians.


def with_pandas(run):
    # Nullable types keep integers that have nulls integers. `source` and `target` come from the names of the folders.
    matches = pd.read_parquet(run / "matches", dtype_backend="numpy_nullable")
    groups = matches.groupby(["source_layer", "target_layer"])
    pairs = groups.agg(
        features=("source_feature", "size"),
        matched=("target_feature", "count"),
        mutual=("mutual_nearest", "sum"),
        cost=("cost", "mean"),
        cosine=("decoder_cosine", "median"),
    )
    chains = pd.read_parquet(run / "chains.parquet", dtype_backend="numpy_nullable")
    lengths = chains.groupby("chain_id").size().value_counts().sort_index()
    return [tuple(row) for row in pairs.reset_index().itertuples(index=False)], list(lengths.items())


def with_polars(run):
    pairs = (
        pl.scan_parquet(run / "matches", hive_partitioning=True)
        .group_by("source_layer", "target_layer")
        .agg(
            features=pl.len(),
            matched=pl.col("target_feature").count(),
            mutual=pl.col("mutual_nearest").sum(),
            cost=pl.col("cost").mean(),
            cosine=pl.col("decoder_cosine").median(),
        )
        .sort("source_layer", "target_layer")
        .collect()
    )
    chains = (
        pl.scan_parquet(run / "chains.parquet")
        .group_by("chain_id")
        .agg(layers=pl.len())
        .group_by("layers")
        .agg(count=pl.len())
        .sort("layers")
        .collect()
    )
    return pairs.rows(), chains.rows()


def with_duckdb(run):
    pairs = duckdb.execute(
        """
        SELECT source_layer, target_layer, count(*), count(target_feature), count_if(mutual_nearest),
               avg(cost), median(decoder_cosine)
        FROM read_parquet(?, hive_partitioning = true)
        GROUP BY ALL ORDER BY ALL
        """,
        [str(run / "matches" / "**" / "*.parquet")],
    ).fetchall()
    chains = duckdb.execute(
        """
        SELECT layers, count(*)
        FROM (SELECT chain_id, count(*) AS layers FROM read_parquet(?) GROUP BY chain_id)
        GROUP BY layers ORDER BY layers
        """,
        [str(run / "chains.parquet")],
    ).fetchall()
    return pairs, chains


def in_a_notebook(run):
    """One pair as arrays, and activations carried from the source layer to the target layer."""
    folder = min((run / "matches").glob("source=*/target=*")).relative_to(run / "matches")
    matches = pd.read_parquet(run / "matches" / folder / "matches.parquet")
    targets = pd.read_parquet(run / "targets" / folder / "targets.parquet")

    target_feature = matches["target_feature"].fillna(-1).to_numpy(int)  # [source features], -1: unmatched
    source_feature = targets["source_feature"].fillna(-1).to_numpy(int)  # [target features], its inverse

    # The permutation scatters: activation i of the source layer becomes activation target_feature[i] of the target layer.
    f = np.random.default_rng(0).random(len(target_feature))  # put activations of the source SAE here
    f_hat = np.zeros(len(source_feature))
    matched = target_feature >= 0
    f_hat[target_feature[matched]] = f[matched]

    # The same by a gather needs the inverse. f[target_feature] would be wrong.
    assert np.array_equal(f_hat, np.where(source_feature >= 0, f[source_feature], 0))

    best = matches.nlargest(3, "decoder_cosine")
    print(f"\nclosest matches of {folder}")
    for row in best.itertuples():
        print(f"  feature {row.source_feature} is feature {int(row.target_feature)}: cosine {row.decoder_cosine:.4f}")


def find_run(folder):
    """The folder of a run: the one given, or the newest below <folder>/runs."""
    if (folder / "chains.parquet").is_file():
        return folder
    manifests = list((folder / "runs").glob("*/manifest.json"))
    if not manifests:
        sys.exit(f"{folder} is not the folder of a finished run and has none in {folder / 'runs'}")
    finished = {path: json.loads(path.read_text())["timings"]["finished"] for path in manifests}
    return max(finished, key=finished.get).parent


def same(left, right):
    """Equal up to the rounding of sums, which each library takes in its own order."""
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    return math.isclose(left, right, rel_tol=1e-6)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
