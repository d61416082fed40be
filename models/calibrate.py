"""Fit `combine.WEIGHTS` to boxes that a person has checked, and print them.

    python -m models.calibrate

tables/detections.tsv has the best box of each label on each of 100 photos: the label, the
detector's score, the classifier's confidence in the same label, and 1 if a person found the label
correct.
"""

import numpy as np

from models.taxonomy import rows
from tag.embedded.combine import Evidence, evidence

RIDGE = 0.05  # keeps the weights finite: there are only a hundred cases
STEPS = 50  # of Newton's method, which converges in ten


def fit() -> Evidence:
    """Return the weights of a logistic regression over tables/detections.tsv."""
    cases = list(rows("detections"))
    given = np.array([evidence(label, float(s), float(c)) for label, s, c, _ in cases])
    right = np.array([float(verdict) for *_, verdict in cases])
    weights = np.zeros(given.shape[1])
    ridge = RIDGE * np.eye(len(weights))
    for _ in range(STEPS):
        expected = 1 / (1 + np.exp(-given @ weights))
        slope = given.T @ (expected - right) + ridge @ weights
        curvature = (given.T * (expected * (1 - expected))) @ given + ridge
        weights -= np.linalg.solve(curvature, slope)
    bias, score, common, classifier = weights.tolist()
    return bias, score, common, classifier


if __name__ == "__main__":
    print(*(f"{weight:.2f}" for weight in fit()))  # noqa: T201  # the output
