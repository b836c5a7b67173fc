#!/usr/bin/env python3
"""Makes metrics.json: what scikit-learn and scipy say about scores that are in the file as well.

    python3 -m venv v && v/bin/pip install scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6 && v/bin/python make_vectors.py
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from scipy.stats import bootstrap, permutation_test
from sklearn.metrics import det_curve, roc_curve

random = np.random.default_rng(20261126)
# Two decimals: many ties.
mated = np.round(random.normal(0.55, 0.15, 80).clip(-1, 1), 2)
non_mated = np.round(random.normal(0.1, 0.15, 400).clip(-1, 1), 2)
truth = np.r_[np.ones(len(mated)), np.zeros(len(non_mated))]
scores = np.r_[mated, non_mated]

false_matches, false_non_matches, thresholds = det_curve(truth, scores, drop_intermediate=False)
fpr, tpr, _ = roc_curve(truth, scores, drop_intermediate=False)
equal_error_rate = brentq(lambda x: 1 - x - interp1d(fpr, tpr)(x), 0, 1, xtol=1e-15)

# Rates of people: errors of trials, in two groups.
trials = random.integers(1, 9, 60)
errors = random.binomial(trials, np.where(np.arange(60) < 25, 0.35, 0.2))


def rate(e, t, axis=-1):
    return e.sum(axis=axis) / t.sum(axis=axis)


one_group = bootstrap((errors, trials), rate, paired=True, method="percentile", n_resamples=200_000, rng=random)


def gini(x):
    x = np.asarray(x, float)
    n = len(x)
    return n / (n - 1) * np.abs(x[:, None] - x[None, :]).sum() / (2 * n * n * x.mean())


def gini_of_groups(x, y, axis=-1):
    def one(a, b):
        return gini([(a // 100).sum() / (a % 100).sum(), (b // 100).sum() / (b % 100).sum()])

    return np.array(one(x, y)) if x.ndim == 1 else np.array([one(a, b) for a, b in zip(x, y)])


coded = errors * 100 + trials
test = permutation_test(
    (coded[:25], coded[25:]), gini_of_groups, vectorized=True, n_resamples=20_000, alternative="greater", rng=random
)

rates = [0.0004, 0.0011, 0.0007, 0.0031]
document = {
    "made with": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
    "mated": mated.tolist(),
    "nonMated": non_mated.tolist(),
    "det": [
        {"threshold": float(t), "fmr": float(m), "fnmr": float(n)}
        for t, m, n in zip(thresholds, false_matches, false_non_matches)
        if np.isfinite(t)
    ],
    "equalErrorRate": float(equal_error_rate),
    "errors": errors.tolist(),
    "trials": trials.tolist(),
    "firstGroup": 25,
    "interval": [float(one_group.confidence_interval.low), float(one_group.confidence_interval.high)],
    "permutation": float(test.pvalue),
    "rates": rates,
    "worstOverBest": max(rates) / min(rates),
    "worstOverMean": max(rates) / float(scipy.stats.gmean(rates)),
    "gini": float(gini(rates)),
    "percentiles": {"of": mated[:31].tolist(), "low": float(np.percentile(mated[:31], 2.5)), "high": float(np.percentile(mated[:31], 97.5))},
}
(Path(__file__).parent / "metrics.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
