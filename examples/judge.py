"""Work out anew what `sae-match judge` says of a run, with numpy and without any of its code.

    python examples/judge.py RUN_FOLDER DESCRIPTIONS

RUN_FOLDER is <out>/runs/<run id>, DESCRIPTIONS the folder of layer_<L>.jsonl files that was judged by. Needs numpy and
pyarrow. Prints the largest difference of every figure of labels.parquet and every lexical score of judgements.parquet, and fails
when one is above 1e-9. Of random targets, whose draw is their own, only the features drawn are compared.
"""

import collections
import json
import math
import pathlib
import re
import sys
import unicodedata

import numpy as np
import pyarrow.parquet as pq

TOLERANCE = 1e-9


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    run, descriptions = map(pathlib.Path, sys.argv[1:])
    judgement = run / "judgement"
    manifest = json.loads((judgement / "manifest.json").read_text())
    matches = read_matches(run)
    features = {layer["layer"]: layer["header"]["features"] for layer in manifest["inputs"]}
    texts = {layer: read_layer(descriptions / f"layer_{layer}.jsonl", count) for layer, count in features.items()}
    labels = pq.read_table(judgement / "labels.parquet").to_pylist()
    drawn = pq.read_table(judgement / "judgements.parquet").to_pylist()
    by_choice = collections.defaultdict(list)
    for row in drawn:
        by_choice[choice_of(row)].append(row)
    worst = 0.0
    for row in labels:
        score = scorer(texts[row["source_layer"]], texts[row["target_layer"]])
        judged = by_choice[choice_of(row)]
        worst = max(worst, compare_counts(row, judged), *(compare_row(one, score, texts) for one in judged), 0.0)
        if row["method"] != "random":
            worst = max(worst, compare_words(row, score, targets_of(row, matches, sorted(features))))
    print(f"{len(labels)} rows, {len(drawn)} pairs of features, largest difference {worst:.1e}")
    sys.exit(0 if worst <= TOLERANCE else 1)


def choice_of(row):
    return row["source_layer"], row["target_layer"], row["method"]


def read_matches(run):
    """Tables of the run by source and target layer."""
    tables = {}
    for file in run.glob("matches/source=*/target=*/matches.parquet"):
        source, target = (int(folder.split("=")[1]) for folder in file.parts[-3:-1])
        tables[source, target] = pq.ParquetFile(file).read().to_pydict()
    return tables


def read_layer(file, features):
    """The first description of every feature that is not empty."""
    texts = [None] * features
    for line in file.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            row = json.loads(line)
            index, text = int(row["index"]), (row.get("description") or "").strip()
            texts[index] = texts[index] or text or None
    return texts


def words_of(text):
    text = unicodedata.normalize("NFKC", text).lower()
    letters = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in text)
    return set(letters.split()) or set(re.sub(r"\s", "", text))


def scorer(source, target):
    """Cosine of the weights of words, as a function of a source and a target feature."""
    bags = [[words_of(text) if text else set() for text in layer] for layer in (source, target)]
    having = collections.Counter(word for layer in bags for bag in layer for word in bag)
    count = sum(bool(bag) for layer in bags for bag in layer)
    weight = {word: math.log((1 + count) / (1 + n)) + 1 for word, n in having.items()}

    def length(bag):
        return math.sqrt(sum(weight[word] ** 2 for word in bag))

    def score(i, j):
        a, b = bags[0][i], bags[1][j]
        return sum(weight[word] ** 2 for word in a & b) / (length(a) * length(b)) if a and b else None

    return score


def targets_of(row, matches, layers):
    """Target of every source feature, or None, by the method of the row."""
    source, target, method = choice_of(row)
    if method == "matched":
        return matches[source, target]["target_feature"]
    if method == "nearest":
        return matches[source, target]["nearest_target"]
    path = [layer for layer in layers if source <= layer <= target]
    targets = list(range(len(matches[source, path[1]]["target_feature"])))
    for step in zip(path, path[1:]):
        onward = matches[step]["target_feature"]
        targets = [None if feature is None else onward[feature] for feature in targets]
    return targets


def compare_words(row, score, targets):
    chosen = [(i, j) for i, j in enumerate(targets) if j is not None]
    scores = np.array([s for s in (score(i, j) for i, j in chosen) if s is not None])
    expected = {
        "features": len(chosen),
        "described": len(scores),
        "lexical_mean": scores.mean(),
        "same_words": np.mean(scores > 1 - 1e-12),
        "any_word": np.mean(scores > 0),
    }
    return max(abs(row[name] - value) for name, value in expected.items())


def compare_counts(row, judged):
    """What the table says of labels follows from the judged pairs."""
    both = [(one["label_forward"], one["label_swapped"]) for one in judged]
    usable = [pair for pair in both if None not in pair]
    agreed = collections.Counter(a for a, b in usable if a == b)
    assert all(one["label"] == (a if a == b else None) for one, (a, b) in zip(judged, both))
    expected = {
        "sampled": len(judged),
        "judged": len(usable),
        "different": agreed[1],
        "maybe": agreed[2],
        "same": agreed[3],
        "disagreed": len(usable) - agreed.total(),
    }
    differences = [abs(row[name] - value) for name, value in expected.items()]
    if usable:
        differences.append(abs(row["score_mean"] - np.mean(usable)))
    return max(differences)


def compare_row(row, score, texts):
    i, j = row["source_feature"], row["target_feature"]
    assert row["source_description"] == texts[row["source_layer"]][i]
    assert row["target_description"] == texts[row["target_layer"]][j]
    return abs(row["lexical_score"] - score(i, j))


if __name__ == "__main__":
    main()
