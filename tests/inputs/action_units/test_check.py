import os
from pathlib import Path

import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.inputs.action_units.check import check_proxies, compare, enlarge, judge
from transferpain.inputs.action_units.geometry import MEASURES, POINTS
from transferpain.inputs.action_units.proxy import UNITS, Coefficients


def test_units_are_marked_by_what_was_found():
    random = np.random.default_rng(0)
    emotions = np.array(["happiness", "neutral", "surprise", "anger"] * 30)
    points = np.tile(random.normal(0, 50, (POINTS, 3)), (120, 1, 1))
    # The mouth is wide in happiness; nothing tells surprise.
    points[emotions == "happiness", 291, 0] += 100
    points[:4] = np.nan
    weights = np.zeros((len(UNITS), len(MEASURES)))
    weights[UNITS.index(12), list(MEASURES).index("mouth width")] = 1
    found = compare(points, emotions, Coefficients(np.full(len(UNITS), 0.5), weights), seed=0)
    assert found["faces_found"] == pytest.approx(116 / 120, abs=1e-4)
    assert found["areas"]["12"]["area"] == 1
    assert (found["areas"]["12"]["shown_in"], found["areas"]["12"]["not_shown_in"]) == (29, 87)
    assert found["areas"]["25"]["area"] == 0.5
    assert (found["areas"]["25"]["shown_in"], found["areas"]["25"]["not_shown_in"]) == (29, 29)
    # Whatever is high in every sample is checked; one sample in which it is not is enough to fail.
    none = dict.fromkeys(map(str, UNITS), "unvalidated")
    checked, failed = "checked on real faces", "failed on real faces"
    assert judge([found["areas"]]) == none | {"12": checked, "25": failed, "26": failed}
    worse = found["areas"] | {"12": {"area": 0.84}, "25": {"area": 0.85}}
    assert judge([found["areas"], worse]) == none | {"12": failed, "25": failed, "26": failed}
    assert judge([worse])["25"] == checked


def test_pictures_are_enlarged_as_they_are():
    large = enlarge(np.full((48, 48), 77, np.uint8))
    assert large.shape == (192, 192, 3)
    assert (large == 77).all()


def test_a_twin_checks_nothing(tmp_path):
    write_twin("ferplus", tmp_path, TwinSettings(subjects=3, clips=1), lambda frames: None)
    with pytest.raises(UserError, match="drawn faces"):
        check_proxies(tmp_path)


@pytest.mark.slow
def test_proxies_on_real_faces():
    if "TRANSFERPAIN_FER2013" not in os.environ:
        pytest.skip("TRANSFERPAIN_FER2013 names no folder with the real fer2013.csv and fer2013new.csv")
    found = check_proxies(Path(os.environ["TRANSFERPAIN_FER2013"]), pictures=600, seed=1)
    for sample in found["samples"].values():
        assert sample["faces_found"] > 0.9
        assert sample["areas"]["12"]["interval"][1] > 0.85
