"""Which clips and frames are known to be neutral, by the raw labels of a dataset."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.data.datasets.dataset import Neutral
from transferpain.data.datasets.index import Index, read_index
from transferpain.data.datasets.neutral import neutral_clips, neutral_of
from transferpain.data.datasets.registry import DATASETS
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin

# What the papers of the datasets call no pain: BioVid's baseline, AI4Pain's block without a stimulus, MIntPAIN's level
# 0, and of UNBC-McMaster frames in which no coded unit of the PSPI is there.
NEUTRAL = {
    "biovid": "stimulus BL1",
    "ai4pain": "level none",
    "mintpain": "level 0",
    "unbc": "pspi 0",
    "pain3d": "pspi 0",
    "ferplus": "None",
}


def index(clips: pd.DataFrame, frames: pd.DataFrame | None = None, name: str = "mine") -> Index:
    table = clips.assign(dataset=name, kind=clips.get("kind", "images"))
    return Index(SimpleNamespace(name=name, neutral=None), Path(), table, False, "hash", (), frames)


def sequences() -> Index:
    """Two sequences each of a, one without pain, of b, with a single neutral frame, and of c; two have no labels."""
    names = ["a1", "a2", "b1", "b2", "c1", "c2"]
    clips = pd.DataFrame({"subject": list("aabbcc"), "clip": names, "media": names, "pspi": [0, 4, 3, None, 2, None]})
    frames = pd.DataFrame(
        {
            "clip": ["a1"] * 2 + ["a2"] * 3 + ["b1"] * 3 + ["c1"] * 2,
            "frame": [1, 2, 1, 2, 3, 1, 2, 3, 1, 2],
            "pspi": pd.array([0, 0, 0, 4, 0, 3, 0, None, 2, None], "Int64"),
        }
    )
    return index(clips, frames)


@pytest.mark.parametrize("name", list(DATASETS))
def test_each_dataset_says_which_of_its_faces_are_neutral_or_nothing(name):
    assert str(DATASETS[name].neutral) == NEUTRAL[name]


def test_texts_count_by_their_letters_numbers_by_their_value_and_missing_labels_not():
    assert Neutral("level", ("none",)).are(pd.Series(["none", "low", None, "None"])).tolist() == [
        True,
        False,
        False,
        False,
    ]
    for values in (pd.array([0, 1, None], "Int64"), [0.0, 1.0, np.nan], ["0", "1", ""]):
        assert Neutral("pspi", (0,)).are(pd.Series(values)).tolist() == [True, False, False]
    assert Neutral("rating", (0, "none")).are(pd.Series(["0", "none", "3"])).tolist() == [True, True, False]


def test_labels_of_frames_say_which_frames_of_a_clip_are_neutral():
    found = neutral_clips(sequences(), Neutral("pspi", (0,))).set_index("clip")
    assert found.index.tolist() == ["a1", "a2", "b1"]
    assert found["whole"].tolist() == [True, False, False]
    assert [places.tolist() for places in found["places"]] == [[0, 1], [0, 2], [1]]


def test_frames_are_counted_as_their_medium_does():
    of = sequences()
    shifted = index(of.clips.drop(columns=["dataset", "kind"]), of.frames.assign(row=of.frames["frame"] * 10))
    found = neutral_clips(shifted, Neutral("pspi", (0,))).set_index("clip")
    assert found.loc["a2", "places"].tolist() == [10, 30]


def test_pieces_of_a_sequence_are_neutral_as_a_whole_or_not_at_all():
    cut = index(
        pd.DataFrame({"subject": "a", "clip": ["a1", "a2"], "media": "a", "pspi": [0, 4], "kind": "image_span"})
    )
    found = neutral_clips(Index(**{**vars(cut), "frames": sequences().frames}), Neutral("pspi", (0,)))
    assert (found["clip"].tolist(), found["places"].tolist(), found["whole"].tolist()) == (["a1"], [None], [True])


def test_a_dataset_that_says_nothing_and_a_column_that_is_not_there_are_refused():
    with pytest.raises(UserError, match=r"Nothing says which faces of mine are neutral(.|\n)*reference\.neutral"):
        neutral_of(sequences().dataset, None)
    assert neutral_of(sequences().dataset, Neutral("opr", (0,))) == Neutral("opr", (0,))
    with pytest.raises(UserError, match=r"(?s)no column that says which.*Received: opr.*Choose one of subject, clip"):
        neutral_clips(sequences(), Neutral("opr", (0,)))


@pytest.mark.parametrize(("name", "settings"), [("unbc", {"clips": 2, "seconds": 0.5}), ("mintpain", {"clips": 1})])
def test_everybody_of_a_twin_has_a_neutral_clip(tmp_path, name, settings):
    write_twin(name, tmp_path, TwinSettings(subjects=3, seed=3, **settings), lambda frames: None)
    read = read_index(name, tmp_path)
    found = neutral_clips(read, neutral_of(read.dataset, None))
    assert set(found["subject"]) == set(read.clips["subject"])
    if name == "unbc":
        (places,) = found["places"].iloc[:1]
        frames = read.frames[read.frames["clip"] == found["clip"].iloc[0]].reset_index(drop=True)
        assert (frames.loc[places, "pspi"] == 0).all()
        assert (frames.drop(index=places)["pspi"] != 0).all()
