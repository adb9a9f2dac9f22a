import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.inputs.signals.lengths import check_reach


def check(samples, seconds, frames=138, rate=512.0):
    names = [f"p{number}" for number in range(len(samples))]
    clips = pd.DataFrame({"clip": names, "num_frames": frames, "fps": 25.0}).astype({"num_frames": "Int64"})
    check_reach(clips, pd.DataFrame({"num_frames": samples, "fps": rate}), seconds)


def test_signals_that_end_a_little_before_their_clips_are_as_long():
    check([2816] * 4, 10.0)  # 5.5 of 5.52 s
    check([2700] * 4, 10.0)


def test_signals_that_end_far_before_their_clips_are_refused_by_name():
    message = r"2 of 4 clips are longer than their signals(.|\n)*'p1': 2 of 5\.52 s; 'p3': 1 of 5\.52 s"
    with pytest.raises(UserError, match=message + r"(.|\n)*window\.seconds=1"):
        check([2816, 1024, 2816, 512], 10.0)


def test_where_less_is_read_they_need_not_be_longer():
    check([1024] * 4, 2.0)
    with pytest.raises(UserError, match=r"'p0': 2 of 3 s"):
        check([1024] * 4, 3.0)


def test_a_few_are_left_out_later():
    check([2816] * 19 + [512], 5.5)


def test_a_clip_whose_length_nobody_knows_cannot_be_longer():
    check([512] * 4, 5.5, frames=pd.NA)


def test_a_rate_that_is_too_high_shows_as_signals_that_are_too_short():
    with pytest.raises(UserError, match="correct the rate"):
        check([2816] * 4, 5.5, rate=1000.0)
