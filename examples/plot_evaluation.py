"""Draw what `sae-match evaluate` says of a run: the figures of the SAE Match paper (arXiv 2410.07656), and some more.

    python examples/plot_evaluation.py RUN_FOLDER OUTPUT_FOLDER

RUN_FOLDER is <out>/runs/<run id>. Writes SVG files: mse.svg, histogram.svg and layers.svg by the weights; scores.svg,
variance.svg and quantiles.svg where the run was evaluated with activations; distance.svg where pairs of layers further apart
were matched. Needs matplotlib and pyarrow.
"""

import argparse
import json
import pathlib
from statistics import median

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import pyarrow.parquet as pq

# Okabe and Ito's colours, which are told apart with colour-blind eyes; lines differ by markers too.
STYLES = {
    "identity": ("#999999", "x"),
    "random": ("#999999", "."),
    "nearest": ("#E69F00", "v"),
    "mutual_nearest": ("#CC79A7", "^"),
    "greedy": ("#56B4E9", "s"),
    "matched_unfolded": ("#009E73", "D"),
    "matched_folded": ("#0072B2", "o"),
    "composed": ("#D55E00", "P"),
    "encode_decode_current": ("#000000", "*"),
    "encode_decode_previous": ("#000000", "1"),
    "copy": ("#000000", "+"),
}
# The same file for the same figures.
plt.rcParams.update({"svg.hashsalt": "sae-match", "svg.fonttype": "none", "font.size": 8, "axes.spines.top": False, "axes.spines.right": False})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    tables = read_tables(args.folder / "evaluation")
    tables["pairs"] = pq.read_table(args.folder / "pairs.parquet").to_pylist()
    for draw in (mse, histogram, layers, scores, variance, quantiles, distance):
        figure = draw(tables)
        if figure is None:
            continue
        file = args.output / f"{draw.__name__}.svg"
        figure.savefig(file, metadata={"Date": None}, bbox_inches="tight")
        print(file)


def read_tables(folder):
    """The tables that the manifest lists, by name."""
    names = [artifact["path"] for artifact in json.loads((folder / "manifest.json").read_text())["artifacts"]]
    return {name.removesuffix(".parquet"): pq.read_table(folder / name).to_pylist() for name in names}


def neighbours(rows):
    """Rows of pairs of neighbouring layers, or of the nearest that there are."""
    least = min((abs(row["target_layer"] - row["source_layer"]) for row in rows), default=0)
    return [row for row in rows if abs(row["target_layer"] - row["source_layer"]) == least]


def name_of(row):
    return f"{row['source_layer']}→{row['target_layer']}"


def lines(axes, rows, method, column, value):
    """One line a method over the pairs of layers."""
    for name, (colour, marker) in STYLES.items():
        of = [row for row in rows if row[method] == name and value(row) is not None]
        if of:
            axes.plot([column(row) for row in of], [value(row) for row in of], label=name, color=colour, marker=marker, ms=4, lw=1)


def panels(count, width=3.4, height=2.6):
    figure, axes = plt.subplots(1, count, figsize=(width * count, height), squeeze=False)
    return figure, axes[0]


