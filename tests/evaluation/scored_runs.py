"""Drawn runs of every kind that metrics.json tells apart."""

import numpy as np
import pandas as pd

from tests.evaluation.drawn import draw_predictions


def cases() -> dict[str, tuple[pd.DataFrame, tuple[str, ...], bool]]:
    """Return name -> predictions, names of the classes, whether they are ordered levels."""
    three = ("none", "low", "high")
    table = draw_predictions(seeds=(0, 1, 5), spread=0.2)
    lost = table.copy()
    lost.loc[lost.index[::7], "coverage"] = 0.0
    selected = draw_predictions((3, 2, 2), seeds=(0, 1), seed=3)
    selected = selected.assign(selected=~selected["clip"].str.endswith("000"))
    copies = draw_predictions((3, 4), seeds=(0, 1), seed=4)
    copies = copies.assign(in_training=copies["clip"].str.endswith("001"))
    constant = draw_predictions(seeds=(0, 1), subjects=5)
    constant.loc[constant["seed"] == 1, "y_pred"] = 2
    unlabelled = draw_predictions(subjects=3)
    unlabelled = unlabelled.assign(y_true=pd.array([pd.NA] * len(unlabelled), dtype="Int64"))
    images = draw_predictions((1, 0, 0), subjects=40, seed=7)
    images = images.assign(y_true=pd.array(np.arange(len(images)) % 3, dtype="Int64"))
    one_class = draw_predictions(subjects=4).assign(y_true=lambda rows: pd.array([1] * len(rows), dtype="Int64"))
    return {
        "levels": (table, three, True),
        "no face in some clips": (lost, three, False),
        "selected rows": (selected, three, False),
        "copies of training pictures": (copies, ("no pain", "pain"), False),
        "a constant answer": (constant, three, True),
        "no face at all": (draw_predictions(subjects=3).assign(coverage=0.0), three, True),
        "no label": (unlabelled, three, False),
        "images": (images, three, False),
        "one class": (one_class, three, True),
        "an absent class": (draw_predictions((4, 4, 0), seeds=(0, 1)), three, False),
        "rare class, draws lose it": (draw_predictions((3, 3), subjects=3, seed=9).drop(index=[9, 10, 11, 15, 16, 17]),
                                      ("no pain", "pain"), False),
        "one subject": (draw_predictions(subjects=1), three, True),
    }  # fmt: skip
