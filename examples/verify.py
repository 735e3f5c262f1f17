"""Re-prove matches of sae-match, with numpy and without any of its code.

    python examples/verify.py PAIR_FOLDER [--source SAE.npz --target SAE.npz]
    python examples/verify.py RUN_FOLDER [--pair 3:4] [--source FOLDER]

PAIR_FOLDER is what `sae-match pair` wrote, RUN_FOLDER is <out>/runs/<run id>. --source and --target say where the SAEs
are now, if they have moved. Reads Gemma Scope SAEs (params.npz). Needs numpy and pyarrow. The exit code is 0 when every
pair is proved optimal, else 1.

The proof is linear-programming duality. For any numbers u_i and v_j whatever, and every one-to-one matching,

    cost of the matching  >=  sum(u) + sum(v) - sum_i max(0, max_j (u_i + v_j - c_ij)).

certificate.parquet holds u and v for which the right-hand side reaches the cost of the matching in matches.parquet, so no
other matching is cheaper. Where one side has more features, those of its features that stay unmatched cost nothing; the
inequality then needs u_i <= 0 (or v_j <= 0) on that side. With `--unmatched rho` every feature may stay unmatched at
(1 - rho) times its squared norm, which its dual may not exceed then. With `--metric cosine` all of this is about the
vectors scaled to unit length, and with `--part-weights` about vectors whose parts are weighted.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import re
import sys

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

PARTS = {
    "decoder": ["decoder"],
    "encoder": ["encoder"],
    "decoder+encoder": ["decoder", "encoder"],
    "all": ["decoder", "encoder", "bias"],
}
BLOCK = 1024  # source features handled at once


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--pair", help="only this pair of layers of a run, such as 3:4")
    parser.add_argument("--source", help="where the source SAE of a pair, or all SAEs of a run, are now")
    parser.add_argument("--target", help="where the target SAE of a pair is now")
    args = parser.parse_args()
    manifest = json.loads((args.folder / "manifest.json").read_text())
    if manifest["schema"] != "sae-match/manifest@1":
        sys.exit(f"this script reads sae-match/manifest@1, found {manifest['schema']}")
    if args.target and manifest["kind"] == "run":
        parser.error("all SAEs of a run are in one place: use --source")
    if args.pair and manifest["kind"] == "pair":
        parser.error("this is the folder of one pair: --pair is for runs")
    pairs = list_pairs(args, manifest)
    if not pairs:
        sys.exit("the manifest lists no such pair of layers, or it failed")
    proved = [verify(args.folder, manifest, pair) for pair in pairs]
    print(f"{sum(proved)} of {len(pairs)} pairs proved optimal")
    sys.exit(0 if all(proved) else 1)


def list_pairs(args, manifest):
    """One dict a pair: name, where its tables are, and the two inputs with the places they were or are in."""
    inputs = manifest["inputs"]
    if manifest["kind"] == "pair":
        tables = {name: f"{name}.parquet" for name in ("matches", "targets", "certificate")}
        sides = [(inputs[0], args.source), (inputs[1], args.target)]
        name = f"{inputs[0]['path']} to {inputs[1]['path']}"
        return [{"name": name, "tables": tables, "sides": sides}]
    digits = max(2, len(str(1 + max(layer["layer"] for layer in inputs))))
    by_layer = {layer["layer"]: layer for layer in inputs}
    pairs = []
    for pair in manifest["pairs"]:
        s, t = pair["source_layer"], pair["target_layer"]
        if pair["status"] != "done" or args.pair not in (None, f"{s}:{t}"):
            continue
        place = f"source={s:0{digits}}/target={t:0{digits}}"
        tables = {
            "matches": f"matches/{place}/matches.parquet",
            "targets": f"targets/{place}/targets.parquet",
            "certificate": f"certificates/{place}/certificate.parquet",
        }
        sides = [(by_layer[s], args.source), (by_layer[t], args.source)]
        pairs.append({"name": f"layer {s} to {t}", "tables": tables, "sides": sides})
    return pairs


def verify(folder, manifest, pair):
    """Makes all three checks, whatever the others find, and prints them. True when the pair is proved optimal."""
    print(pair["name"])
    checks = {
        "checksums": check_checksums,
        "permutation": check_permutation,
        "certificate": check_certificate,
    }
    ok = True
    for name, check in checks.items():
        try:
            notes, faults = check(folder, manifest, pair)
        except Exception as error:  # a check that cannot be made is a check that fails
            notes, faults = [], [f"{type(error).__name__}: {error}"]
        print(f"  {name:12} {'FAILED' if faults else 'ok'}")
        for line in notes + faults:
            print(f"    {line}")
        ok = ok and not faults
    print("  proved optimal" if ok else "  NOT proved optimal")
    return ok


# --- 1. the files are those that were written, made from these SAEs ---


def check_checksums(folder, manifest, pair):
    faults = []
    recorded = {artifact["path"]: artifact["crc32c"] for artifact in manifest["artifacts"]}
    of_all_pairs = [path for path in recorded if "/" not in path]
    for path in dict.fromkeys([*pair["tables"].values(), *of_all_pairs]):
        if crc32c((folder / path).read_bytes()) != recorded.get(path):
            faults.append(f"{path} is not the file that the manifest lists")
    for sae, moved_to in pair["sides"]:
        file = locate(sae, moved_to)
        if hashlib.sha256(file.read_bytes()).hexdigest() != sae["files"][0]["sha256"]:
            faults.append(f"{file} is not the SAE that was matched")
    return [], faults


def crc32c(data):
    """CRC32C (Castagnoli), the four bytes in big-endian order as base64, as Google Cloud Storage writes it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC32C_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return base64.b64encode((crc ^ 0xFFFFFFFF).to_bytes(4, "big")).decode()


