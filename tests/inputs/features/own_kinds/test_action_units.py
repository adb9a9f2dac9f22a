import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.core.store import write_text
from transferpain.inputs.features.cache import read_features
from transferpain.inputs.features.own import keep_own, own_clips, own_contents, own_stage
from transferpain.inputs.features.own_kinds.action_units import statistics
from transferpain.inputs.features.settings import FeatureSettings

OPENFACE = """\
frame, confidence, success, AU04_r, AU12_r
1, 0.9, 1, 0.0, 1.0
2, 0.9, 1, 2.0, 1.0
3, 0.0, 0, 5.0, 5.0
4, 0.4, 1, 4.0, 1.0
5, 0.9, 1, 5.0, 3.0
"""
# Mean, standard deviation, minimum, median, maximum of AU4 and of AU12 in the frames 1, 2 and 4.
BY_HAND = [2, np.sqrt(8 / 3), 0, 2, 4, 1, 0, 1, 1, 1]
TOOLS = {
    "py-feat": "frame,FaceScore,AU04,AU12\n0,0.9,0.5,0.25\n1,0.9,,0.5\n2,0.9,1.0,0.75\n",
    "libreface": "frame_idx,au_4_intensity,au_12_intensity\n0,0.5,0.25\n1,,\n2,1.0,0.75\n",
}


def features_of(root, text, stretch, **settings):
    write_text(root / "units" / "rest.csv", text)
    settings = FeatureSettings(folder="units", files="action_units", **settings)
    stage = own_stage(pd.DataFrame({"clip": ["p01/rest"]}), settings, root, root / "cache")
    (path,) = keep_own(stage.assign(stretch=stretch), settings, root / "cache")["features"]
    return read_features(path)[0]


def test_statistics_are_those_of_the_frames_with_a_face_of_the_stretch(tmp_path):
    np.testing.assert_allclose(features_of(tmp_path, OPENFACE, 4), BY_HAND, rtol=1e-3)
    assert features_of(tmp_path, OPENFACE, 5)[4] == 5  # of a longer stretch


def test_frames_of_which_the_tool_was_less_sure_are_without_a_face(tmp_path):
    np.testing.assert_allclose(features_of(tmp_path, OPENFACE, 4, least_confidence=0.5)[:5], [1, 1, 0, 1, 2])
    assert np.isnan(features_of(tmp_path, OPENFACE, 4, least_confidence=0.95)).all()


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_is_read_and_a_frame_without_a_number_left_out(tool, tmp_path):
    np.testing.assert_allclose(features_of(tmp_path, TOOLS[tool], 3)[[0, 4, 5, 9]], [0.75, 1, 0.5, 0.75], rtol=1e-3)


def test_a_tool_without_confidence_cannot_be_asked_for_it(tmp_path):
    with pytest.raises(UserError, match=r"least_confidence: 0\.5; a table of LibreFace"):
        features_of(tmp_path, TOOLS["libreface"], 3, least_confidence=0.5)


def timed(rate):
    head, *rows = OPENFACE.splitlines()
    return "\n".join([f"{head}, timestamp", *(f"{row}, {place / rate:.3f}" for place, row in enumerate(rows))]) + "\n"


@pytest.mark.parametrize("stated", [24, 30, 50])
def test_times_of_another_rate_than_is_stated_are_refused(stated, tmp_path):
    with pytest.raises(UserError, match=rf"25 a second by its times; rate: {stated}"):
        features_of(tmp_path, timed(25), 4, rate=stated)


@pytest.mark.parametrize(("filmed", "stated"), [(25, 25), (29.97, 30), (25, None)])
def test_times_of_the_stated_rate_change_nothing(filmed, stated, tmp_path):
    np.testing.assert_allclose(features_of(tmp_path, timed(filmed), 4, rate=stated), BY_HAND, rtol=1e-3)


def test_a_confidence_in_percent_is_no_share(tmp_path):
    with pytest.raises(UserError, match=r"from 0 to 1(.|\n)*a confidence of 90"):
        features_of(tmp_path, OPENFACE.replace("5, 0.9", "5, 90"), 4, least_confidence=0.5)


def test_the_file_that_comes_near_is_named_with_its_folder(tmp_path):
    write_text(tmp_path / "units" / "p01" / "rest.csv", OPENFACE)
    write_text(tmp_path / "units" / "p02" / "rest.csv", OPENFACE)
    with pytest.raises(UserError, match="no file of 'p01/rest-2'; 'p01/rest' is there"):
        own_clips(
            pd.DataFrame({"clip": ["p01/rest", "p02/rest", "p01/rest-2"]}),
            FeatureSettings(folder="units", files="action_units"),
            tmp_path,
        )


def test_of_one_frame_nothing_spreads_and_of_none_all_is_missing():
    np.testing.assert_array_equal(statistics(np.array([[2.0, 3.0]])), [2, 0, 2, 2, 2, 3, 0, 3, 3, 3])
    assert np.isnan(statistics(np.zeros((0, 2)))).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OPENFACE.replace(", AU12_r", ", AU15_r"), "differ in width(.|\n)*AU4, AU12(.|\n)*AU4, AU15"),
        (TOOLS["py-feat"], "differ in width(.|\n)*OpenFace 2 with(.|\n)*py-feat with"),
        (OPENFACE.replace("_r", "_c").replace("2.0", "1").replace("4.0", "1").replace("5.0", "1").replace("3.0", "1"),
         "no intensities"),
        ("frame;confidence;success;AU04_r\n1;0.9;1;2\n", "cannot be used as a table of action units"),
    ],
    ids=["units", "tools", "presence", "semicolons"],
)  # fmt: skip
def test_tables_that_do_not_go_together_are_refused(text, message, tmp_path):
    write_text(tmp_path / "units" / "rest.csv", OPENFACE)
    write_text(tmp_path / "units" / "pain.csv", text)
    with pytest.raises(UserError, match=message):
        own_clips(
            pd.DataFrame({"clip": ["rest", "pain"]}), FeatureSettings(folder="units", files="action_units"), tmp_path
        )


def test_the_index_beside_the_tables_is_none_of_them(tmp_path):
    settings = FeatureSettings(folder="units", files="action_units")
    write_text(tmp_path / "units" / "rest.csv", OPENFACE)
    before = own_contents(settings, tmp_path, tmp_path / "cache")
    write_text(tmp_path / "units" / "index.csv", "media,subject\nrest.csv,p01\n")
    assert own_contents(settings, tmp_path, tmp_path / "cache") == before
    assert own_clips(pd.DataFrame({"clip": ["rest"]}), settings, tmp_path)["num_frames"].tolist() == [5]
