"""Writes a changed copy of a params.npz.

    python change-sae.py IN OUT [--features N] [--zero-threshold I,J,...] [--shift-b-dec X]
"""

import argparse

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("source")
parser.add_argument("out")
parser.add_argument("--features", type=int, help="keep the first N features")
parser.add_argument("--zero-threshold", default="", help="give these features a threshold of 0")
parser.add_argument("--shift-b-dec", type=float, default=0.0, help="add this to b_dec")
args = parser.parse_args()

sae = dict(np.load(args.source))
count = args.features or len(sae["b_enc"])
sae["W_enc"] = sae["W_enc"][:, :count]
sae["W_dec"] = sae["W_dec"][:count]
sae["b_enc"] = sae["b_enc"][:count]
sae["threshold"] = sae["threshold"][:count].copy()
sae["threshold"][[int(feature) for feature in args.zero_threshold.split(",") if feature]] = 0
sae["b_dec"] = sae["b_dec"] + np.float32(args.shift_b_dec)
np.savez(args.out, **sae)
