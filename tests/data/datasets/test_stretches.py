from pathlib import Path

import pandas as pd
import pytest

from tests.data.datasets.trees import touch
from tests.data.media.test_video import plain
from tests.inputs.faces.drawing import write_video
from transferpain.core.errors import UserError
from transferpain.data.datasets.stretches import check_ends, check_people

TABLE = Path("index.csv")


def clips_of(*rows: tuple[str, str, int | None, int | None]) -> pd.DataFrame:
    """Rows of an index, by medium, subject, first frame and the one after the last; whole videos without these."""
    names = [f"{number}" for number, _ in enumerate(rows)]
    spans = [(first or 0, pd.NA if end is None else end - (first or 0)) for _, _, first, end in rows]
    table = pd.DataFrame(rows, columns=["media", "subject", "start", "end"], index=range(2, len(rows) + 2))
    table["clip"], table["first_frame"] = names, [first for first, _ in spans]
    table["num_frames"] = pd.array([length for _, length in spans], dtype="Int64")
    table["kind"] = ["video" if start is None and end is None else "span" for _, _, start, end in rows]
    return table


@pytest.mark.parametrize(
    "rows",
    [
        (("a", "anna", None, None), ("a", "otto", None, None)),
        (("a", "anna", None, None), ("a", "otto", 5, 9)),
        (("a", "anna", 0, 10), ("a", "otto", 9, 20)),
        (("a", "anna", 50, None), ("a", "otto", 90, 95)),
        (("a", "anna", 0, 100), ("a", "anna", 10, 20), ("b", "otto", 0, 5), ("a", "otto", 30, 40)),
    ],
)
def test_frames_of_two_people_are_refused(rows):
    with pytest.raises(UserError, match=r"two subjects(.|\n)*line \d: 'anna in (.|\n)*'otto in "):
        check_people(TABLE, clips_of(*rows), [])


def test_frames_that_clips_of_one_person_share_are_mentioned():
    problems = []
    rows = (("a", "anna", 0, 10), ("a", "anna", 5, 20), ("a", "otto", 20, 30), ("b", "otto", None, None))
    check_people(TABLE, clips_of(*rows), problems)
    assert problems == ["1 clips have frames that another has, too: 0 and 1."]


def test_a_span_lies_within_its_video(tmp_path):
    write_video(tmp_path / "a.mp4", plain((90, 90, 90), 6))
    touch(tmp_path / "damaged.mp4")
    within = (("a.mp4", "anna", 0, 6), ("a.mp4", "anna", 5, None), ("damaged.mp4", "otto", 3, 4))
    check_ends(TABLE, clips_of(*within), tmp_path, None)
    for first, end in ((3, 7), (6, None)):
        with pytest.raises(UserError, match=r"behind the last frame(.|\n)*line 5: '3, of a video of 6 frames'"):
            check_ends(TABLE, clips_of(*within, ("a.mp4", "anna", first, end)), tmp_path, None)
