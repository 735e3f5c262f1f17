"""Writes minilm-l6.json: scipy's optimum for every adjacent pair of examples/minilm-l6, in four modes.

Rows are folded in float64 and rounded once to float32; the objective is the cost in float64. Run from the repository
root with numpy and scipy installed: python test/references/make-minilm-reference.py
"""

import glob
import json

import numpy as np
from scipy.optimize import linear_sum_assignment

LAYERS = range(7)


def load(layer):
    (path,) = glob.glob(f"examples/minilm-l6/layer_{layer}/*/*/params.npz")
    return {name: array.astype(np.float64) for name, array in np.load(path).items()}


def vectors(sae, fold, everything):
    theta = sae["threshold"] if fold else np.ones_like(sae["threshold"])
    decoder = (sae["W_dec"] * theta[:, None]).astype(np.float32)
    encoder = (sae["W_enc"].T / theta[:, None]).astype(np.float32)
    bias = (sae["b_enc"] / theta).astype(np.float32)[:, None]
    parts = [decoder, encoder, bias] if everything else [decoder]
    return np.concatenate(parts, axis=1).astype(np.float64)


def optimum(a, b):
    similarity = a @ b.T
    _, target = linear_sum_assignment(similarity, maximize=True)
    return float(((a - b[target]) ** 2).sum()), target


def main():
    saes = [load(layer) for layer in LAYERS]
    reference = {}
    for source in LAYERS[:-1]:
        for everything in (False, True):
            for fold in (False, True):
                mode = ("all" if everything else "dec") + ("-folded" if fold else "-unfolded")
                a = vectors(saes[source], fold, everything)
                b = vectors(saes[source + 1], fold, everything)
                objective, target = optimum(a, b)
                entry = reference.setdefault(f"{source}:{source + 1}", {})
                entry[mode] = {"objective": objective}
                if mode == "dec-folded":
                    entry[mode]["target_feature"] = target.tolist()
    with open("test/references/minilm-l6.json", "w") as file:
        json.dump(reference, file)
        file.write("\n")


main()
