"""Print what `sae-match evaluate` says of a run as tables in Markdown, pair by pair of neighbouring layers.

    python examples/tabulate_evaluation.py RUN_FOLDER

RUN_FOLDER is <out>/runs/<run id>. Brackets hold the middle 95 % over samples of the documents. Needs pyarrow.
"""

import pathlib
import sys
from statistics import median

import pyarrow.parquet as pq

from plot_evaluation import name_of, neighbours, read_tables


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    tables = read_tables(folder / "evaluation")
    pairs = pq.read_table(folder / "pairs.parquet").to_pylist()
    by_layer(tables["layers"])
    by_pair("folded MSE of the decoder", tables["methods"], "method", lambda r: scientific(r["folded_mse_decoder"]))
    if "scores" in tables:
        score = lambda r: with_interval(r, "frequent_score")
        by_pair("matching score of frequent features", tables["scores"], "method", score)
        conventions(tables["scores"])
        for decoding in ("plain", "folded"):
            rows = [r for r in tables["reconstructions"] if r["decoding"] in (decoding, None) and r["quantile"] is None]
            by_pair(f"explained variance, {decoding}", rows, "estimate", lambda r: with_interval(r, "explained_variance"))
        quantiles(tables["reconstructions"])
    by_distance(pairs, tables)


def table(title, header, rows):
    print(f"**{title}**\n")
    print("| " + " | ".join(header) + " |")
    print("| " + " | ".join("---" for _ in header) + " |")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def middle(values):
    known = [value for value in values if value is not None]
    return number(median(known)) if known else "-"


def scientific(value):
    return "-" if value is None else f"{value:.2e}"


def number(value, digits=3):
    return "-" if value is None else f"{value:.{digits}f}"


def with_interval(row, column):
    low, high = row[f"{column}_low"], row[f"{column}_high"]
    return number(row[column]) if low is None else f"{number(row[column])} [{number(low)}, {number(high)}]"


def by_layer(rows):
    columns = ["theta_mean", "theta_q05", "theta_q95", "encoder_norm_mean", "hidden_norm_mean", "l0", "explained_variance"]
    shown = [column for column in columns if rows[0][column] is not None]
    lines = [[str(row["layer"]), *(number(row[column]) for column in shown), number(row["never_active"], 0)] for row in rows]
    table("layers", ["layer", *shown, "never active"], lines)


def by_pair(title, rows, name, cell):
    rows = neighbours(rows)
    pairs = list(dict.fromkeys(map(name_of, rows)))
    at = {(row[name], name_of(row)): cell(row) for row in rows}
    names = list(dict.fromkeys(row[name] for row in rows))
    table(title, [name, *pairs], [[f"`{one}`", *(at.get((one, pair), "-") for pair in pairs)] for one in names])


def conventions(rows):
    """Means over the pairs of neighbouring layers of every convention of the matching score."""
    rows = neighbours(rows)
    columns = ["score", "score_micro", "score_reverse", "score_jaccard", "frequent_score"]
    known = lambda values: [value for value in values if value is not None]
    mean = lambda values: sum(known(values)) / len(known(values)) if known(values) else None
    lines = []
    for method in dict.fromkeys(row["method"] for row in rows):
        of = [row for row in rows if row["method"] == method]
        lines.append([f"`{method}`", str(sum(row["features"] for row in of)), *(number(mean([row[c] for row in of])) for c in columns)])
    table("conventions of the matching score, means over pairs", ["method", "features", *columns], lines)


def quantiles(rows):
    rows = [row for row in neighbours(rows) if row["quantile"] is not None and row["decoding"] == "plain"]
    pairs = list(dict.fromkeys(map(name_of, rows)))
    at = {(row["quantile"], name_of(row)): number(row["explained_variance"]) for row in rows}
    shown = sorted({row["quantile"] for row in rows})
    table("quantile matching, explained variance, plain", ["q", *pairs], [[f"{q:.1f}", *(at[q, pair] for pair in pairs)] for q in shown])


def by_distance(pairs, tables):
    """Medians over all pairs of layers of that distance."""
    far = [row for row in pairs if row["composed_agreement"] is not None]
    if not far:
        return
    apart = lambda row: row["target_layer"] - row["source_layer"]
    plain = [r for r in tables.get("reconstructions", []) if r["decoding"] in ("plain", None) and r["quantile"] is None]
    lines = []
    for distance in sorted({apart(row) for row in far}):
        of = [row for row in far if apart(row) == distance]
        around = [row["consistent"] for row in tables["cycles"] if apart(row) == distance]
        explained = lambda name: [r["explained_variance"] for r in plain if r["estimate"] == name and apart(r) == distance]
        values = [explained(name) for name in ("matched_folded", "composed", "copy")]
        lines.append(
            [
                str(distance),
                str(len(of)),
                middle(row["composed_agreement"] for row in of),
                middle(row["composed_extra_cost"] / row["matched_cost"] for row in of if row["matched_cost"]),
                middle(around),
                *map(middle, values),
            ]
        )
    header = ["distance", "pairs", "composed = direct", "extra cost", "by one layer = direct", "EV direct", "EV composed", "EV copy"]
    table("composition by distance, medians", header, lines)


if __name__ == "__main__":
    main()
