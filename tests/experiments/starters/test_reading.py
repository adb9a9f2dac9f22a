from pathlib import Path

import pandas as pd
import pytest

from transferpain.experiments.starters.reading import propose_reading


def reading(frames, fps, kind="video"):
    clips = pd.DataFrame({"kind": kind, "media": "x", "first_frame": 0, "num_frames": frames, "fps": fps})
    return propose_reading(clips.astype({"num_frames": "Int64", "fps": "Float64"}), Path())


@pytest.mark.parametrize(
    ("frames", "window"),
    [
        ([500] * 4, {"seconds": 10.0}),
        ([100, 120, 130], {"seconds": 4.0}),
        ([2] + [100] * 20, {"seconds": 4.0}),  # one that broke off is left out
    ],
)
def test_the_stretch_is_one_that_the_clips_have(frames, window):
    found = reading(frames, [25.0] * len(frames))
    assert (found.window, found.features, found.every) == (window, {"fps": 5.0}, 5)


def test_slow_recordings_are_not_read_faster_than_they_are():
    assert reading([20, 20], [2.0, 30.0]).features == {"fps": 2.0}


@pytest.mark.parametrize(
    ("frames", "window", "taken", "every"), [([40, 90], {"frames": 40}, 16, 2), ([1, 1], {}, 1, 1), ([8, 8], {}, 8, 1)]
)
def test_pictures_are_counted(frames, window, taken, every):
    found = reading(frames, [pd.NA] * len(frames), "images")
    assert (found.window, found.features, found.every) == (window, {"frames": taken}, every)


def test_what_cannot_be_opened_has_a_reading_too(tmp_path):
    assert reading([pd.NA] * 2, [pd.NA] * 2).features == {"frames": 16}
