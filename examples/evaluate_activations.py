"""Work out anew what `sae-match evaluate --activations` says of a run, with numpy and scipy and without any of its code.

    python examples/evaluate_activations.py RUN_FOLDER [--source FOLDER] [--activations FOLDER]

RUN_FOLDER is <out>/runs/<run id>; --source and --activations say where the SAEs and hidden states are now, if they have
moved. Reads Gemma Scope SAEs (params.npz) that were matched by their decoder rows, and layer_<L>.npy. Needs numpy, scipy and
pyarrow. Prints the largest relative difference of each table, and fails when one is above 1e-6. Of the random choice only its
tokens and documents are compared: its draw is its own.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import pyarrow.parquet as pq

from evaluate import TOLERANCE, choose, read_layer

RESAMPLES = 1000
SEED = b"sae-match: docum".hex()
FREQUENT = 10
QUANTILES = np.linspace(0, 1, 11)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--source", help="where the SAEs of the run are now")
    parser.add_argument("--activations", help="where the hidden states are now")
    args = parser.parse_args()
    manifest = json.loads((args.folder / "evaluation" / "manifest.json").read_text())
    options = manifest["options"]
    if options["weights"] != "decoder" or "metric" in options or "unmatched" in options:
        sys.exit("this script works out runs of decoder rows, with all features matched")
    states = pathlib.Path(args.activations or manifest["activations"]["path"])
    documents = read_documents(states)
    layers = {entry["layer"]: Layer(entry, args.source, states) for entry in manifest["inputs"]}
    draws = resample(documents.max() + 1)
    kind = "folded" if options["fold"] else "stored"

    worst = {"layers": compare_layers(args.folder, layers, documents)}
    worst["cycles"] = compare_cycles(args.folder, layers, kind)
    scores = rows(args.folder, "scores")
    reconstructions = rows(args.folder, "reconstructions")
    worst["scores"] = worst["reconstructions"] = 0.0
    for a, b in sorted({(row["source_layer"], row["target_layer"]) for row in scores}):
        pair = Pair(layers, a, b, kind, documents, draws)
        mine = lambda table: [row for row in table if (row["source_layer"], row["target_layer"]) == (a, b)]
        worst["scores"] = max([worst["scores"], *map(pair.compare_score, mine(scores))])
        worst["reconstructions"] = max(
            [worst["reconstructions"], *map(pair.compare_reconstruction, mine(reconstructions))]
        )
    worst["histograms"] = compare_histograms(args.folder, layers, kind)
    for name, value in worst.items():
        print(f"{name}: {len(rows(args.folder, name))} rows, largest relative difference {value:.1e}")
    sys.exit(0 if max(worst.values()) <= TOLERANCE else 1)


def rows(folder, name):
    return pq.read_table(folder / "evaluation" / f"{name}.parquet").to_pylist()


def read_documents(states):
    """Of every token the number of its document, in the order in which they first appear."""
    names = [json.loads(line) for line in (states / "tokens.jsonl").read_text().splitlines()]
    names = [row["document"] if "document" in row else row["doc"] for row in names]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names])


class Layer:
    """An SAE with its activations on the hidden states of its layer."""

    def __init__(self, entry, source, states):
        folder = pathlib.Path(source or entry["path"].split("#")[0])
        npz = np.load(folder / entry["files"][0]["path"])
        self.features = read_layer(entry, source)
        self.theta = npz["threshold"].astype(np.float64)
        self.w_dec, self.b_dec = npz["W_dec"].astype(np.float64), npz["b_dec"].astype(np.float64)
        self.w_enc, self.b_enc = npz["W_enc"].astype(np.float64), npz["b_enc"].astype(np.float64)
        self.x = np.load(states / f"layer_{entry['layer']}.npy").astype(np.float64)
        pre = self.x @ self.w_enc + self.b_enc
        # Activations are kept in float32.
        self.f = np.where(pre > np.maximum(self.theta, 0), pre, 0).astype(np.float32).astype(np.float64)
        self.active = self.f > 0
        self.reconstruction = self.f @ self.w_dec + self.b_dec
        self.l0 = self.active.sum(axis=1).mean()


class Pair:
    def __init__(self, layers, a, b, kind, documents, draws):
        self.a, self.b, self.kind, self.documents, self.draws = layers[a], layers[b], kind, documents, draws
        self.between = [layers[layer] for layer in sorted(layers) if a <= layer <= b]
        self.choices = {}

    def choice(self, method):
        """Target of every source feature, -1 where it has none."""
        if method not in self.choices:
            if method == "composed":
                steps = [pairing("matched", s, t, self.kind) for s, t in zip(self.between, self.between[1:])]
                result = steps[0]
                for step in steps[1:]:
                    result = np.where(result >= 0, step[result], -1)
            else:
                result = pairing(method, self.a, self.b, self.kind)
            self.choices[method] = result
        return self.choices[method]

    def counts(self):
        return {"tokens": len(self.documents), "documents": self.documents.max() + 1}

    def compare_score(self, row):
        if row["method"] == "random":
            return largest(row, self.counts())
        choice = self.choice(row["method"])
        i = np.flatnonzero(choice >= 0)
        source, target = self.a.active[:, i], self.b.active[:, choice[i]]
        n, m, both = source.sum(0), target.sum(0), (source & target).sum(0)
        used, often = n > 0, n >= FREQUENT
        expected = {
            **self.counts(),
            "features": used.sum(),
            "score": (both[used] / n[used]).mean(),
            "score_micro": both[used].sum() / n[used].sum(),
            "score_reverse": (both[m > 0] / m[m > 0]).mean(),
            "score_jaccard": (both[used] / (n + m - both)[used]).mean(),
            "frequent_features": often.sum(),
            "frequent_score": (both[often] / n[often]).mean(),
        }
        by_document = np.stack([[source[d].sum(0), (source & target)[d].sum(0)] for d in self.in_documents()])
        drawn = np.einsum("rd,dkf->rkf", self.draws, by_document)
        for name, some in (("score", used), ("frequent_score", often)):
            with np.errstate(invalid="ignore", divide="ignore"):
                shares = np.nanmean((drawn[:, 1] / drawn[:, 0])[:, some], axis=1)
            expected[f"{name}_low"], expected[f"{name}_high"] = np.quantile(shares, [0.025, 0.975])
        return largest(row, expected)

    def compare_reconstruction(self, row):
        if row["estimate"] == "random":
            return largest(row, self.counts())
        x, estimate = self.b.x, self.estimate(row["estimate"], row["decoding"], row["quantile"])
        error = estimate - x
        pooled = lambda e, of: 1 - (e**2).sum() / ((of - of.mean(0)) ** 2).sum()
        expected = {
            **self.counts(),
            "source_l0": self.a.l0,
            "target_l0": self.b.l0,
            "hidden_difference_norm_mean": np.linalg.norm(x - self.a.x, axis=1).mean(),
            "explained_variance": pooled(error, x),
            "explained_variance_elements": 1 - error.var() / x.var(),
            "explained_variance_dimensions": by_dimension(error, x),
        }
        drawn = self.drawn_variance(error)
        expected["explained_variance_low"], expected["explained_variance_high"] = np.quantile(drawn, [0.025, 0.975])
        return largest(row, expected)

    def estimate(self, name, decoding, quantile):
        a, b = self.a, self.b
        if name == "copy":
            return a.x
        if name == "encode_decode_current":
            return b.reconstruction
        if name == "encode_decode_previous":
            return a.reconstruction
        choice = self.choice("matched" if name == "quantile" else name)
        i = np.flatnonzero(choice >= 0)
        j = choice[i]
        carried = a.f[:, i] * (b.theta[j] / a.theta[i] if decoding == "folded" else 1)
        if name != "quantile":
            return carried @ b.w_dec[j] + b.b_dec
        rows = [layer.features[self.kind]["decoder"] for layer in (a, b)]
        mse = ((rows[0][i] - rows[1][j]) ** 2).mean(axis=1)
        best = np.argsort(mse, kind="stable")[: int(np.ceil(round(quantile * len(i), 9)))]
        moved = np.zeros(len(i), bool)
        moved[best] = True
        stay = np.ones(len(choice), bool)
        stay[i[moved]] = False
        return carried[:, moved] @ b.w_dec[j[moved]] + a.f[:, stay] @ a.w_dec[stay] + b.b_dec

    def in_documents(self):
        return [self.documents == document for document in range(self.documents.max() + 1)]

    def drawn_variance(self, error):
        x = self.b.x
        sums = np.stack([x[d].sum(0) for d in self.in_documents()])
        squares = np.array([(x[d] ** 2).sum() for d in self.in_documents()])
        errors = np.array([(error[d] ** 2).sum() for d in self.in_documents()])
        counts = np.array([d.sum() for d in self.in_documents()])
        varied = self.draws @ squares - ((self.draws @ sums) ** 2).sum(axis=1) / (self.draws @ counts)
        return 1 - (self.draws @ errors) / varied


def pairing(method, source, target, kind):
    a, b = source.features, target.features
    rows, columns = np.flatnonzero(a["included"]), np.flatnonzero(b["included"])
    if method == "matched":
        method = "matched_folded" if kind == "folded" else "matched_unfolded"
    i, j = choose(method, a, b, kind, rows, columns)
    choice = np.full(len(a["included"]), -1)
    choice[i] = j
    return choice


def compare_layers(folder, layers, documents):
    worst = 0.0
    for row in rows(folder, "layers"):
        layer = layers[row["layer"]]
        good = layer.theta > 0
        norms = np.linalg.norm(layer.w_dec, axis=1)
        x, error = layer.x, layer.reconstruction - layer.x
        expected = {
            "features": len(layer.theta),
            "excluded": (~good).sum(),
            "theta_mean": layer.theta[good].mean(),
            **{f"theta_q{q:02}": np.quantile(layer.theta[good], q / 100) for q in (5, 50, 95)},
            "decoder_norm_mean": norms.mean(),
            "folded_decoder_norm_mean": (norms * layer.theta)[good].mean(),
            "encoder_norm_mean": np.linalg.norm(layer.w_enc, axis=0).mean(),
            "tokens": len(documents),
            "documents": documents.max() + 1,
            "hidden_norm_mean": np.linalg.norm(x, axis=1).mean(),
            "l0": layer.l0,
            "never_active": (~layer.active.any(0)).sum(),
            "explained_variance": 1 - (error**2).sum() / ((x - x.mean(0)) ** 2).sum(),
            "explained_variance_elements": 1 - error.var() / x.var(),
            "explained_variance_dimensions": by_dimension(error, x),
        }
        worst = max(worst, largest(row, expected))
    return worst


def compare_cycles(folder, layers, kind):
    worst, known = 0.0, {}

    def choice(a, b):
        if (a, b) not in known:
            known[a, b] = pairing("matched", layers[a], layers[b], kind)
        return known[a, b]

    for row in rows(folder, "cycles"):
        a, b, c = row["source_layer"], row["middle_layer"], row["target_layer"]
        first, direct = choice(a, b), choice(a, c)
        around = np.where(first >= 0, choice(b, c)[first], -1)
        both = (around >= 0) & (direct >= 0)
        expected = {"features": both.sum(), "consistent": (around == direct)[both].mean()}
        worst = max(worst, largest(row, expected))
    return worst


def compare_histograms(folder, layers, kind):
    """The bars of a method hold what numpy counts between their ends; none is missing."""
    worst, table = 0.0, rows(folder, "histograms")
    for a, b, method in sorted({(r["source_layer"], r["target_layer"], r["method"]) for r in table}):
        if method == "random":
            continue
        bars = [r for r in table if (r["source_layer"], r["target_layer"], r["method"]) == (a, b, method)]
        choice = pairing(method, layers[a], layers[b], kind)
        i = np.flatnonzero(choice >= 0)
        x, y = layers[a].features["folded"]["decoder"][i], layers[b].features["folded"]["decoder"][choice[i]]
        mse = ((x - y) ** 2).mean(axis=1)
        end = max(r["high"] for r in table if (r["source_layer"], r["target_layer"]) == (a, b))
        counted = 0
        for bar in bars:
            inside = (mse >= bar["low"]) & ((mse < bar["high"]) | (bar["high"] == end))
            # Both sides round: what lies on an edge may fall to either side of it.
            edge = np.isclose(mse, bar["low"], rtol=1e-9, atol=0).sum() + np.isclose(mse, bar["high"], rtol=1e-9).sum()
            worst = max(worst, 0.0 if abs(inside.sum() - bar["features"]) <= edge else np.inf)
            counted += bar["features"]
        worst = max(worst, 0.0 if counted == len(i) else np.inf)
    return worst


def by_dimension(error, x):
    """Elements that hardly vary are left out."""
    varied = x.var(0) > 1e-12 * x.var(0).mean()
    return (1 - error.var(0)[varied] / x.var(0)[varied]).mean()


def largest(row, expected):
    return max(difference(row, name, value) for name, value in expected.items())


def difference(row, name, expected):
    relative = abs(row[name] - expected) / max(abs(expected), 1e-12)
    if not relative <= TOLERANCE:
        print(f"{ {key: value for key, value in row.items() if isinstance(value, (int, str))} } {name}: {row[name]}, expected {expected}")
        return np.inf if np.isnan(relative) else relative
    return relative


def resample(documents):
    """How often each document is drawn in each sample: sfc32 (C. Doty-Humphrey), seeded by 32 hexadecimal digits."""
    state = [int(SEED[8 * word : 8 * word + 8], 16) for word in range(4)]
    mask = 0xFFFFFFFF

    def following():
        a, b, c, counter = state
        value = (a + b + counter) & mask
        state[3] = (counter + 1) & mask
        state[0] = b ^ (b >> 9)
        state[1] = (c + (c << 3)) & mask
        state[2] = ((((c << 21) & mask) | (c >> 11)) + value) & mask
        return value

    for _ in range(16):
        following()
    limit = 2**32 // documents * documents
    counts = np.zeros((RESAMPLES, documents))
    for sample in range(RESAMPLES):
        for _ in range(documents):
            value = following()
            while value >= limit:
                value = following()
            counts[sample, value % documents] += 1
    return counts


if __name__ == "__main__":
    main()
