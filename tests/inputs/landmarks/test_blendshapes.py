from types import SimpleNamespace

import numpy as np
import pytest

from transferpain.inputs.landmarks.blendshapes import BLENDSHAPES, scores_of


def said(names) -> list[SimpleNamespace]:
    return [SimpleNamespace(category_name=name, score=BLENDSHAPES.index(name) / 100) for name in names]


def test_each_name_stands_once():
    assert len(BLENDSHAPES) == len(set(BLENDSHAPES)) == 52


def test_scores_come_in_our_order_whatever_the_librarys_is():
    scores = scores_of(said(reversed(BLENDSHAPES)))
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, np.arange(52) / 100)


def test_a_library_without_one_of_them_is_refused():
    with pytest.raises(KeyError, match="jawOpen"):
        scores_of(said(name for name in BLENDSHAPES if name != "jawOpen"))
