"""python bench/reading/saes.py write|read FORMAT FOLDER FEATURES D_MODEL

write: an SAE of random weights as FORMAT has it: npz (Gemma Scope 1), float32 or bfloat16 (Gemma Scope 2, safetensors).
read: numpy reads it, folds it in float64 and rounds to float32 rows of features. Prints one line of JSON: seconds.
"""

import json
import pathlib
import struct
import sys
import time

import numpy as np

STORED = {"float32": "F32", "bfloat16": "BF16"}


def main():
    what, kind, folder, features, width = sys.argv[1:]
    folder, features, width = pathlib.Path(folder), int(features), int(width)
    if what == "write":
        write(kind, folder, features, width)
    else:
        began = time.perf_counter()
        fold(read_npz(folder) if kind == "npz" else read_safetensors(folder))
        print(json.dumps({"seconds": time.perf_counter() - began}))


def write(kind, folder, features, width):
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    normal = lambda *shape: random.standard_normal(shape, dtype=np.float32)
    shapes = {"w_enc": (width, features), "w_dec": (features, width), "b_enc": (features,), "b_dec": (width,)}
    if kind == "npz":
        names = {name.replace("w_", "W_"): normal(*shape) for name, shape in shapes.items()}
        np.savez(folder / "params.npz", **names, threshold=np.abs(normal(features)) + 0.1)
        return
    shapes["threshold"] = (features,)
    item = 4 if kind == "float32" else 2
    header, at = {}, 0
    for name, shape in shapes.items():
        end = at + item * int(np.prod(shape))
        header[name] = {"dtype": STORED[kind], "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "params.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes.items():
            for rows in np.array_split(np.arange(shape[0]), max(1, shape[0] // 2048)):
                values = normal(len(rows), *shape[1:])
                values = np.abs(values) + 0.1 if name == "threshold" else values
                if kind == "bfloat16":
                    values = (values.view(np.uint32) >> 16).astype(np.uint16)
                file.write(values.tobytes())


def read_npz(folder):
    with np.load(folder / "params.npz") as npz:
        return {name.replace("W_", "w_"): npz[name] for name in npz.files}


def read_safetensors(folder):
    data = np.fromfile(folder / "params.safetensors", np.uint8)
    length = int(data[:8].view(np.uint64)[0])
    header = json.loads(data[8 : 8 + length].tobytes())
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        stored = data[start:end]
        if entry["dtype"] == "BF16":
            values = (stored.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
        else:
            values = stored.view(np.float32)
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def fold(tensors):
    theta = tensors["threshold"].astype(np.float64)[:, None]
    encoder = (np.ascontiguousarray(tensors["w_enc"].T).astype(np.float64) / theta).astype(np.float32)
    decoder = (tensors["w_dec"].astype(np.float64) * theta).astype(np.float32)
    bias = (tensors["b_enc"].astype(np.float64)[:, None] / theta).astype(np.float32)
    assert np.isfinite(encoder).all() and np.isfinite(decoder).all() and np.isfinite(bias).all()


main()
