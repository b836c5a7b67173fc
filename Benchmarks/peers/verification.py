"""The evaluation's maths, for templates of any program: the definitions of Sources/Evaluation, written anew in numpy.

A score is higher for closer faces; a distance counts with a minus before it. A photograph without a template is an error
of every pair of one person that names it, and a mated comparison that does not match; it is never left out.
"""

import math

import numpy as np


def read_pairs(path):
    """The folds of a list in the form of LFW's pairs.txt: lists of (first, second, same person)."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    fold_count, size = (int(field) for field in lines[0].split("\t"))
    name = "{0}/{0}_{1:04d}.jpg".format
    folds, line = [], 1
    for _ in range(fold_count):
        fold = []
        for _ in range(2 * size):
            fields = lines[line].split("\t")
            line += 1
            if len(fields) == 3:
                fold.append((name(fields[0], int(fields[1])), name(fields[0], int(fields[2])), True))
            else:
                fold.append((name(fields[0], int(fields[1])), name(fields[2], int(fields[3])), False))
        folds.append(fold)
    return folds


def photographs(folds):
    """Every photograph that a pair names, once, in order."""
    return sorted({path for fold in folds for pair in fold for path in pair[:2]})


def allowed(rate, total):
    """The largest count that is at most the share `rate` of `total`."""
    count = int(rate * total)
    if (count + 1) / total <= rate:
        count += 1
    return count - 1 if count / total > rate else count


def best_threshold(scores, same):
    """The threshold that judges most pairs rightly: half way between two scores, the lowest among equals."""
    here = ~np.isnan(scores)
    order = np.argsort(scores[here], kind="stable")
    scores, same = scores[here][order], same[here][order]
    if not len(scores):
        return math.inf
    # correct[i]: how many are right when the i lowest scores are called different.
    correct = same.sum() + np.concatenate([[0], np.cumsum(np.where(same, -1, 1))])
    cut = np.concatenate([[True], np.diff(scores) > 0, [True]])  # No threshold lies between equal scores.
    best = int(np.argmax(np.where(cut, correct, -1)))
    if best == 0:
        return float(scores[0])
    if best == len(scores):
        return math.inf
    low, high = float(scores[best - 1]), float(scores[best])
    middle = low + (high - low) / 2
    return middle if middle > low else high


def folded_accuracy(folds):
    """Mean and standard error over folds of (scores with nan for none, same person)."""
    rates = []
    for held, (scores, same) in enumerate(folds):
        others = [fold for i, fold in enumerate(folds) if i != held]
        threshold = best_threshold(np.concatenate([f[0] for f in others]), np.concatenate([f[1] for f in others]))
        rates.append(float(np.mean((np.nan_to_num(scores, nan=-math.inf) >= threshold) == same)))
    return float(np.mean(rates)), float(np.std(rates, ddof=1) / math.sqrt(len(rates)))


def row(rate, mated, missed, highest, different):
    """The true match rate at the lowest threshold that at most the share `rate` of `different` comparisons reaches.

    `highest` are the highest scores of different people, falling, as many as the rate needs; `missed` counts the mated
    comparisons that have no score.
    """
    limit = allowed(rate, different)
    threshold = -math.inf if limit >= different else float(np.nextafter(highest[limit], math.inf))
    return {
        "falseMatchRate": rate,
        "threshold": threshold,
        "falseMatches": int(np.sum(highest >= threshold)),
        "nonMated": different,
        "trueMatches": int(np.sum(mated >= threshold)),
        "mated": len(mated) + missed,
    }


def evaluate(folds, templates, score, pair_rates=(1e-3,), rates=(1e-3, 1e-4, 1e-5, 1e-6)):
    """The whole report. `templates`: path to vector; `score`: two matrices to the matrix of all their scores."""
    scored = []
    for fold in folds:
        scores = [
            float(score(templates[a][None], templates[b][None])[0, 0]) if a in templates and b in templates else math.nan
            for a, b, _ in fold
        ]
        scored.append((np.array(scores), np.array([same for _, _, same in fold])))
    mean, error = folded_accuracy(scored)
    scores = np.concatenate([fold[0] for fold in scored])
    same = np.concatenate([fold[1] for fold in scored])
    there = ~np.isnan(scores)
    falling = np.sort(scores[there & ~same])[::-1]
    names = photographs(folds)
    return {
        "photographs": len(names),
        "withoutTemplate": sum(name not in templates for name in names),
        "accuracy": mean,
        "standardError": error,
        "pairs": [
            row(rate, scores[there & same], int(np.sum(~there & same)), falling, int(np.sum(~same)))
            for rate in pair_rates
        ],
        "allComparisons": all_comparisons(names, templates, score, rates),
    }


def all_comparisons(names, templates, score, rates):
    """Everybody compared with everybody, once."""
    numbers = {}
    people = np.array([numbers.setdefault(name.split("/")[0], len(numbers)) for name in names])
    mated_in_all = sum(n * (n - 1) // 2 for n in np.bincount(people).tolist())
    here = np.array([name in templates for name in names])
    people = people[here]
    matrix = np.array([templates[name] for name in names if name in templates], dtype=np.float64)
    count = len(people)
    mated, highest, different = [], np.empty(0), 0
    for first in range(0, count, 256):
        block = slice(first, min(first + 256, count))
        scores = score(matrix[block], matrix[first:])
        later = np.arange(first, count)[None, :] > np.arange(block.start, block.stop)[:, None]
        same = people[block, None] == people[None, first:]
        mated.append(scores[later & same])
        others = scores[later & ~same]
        different += len(others)
        # No more are needed than the highest rate lets through, of all comparisons there can be.
        keep = allowed(max(rates), count * (count - 1) // 2) + 1
        highest = np.concatenate([highest, others])
        if len(highest) > keep:
            highest = np.partition(highest, len(highest) - keep)[-keep:]
    mated, highest = np.concatenate(mated), np.sort(highest)[::-1]
    return [row(rate, mated, mated_in_all - len(mated), highest, different) for rate in rates]


def minus_distance(a, b):
    """dlib's measure is the Euclidean distance: https://dlib.net/face_recognition.py.html."""
    squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * (a @ b.T)
    return -np.sqrt(np.maximum(squares, 0))


def cosine(a, b):
    return a @ b.T
