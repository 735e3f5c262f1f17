"""Measure what a jump of the L0 between two layers does: the experiment of App. A of the SAE Match paper (arXiv 2410.07656).

    python examples/l0_variants.py SAES ACTIVATIONS SOURCE_LAYER TARGET_LAYER [--factors 0.5,0.71,1,1.41,2] [--work FOLDER]

SAES are Gemma Scope SAEs (params.npz), ACTIVATIONS hidden states as `sae-match evaluate --activations` reads them. SAEs of
several L0 are made of each by multiplying its thresholds: they were not trained for it, so each is a little worse than one
that was. Every pair of them is matched and evaluated by `sae-match`, and one line is printed a pair. Needs numpy and pyarrow,
and sae-match in the PATH, or its command in $SAE_MATCH_COMMAND.
"""

import argparse
import os
import pathlib
import shlex
import subprocess
import tempfile

import numpy as np
import pyarrow.parquet as pq

COMMAND = shlex.split(os.environ.get("SAE_MATCH_COMMAND", "sae-match"))
ESTIMATES = [
    ("copy", None),
    ("encode_decode_previous", None),
    ("encode_decode_current", None),
    ("matched_folded", "plain"),
    ("matched_folded", "folded"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("saes", type=pathlib.Path)
    parser.add_argument("activations", type=pathlib.Path)
    parser.add_argument("source", type=int)
    parser.add_argument("target", type=int)
    parser.add_argument("--factors", default="0.5,0.71,1,1.41,2")
    parser.add_argument("--work", type=pathlib.Path, help="folder for SAEs and results (default: a temporary one)")
    args = parser.parse_args()
    factors = [float(factor) for factor in args.factors.split(",")]
    header = ["L0 source", "L0 target", *(name if how is None else f"{name}, {how}" for name, how in ESTIMATES)]
    print("| " + " | ".join(header) + " |")
    print("| " + " | ".join("---" for _ in header) + " |")
    with tempfile.TemporaryDirectory() as temporary:
        work = args.work or pathlib.Path(temporary)
        for source_factor in factors:
            for target_factor in factors:
                folder = work / f"{source_factor}-{target_factor}"
                write_variant(args.saes, folder, args.source, source_factor)
                write_variant(args.saes, folder, args.target, target_factor)
                print(line(evaluate(folder, work / "out", args)))


def write_variant(saes, folder, layer, factor):
    """The SAE of a layer with its thresholds multiplied."""
    (file,) = (saes / f"layer_{layer}").rglob("params.npz")
    tensors = dict(np.load(file))
    tensors["threshold"] = tensors["threshold"] * np.float32(factor)
    to = folder / f"layer_{layer}" / "params.npz"
    to.parent.mkdir(parents=True, exist_ok=True)
    np.savez(to, **tensors)


def evaluate(folder, out, args):
    call = lambda *words: subprocess.run([*COMMAND, "--quiet", *map(str, words)], check=True, stdout=subprocess.DEVNULL)
    run = folder.name
    layers = f"{args.source},{args.target}"
    call("run", folder, "--layers", layers, "--run-id", run, "--out", out)
    call("evaluate", run, "--out", out, "--methods", "matched_folded", "--activations", args.activations.resolve())
    return pq.read_table(out / "runs" / run / "evaluation" / "reconstructions.parquet").to_pylist()


def line(rows):
    values = [next(r for r in rows if (r["estimate"], r["decoding"]) == wanted) for wanted in ESTIMATES]
    cells = [f"{rows[0]['source_l0']:.1f}", f"{rows[0]['target_l0']:.1f}"]
    return "| " + " | ".join([*cells, *(f"{row['explained_variance']:.3f}" for row in values)]) + " |"


if __name__ == "__main__":
    main()