def crc32c_entry(entry):
    for _ in range(8):
        entry = (entry >> 1) ^ (0x82F63B78 if entry & 1 else 0)
    return entry


CRC32C_TABLE = [crc32c_entry(byte) for byte in range(256)]


# --- 2. the matching is one-to-one and both tables say the same ---


def check_permutation(folder, manifest, pair):
    target_of = column(folder / pair["tables"]["matches"], "target_feature")
    source_of = column(folder / pair["tables"]["targets"], "source_feature")
    faults = []
    for table, index in [("matches", "source_feature"), ("targets", "target_feature")]:
        features = column(folder / pair["tables"][table], index)
        if not np.array_equal(features, np.arange(len(features))):
            faults.append(f"the rows of the {table} table are not features 0, 1, 2, ...")
    matched = np.flatnonzero(target_of >= 0)
    if np.any((target_of < -1) | (target_of >= len(source_of))):
        return [], faults + ["a source feature is matched to a target feature that does not exist"]
    if len(np.unique(target_of[matched])) != len(matched):
        faults.append("two source features are matched to one target feature")
    inverse = np.full(len(source_of), -1)
    inverse[target_of[matched]] = matched
    if not np.array_equal(inverse, source_of):
        faults.append("the targets table is not the inverse of the matches table")
    return [], faults


def column(file, name):
    """A column as a numpy array; null becomes -1."""
    values = pq.ParquetFile(file).read([name])[name]
    return pc.fill_null(values, -1).to_numpy()


# --- 3. the duals prove that no matching is cheaper ---


def check_certificate(folder, manifest, pair):
    options = manifest["options"] if manifest["kind"] == "pair" else manifest["spec"]
    (a, a_in), (b, b_in) = [
        load_features(sae, locate(sae, moved_to), options) for sae, moved_to in pair["sides"]
    ]
    target_of = column(folder / pair["tables"]["matches"], "target_feature")
    cost = column(folder / pair["tables"]["matches"], "cost")
    u = duals(folder / pair["tables"]["certificate"], "source", len(a))
    v = duals(folder / pair["tables"]["certificate"], "target", len(b))
    if len(target_of) != len(a):
        return [], [f"{len(target_of)} rows in the matches table, {len(a)} features in the SAE"]

    faults = []
    matched = np.flatnonzero(target_of >= 0)
    partner = target_of[matched]
    if not (a_in[matched].all() and b_in[partner].all()):
        faults.append("a feature with a threshold of 0 or less is matched")
    unmatched = options.get("unmatched")
    if unmatched is None and len(matched) != min(a_in.sum(), b_in.sum()):
        faults.append(f"{len(matched)} features are matched; the smaller side has {min(a_in.sum(), b_in.sum())}")
    true_cost = np.sum((a[matched] - b[partner]) ** 2, axis=1)
    objective = true_cost.sum()

    out_a, out_b = a_in.copy(), b_in.copy()
    out_a[matched], out_b[partner] = False, False
    a_out, b_out = out_a[a_in], out_b[b_in]
    a, b, u, v = a[a_in], b[b_in], u[a_in], v[b_in]
    norm_a, norm_b = np.sum(a**2, axis=1), np.sum(b**2, axis=1)
    # No dual may exceed the price of leaving its feature out: (1 - rho) times its squared norm where that was asked for,
    # else 0 on the surplus side and infinite on the other.
    if unmatched is None:
        price_u = np.full(len(a), 0.0 if len(a) > len(b) else np.inf)
        price_v = np.full(len(b), 0.0 if len(b) > len(a) else np.inf)
    else:
        price_u, price_v = (1 - unmatched) * norm_a, (1 - unmatched) * norm_b
    objective += price_u[a_out].sum() + price_v[b_out].sum()
    repair = np.maximum(u - price_u, 0).sum() + np.maximum(v - price_v, 0).sum()
    u, v = np.minimum(u, price_u), np.minimum(v, price_v)
    bound = u.sum() + v.sum()
    for start in range(0, len(a), BLOCK):
        rows = slice(start, start + BLOCK)
        c = norm_a[rows, None] + norm_b - 2 * a[rows] @ b.T
        excess = np.maximum(0, (u[rows, None] + v - c).max(axis=1)).sum()
        bound -= excess
        repair += excess

    gap = objective - bound
    tolerance = 1e-9 * objective + 1e-12 * (norm_a.sum() + norm_b.sum())
    if not abs(gap) <= tolerance:
        faults.append(f"the bound from the duals is not the cost of the matching: gap {gap:.3e}")
    if not repair <= tolerance:
        faults.append(f"the duals claim {repair:.3e} more than the costs allow")
    if not np.all(np.abs(cost[matched] - true_cost) <= tolerance):
        faults.append("the column cost does not hold the costs of the matches")
    return [f"objective {objective}, bound {bound}, gap {gap:.1e} (tolerance {tolerance:.1e})"], faults