def mse(tables):
    """Fig. 3: folded MSE of each tensor by pair of neighbouring layers."""
    rows = [row for row in neighbours(tables["methods"]) if row["folded_mse_decoder"] is not None]
    if not rows:
        return None
    figure, axes = panels(3)
    for axis, part in zip(axes, ["decoder", "encoder", "bias"]):
        lines(axis, rows, "method", name_of, lambda row: row[f"folded_mse_{part}"])
        axis.set(title=f"folded MSE, {part}", xlabel="layers", ylim=(0, None))
    axes[-1].legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def histogram(tables):
    """Fig. 5: how the folded decoder MSE of the features of a pair is distributed."""
    pairs = {name_of(row): None for row in neighbours(tables["histograms"])}
    if not pairs:
        return None
    chosen = list(pairs)[:: max(1, len(pairs) // 3)][:3]
    figure, axes = panels(len(chosen))
    for axis, pair in zip(axes, chosen):
        for method in ("identity", "matched_unfolded", "matched_folded"):
            bars = [row for row in tables["histograms"] if name_of(row) == pair and row["method"] == method]
            end = max((row["high"] for row in tables["histograms"] if name_of(row) == pair), default=0)
            bars = [row for row in bars if row["high"] < end]
            centres = [(row["low"] + row["high"]) / 2 for row in bars]
            axis.plot(centres, [row["features"] for row in bars], label=method, color=STYLES[method][0], drawstyle="steps-mid", lw=1)
        axis.set(title=f"layers {pair}", xlabel="folded decoder MSE of a feature", ylabel="features")
        axis.ticklabel_format(axis="x", style="sci", scilimits=(-2, 2))
        axis.locator_params(axis="x", nbins=5)
    axes[-1].legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def layers(tables):
    """Fig. 1: thresholds and norms by layer."""
    rows = tables["layers"]
    if not rows:
        return None
    figure, axes = panels(2 if rows[0]["tokens"] is None else 3)
    index = [row["layer"] for row in rows]
    if rows[0]["theta_mean"] is not None:
        axes[0].plot(index, [row["theta_mean"] for row in rows], marker="o", ms=4, lw=1, color="#0072B2", label="mean")
        low, high = [[row[f"theta_{q}"] for row in rows] for q in ("q05", "q95")]
        axes[0].fill_between(index, low, high, alpha=0.2, color="#0072B2", lw=0, label="5 % to 95 %")
        axes[0].legend(frameon=False)
    axes[0].set(title="threshold θ", xlabel="layer", ylim=(0, None))
    for part, marker in (("decoder", "o"), ("folded_decoder", "D"), ("encoder", "s")):
        values = [row[f"{part}_norm_mean"] for row in rows]
        axes[1].plot(index, values, marker=marker, ms=4, lw=1, label=part.replace("_", " "))
    axes[1].set(title="mean norm of a row", xlabel="layer", ylim=(0, None))
    axes[1].margins(y=0.5)
    axes[1].legend(frameon=False, ncols=2, loc="upper right")
    if rows[0]["tokens"] is not None:
        axes[2].plot(index, [row["hidden_norm_mean"] for row in rows], marker="o", ms=4, lw=1, color="#000000", label="hidden state")
        steps = [row for row in neighbours(tables.get("reconstructions", [])) if row["estimate"] == "copy"]
        axes[2].plot(
            [row["target_layer"] for row in steps],
            [row["hidden_difference_norm_mean"] for row in steps],
            **{"marker": "s", "ms": 4, "lw": 1, "color": "#D55E00", "label": "change since the layer before"},
        )
        axes[2].set(title="mean norm of a hidden state", xlabel="layer", ylim=(0, None))
        axes[2].legend(frameon=False)
    return figure


def scores(tables):
    """Fig. 7: matching score by pair of neighbouring layers."""
    if "scores" not in tables:
        return None
    rows = neighbours(tables["scores"])
    figure, axes = panels(2)
    for axis, column, title in zip(axes, ("frequent_score", "score_reverse"), ("P(target active | source active)", "P(source active | target active)")):
        lines(axis, rows, "method", name_of, lambda row: row[column])
        axis.set(title=title, xlabel="layers", ylim=(0, None))
    axes[-1].legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def variance(tables):
    """Fig. 11: explained variance by pair of neighbouring layers, plain and folded, beside the bounds."""
    if "reconstructions" not in tables:
        return None
    rows = neighbours(tables["reconstructions"])
    figure, axes = panels(2)
    for axis, decoding in zip(axes, ("plain", "folded")):
        of = [row for row in rows if row["decoding"] in (decoding, None) and row["quantile"] is None]
        lines(axis, of, "estimate", name_of, lambda row: row["explained_variance"])
        axis.set(title=f"explained variance, {decoding}", xlabel="layers", ylim=(-1.5, 1))
        axis.axhline(0, color="#cccccc", lw=0.5)
    axes[-1].legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def quantiles(tables):
    """Figs. 16 and 17: explained variance by the share of features that go to their targets."""
    rows = [row for row in neighbours(tables.get("reconstructions", [])) if row["quantile"] is not None]
    if not rows:
        return None
    figure, axes = panels(2)
    for axis, decoding in zip(axes, ("plain", "folded")):
        for shade, pair in enumerate(dict.fromkeys(map(name_of, rows))):
            of = [row for row in rows if name_of(row) == pair and row["decoding"] == decoding]
            values = [row["explained_variance"] for row in of]
            low, high = [[row[f"explained_variance_{end}"] for row in of] for end in ("low", "high")]
            (line,) = axis.plot([row["quantile"] for row in of], values, label=pair, marker=".", lw=1, color=plt.cm.viridis(shade / 7))
            if None not in low:
                axis.fill_between([row["quantile"] for row in of], low, high, alpha=0.15, lw=0, color=line.get_color())
        axis.set(title=f"quantile matching, {decoding}", xlabel="share of features moved, best first", ylim=(-1.5, 1))
    axes[0].set_ylabel("explained variance")
    axes[-1].legend(frameon=False, title="layers", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def distance(tables):
    """Fig. 8 and Sect. 5.4: composed and direct matches by the distance of the layers."""
    composed = [row for row in tables["pairs"] if row["composed_agreement"] is not None]
    if not composed:
        return None
    figure, axes = panels(3 if "reconstructions" in tables else 2)
    spread(axes[0], composed, lambda row: row["composed_agreement"], "composed = direct", "#D55E00")
    spread(axes[0], tables.get("cycles", []), lambda row: row["consistent"], "by one layer = direct", "#0072B2")
    axes[0].set(title="share of features", xlabel="distance of the layers", ylim=(0, 1))
    extra = lambda row: row["composed_extra_cost"] / row["matched_cost"] if row["matched_cost"] else None
    spread(axes[1], composed, extra, "composed", "#D55E00")
    axes[1].set(title="extra cost, of the direct cost", xlabel="distance of the layers", ylim=(0, None))
    if "reconstructions" in tables:
        rows = [row for row in tables["reconstructions"] if row["quantile"] is None and row["decoding"] in ("plain", None)]
        for name in ("copy", "matched_folded", "composed", "random"):
            of = [row for row in rows if row["estimate"] == name]
            spread(axes[2], of, lambda row: row["explained_variance"], name, STYLES[name][0])
        axes[2].set(title="explained variance, plain", xlabel="distance of the layers", ylim=(-4, 1))
    for axis in axes:
        axis.legend(frameon=False)
    return figure


def spread(axis, rows, value, label, colour):
    """Every pair as a dot, the medians by distance as a line."""
    points = [(row["target_layer"] - row["source_layer"], value(row)) for row in rows]
    points = [(x, y) for x, y in points if y is not None]
    if not points:
        return
    axis.plot(*zip(*points), ".", color=colour, alpha=0.4, ms=3)
    at = sorted({x for x, _ in points})
    axis.plot(at, [median([y for x, y in points if x == d]) for d in at], color=colour, lw=1, label=label)


if __name__ == "__main__":
    main()
