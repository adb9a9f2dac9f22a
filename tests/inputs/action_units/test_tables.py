"""Tables as the tools write them: the columns of OpenFace's wiki, py-feat's own samples, LibreFace's code."""

import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.inputs.action_units.tables import read_action_units

# OpenFace writes a blank before each name but the first, and counts frames from 1.
OPENFACE = """\
frame, face_id, timestamp, confidence, success, pose_Rx, AU04_r, AU06_r, AU07_r, AU09_r, AU10_r, AU45_r, AU04_c, AU28_c, AU45_c
1, 0, 0.000, 0.98, 1, 0.1, 1.20, 0.50, 2.00, 0.00, 1.10, 0.30, 1.00, 0.00, 1.00
2, 0, 0.033, 0.02, 0, 0.1, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00
3, 0, 0.067, 0.93, 1, 0.1, 5.00, 0.00, 0.00, 3.00, 1.00, 4.10, 1.00, 1.00, 0.00
"""  # noqa: E501
PY_FEAT = """\
FaceRectX,FaceRectY,FaceScore,x_0,AU01,AU04,AU06,AU07,AU09,AU10,AU43,happiness,input,frame
196.9,140.1,0.998,10.5,0.1,0.5,0.25,0.5,0.0,0.25,0.125,0.9,a.mp4,0.0
,,,,,,,,,,,,a.mp4,1.0
nan,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan,a.mp4,2.0
"""
LIBREFACE = """\
frame_idx,frame_time_in_ms,pitch,au_1,au_7,au_10,au_1_intensity,au_4_intensity,au_26_intensity,facial_expression
0,0.0,1.5,0,1,0,0.4,2.5,5.02,Neutral
1,33.3,1.5,0,0,1,-0.03,0.0,1.0,Happiness
"""