def duals(file, side, features):
    """The duals of one side by feature; -inf, which proves nothing, for a feature that has none."""
    table = pq.ParquetFile(file).read(["side", "feature", "dual"])
    rows = table.filter(pc.equal(table["side"], side))
    result = np.full(features, -np.inf)
    result[rows["feature"].to_numpy()] = rows["dual"].to_numpy()
    result[~np.isfinite(result)] = -np.inf
    return result


def locate(sae, moved_to):
    """The SAE's params.npz: the named file, or the one below the named folder."""
    place = pathlib.Path(re.sub(r"#\d+$", "", moved_to or sae["path"]))
    if place.is_file():
        return place
    file = place / sae["files"][0]["path"]
    found = [file] if file.is_file() else list(place.rglob("params.npz"))
    if len(found) != 1:
        raise FileNotFoundError(f"{file} is not there; name the SAE with --source and --target")
    return found[0]


def load_features(sae, file, options):
    """Feature vectors [features, elements], and which features take part.

    Folding multiplies or divides by the threshold in float64 and rounds once to float32; costs are float64 again. A part's
    weight multiplies its squared distances, so the square root of it multiplies its elements here.
    """
    if sae["header"]["format"] != "gemma-scope":
        raise ValueError(f"this script reads Gemma Scope SAEs, {file} is {sae['header']['format']}")
    with np.load(file) as npz:
        weights = {name.replace("w_", "W_"): npz[name].astype(np.float64) for name in npz.files}
    rows = {"decoder": weights["W_dec"], "encoder": weights["W_enc"].T, "bias": weights["b_enc"][:, None]}
    included = np.ones(len(rows["decoder"]), dtype=bool)
    if options["fold"]:
        theta = weights["threshold"][:, None]
        included = theta[:, 0] > 0
        theta = np.where(theta > 0, theta, 1)
        rows = {name: part * theta if name == "decoder" else part / theta for name, part in rows.items()}
    weight = {name: options.get("part_weights", {}).get(name, 1) for name in PARTS[options["weights"]]}
    parts = {name: rows[name].astype(np.float32).astype(np.float64) for name in weight if weight[name] > 0}
    if options.get("metric", "mse") == "cosine":
        parts = unit_vectors(parts, weight)
    return np.concatenate([np.sqrt(weight[name]) * parts[name] for name in parts], axis=1), included


def unit_vectors(parts, weight):
    """Every row divided by the norm of its feature's weighted vector in float64, and rounded once to float32.

    The sum of a cumulative sum runs over the elements in their order, as the definition wants it. Zero vectors stay zero.
    """
    squared = sum(weight[name] * np.cumsum(part**2, axis=1)[:, -1] for name, part in parts.items())
    norm = np.sqrt(np.where(squared > 0, squared, 1))[:, None]
    return {name: (part / norm).astype(np.float32).astype(np.float64) for name, part in parts.items()}


if __name__ == "__main__":
    main()