def write(folder, text, name="table.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path) -> str:
    with pytest.raises(UserError) as error:
        read_action_units(path)
    return str(error.value)


def test_openface_has_intensities_and_detections_and_unmeasured_frames_are_missing(tmp_path):
    units = read_action_units(write(tmp_path, OPENFACE))
    assert units.estimator.title == "OpenFace 2"
    assert units.estimator.scale == "intensity 0 to 5"
    assert units.intensities.index.tolist() == [0, 1, 2]
    assert units.intensities.columns.tolist() == [4, 6, 7, 9, 10, 45]
    assert units.presences.columns.tolist() == [4, 28, 45]
    assert units.intensities.loc[0, 7] == 2.0
    assert units.found.tolist() == [True, False, True]
    # A frame without success holds zeros, which are no measurement.
    assert units.intensities.loc[1].isna().all()
    assert units.presences.loc[1].isna().all()
    assert units.confidence.tolist() == [0.98, 0.02, 0.93]
    assert units.coverage == pytest.approx(2 / 3)


def test_py_feat_is_on_its_own_scale(tmp_path):
    units = read_action_units(write(tmp_path, PY_FEAT))
    assert units.estimator.scale == "activation 0 to 1"
    assert units.intensities.columns.tolist() == [1, 4, 6, 7, 9, 10, 43]
    assert units.found.tolist() == [True, False, False]
    assert units.presences.columns.empty
    assert np.isnan(units.confidence.loc[1])


def test_libreface_detects_and_rates_different_units_and_overshoots_its_scale(tmp_path):
    units = read_action_units(write(tmp_path, LIBREFACE))
    assert units.estimator.scale == "intensity 0 to 5"
    assert units.intensities.to_dict("list") == {1: [0.4, 0.0], 4: [2.5, 0.0], 26: [5.0, 1.0]}
    assert units.presences.to_dict("list") == {1: [0, 0], 7: [1, 0], 10: [0, 1]}
    assert units.confidence.isna().all()


@pytest.mark.parametrize(("text", "rate"), [(OPENFACE, 29.9), (LIBREFACE, 30.0), (PY_FEAT, None)])
def test_times_tell_the_rate(text, rate, tmp_path):
    assert read_action_units(write(tmp_path, text)).rate == (rate and pytest.approx(rate, abs=0.1))


def test_the_times_of_pictures_tell_nothing(tmp_path):
    text = OPENFACE.replace("0.033,", "0.000,").replace("0.067,", "0.000,")
    assert read_action_units(write(tmp_path, text)).rate is None


def test_times_of_a_frame_that_was_left_out_count_it(tmp_path):
    first, last = OPENFACE.splitlines(keepends=True)[1::2]
    text = OPENFACE.splitlines(keepends=True)[0] + first + last
    assert read_action_units(write(tmp_path, text)).rate == pytest.approx(29.9, abs=0.1)


def test_times_that_fall_are_refused(tmp_path):
    assert "0.033 s after 0.067 s" in refusal(
        write(tmp_path, OPENFACE.replace("0.033", "0.067").replace("0.067, 0.93", "0.033, 0.93"))
    )


def test_one_picture_needs_no_frame_number(tmp_path):
    # FaceLandmarkImg and LibreFace write one for a single picture: no frame, no success.
    text = "face, confidence, AU04_r, AU04_c\n0, 0.95, 1.5, 1\n"
    assert read_action_units(write(tmp_path, text)).intensities.to_dict() == {4: {0: 1.5}}
    assert "frame" in refusal(write(tmp_path, text + "1, 0.9, 1, 0\n"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no columns"),
        ("a,b\n1,2\n", "a,b"),
        ("frame,AU04\n0,1\n", "the scale is unknown"),
        ("frame,confidence,AU04_r,FaceScore,AU04\n1,1,1,1,1\n", "columns of py-feat and OpenFace 2"),
        ("frame,confidence,success,AU04_r\n", "no rows"),
        ("frame,confidence,success,AU04_r\n1,1,1,7.5\n", "AU04_r, line 2: 7.5"),
        ("frame,confidence,success,AU04_r\n1,1,1,inf\n", "line 2: inf"),
        ("frame,confidence,success,AU04_c\n1,1,1,0.5\n", "A detection is 0 or 1"),
        ("frame,confidence,success,AU04_r\n1,1,2,1\n", "success, line 2"),
        ("frame,confidence,success,AU04_r\n1,1,1,1\n1,1,1,2\n", "one person's face"),
        ("frame,confidence,success,AU04_r\n0,1,1,1\n", "counted from 1"),
        ("frame,confidence,success,AU04_r\n,1,1,1\n", "counted from 1"),
        ("frame,confidence,success,AU04_r\n1,1,1,1\ninf,1,1,1\n", "counted from 1"),
        ("frame,confidence,success,AU04_r\n1,1,1,1\n1e300,1,1,1\n", "counted from 1"),
        ("frame_idx,au_1,au_1_intensity\n0,1,1\ninf,1,1\n", "counted from 0"),
        ("frame,confidence,success,AU04_r\n1.5,1,1,1\n", "counted from 1"),
        ("frame,confidence,success,AU04_r\n1,1,1,much\n", "AU04_r, line 2: much"),
        ("frame,confidence,success,AU04_r\n1,1,1,1\n2,1,1,1,9\n", "line 3: 5 cells"),
        ("frame,confidence,success,AU04_r\n1,1,1,1\n2,1\n", "line 3: 2 cells"),
        ("frame,confidence,success,AU04_r,AU04_r\n1,1,1,1,2\n", "one column"),
        ("frame,FaceScore,AU04\n0,1,3.5\n", "The scale of AU04 is 0 to 1"),
        ("frame_idx,au_4_intensity\n0,2.5\n1,55\n", "au_4_intensity, line 3: 55"),
        ("frame_idx,au_4_intensity\n0,-5.5\n", "au_4_intensity, line 2: -5.5"),
    ],
)
def test_what_is_no_such_table_is_refused_with_the_place(tmp_path, text, told):
    message = refusal(write(tmp_path, text))
    assert told in message
    assert "table.csv cannot be used as a table of action units" in message


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path):
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81")
    assert "UTF-8" in refusal(tmp_path / "binary.csv")
    (tmp_path / "wide.csv").write_bytes("frame,confidence,success,AU04_r\n1,1,1,1\n".encode("utf-16"))
    assert "iconv -f UTF-16 -t UTF-8" in refusal(tmp_path / "wide.csv")
    assert "No such file" in refusal(tmp_path / "absent.csv")


def with_index(text: str) -> str:
    """A table as pandas writes it with its index: a first column without a name."""
    lines = [f"{'' if number == 0 else number - 1},{line}" for number, line in enumerate(text.splitlines())]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("text", [OPENFACE, PY_FEAT, LIBREFACE])
def test_a_column_without_a_name_is_no_column(tmp_path, text):
    plain = read_action_units(write(tmp_path, text))
    indexed = read_action_units(write(tmp_path, with_index(text)))
    twice = read_action_units(write(tmp_path, with_index(with_index(text))))
    for other in (indexed, twice):
        assert other.found.equals(plain.found)
        assert other.confidence.equals(plain.confidence)
        assert other.intensities.equals(plain.intensities)
        assert other.presences.equals(plain.presences)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (" success", " Success", "is called success"),
        (" confidence", " confi dence", "has a column confidence"),
        ("frame,", "Frame,", "is called frame"),
        (" AU06_r", " au06_r", "are spelt"),
        (" AU04_c", " AU04_C", "are spelt"),
        (" pose_Rx", " success", "success 2 times"),
        (" pose_Rx", " frame", "frame 2 times"),
    ],
)
def test_a_column_that_would_be_passed_over_is_refused(tmp_path, old, new, told):
    assert told in refusal(write(tmp_path, OPENFACE.replace(old, new, 1)))
