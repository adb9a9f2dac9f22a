"""Features minus a neutral face, and beside one: by arithmetic on small whole numbers."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.core.store import read_made
from transferpain.data.protocols.fold import Fold
from transferpain.inputs.features.cache import read_features, write_features
from transferpain.inputs.reference.features import (
    Reference,
    beside,
    find_references,
    note_without_face,
    referenced_features,
    spread,
    whose,
)
from transferpain.inputs.reference.settings import ReferenceSettings
from transferpain.inputs.reference.withheld import PLACES, REFERENCE, ROLE, USED

FRAMES = 4
PEOPLE = "abcdef"
FOLD = Fold("fold0", np.array([0, 1, 2]), np.array([3]), np.array([4, 5]), np.arange(6, 12))
DIFFERENCE, PAIR = (ReferenceSettings(form=form, frames=2) for form in ("difference", "pair"))
NAN = [np.nan, np.nan]


def table(folder: Path) -> pd.DataFrame:
    """Of six people one clip each that is used (frame f: 10 p + f, f), and one that is the reference (100 p + f, 0)."""
    rows = []
    for number, name in enumerate([*PEOPLE, *PEOPLE]):
        frames = np.arange(FRAMES, dtype=float)
        person, is_reference = number % 6, number >= 6
        values = [100 * person + frames, 0 * frames] if is_reference else [10 * person + frames, frames]
        path = folder / f"{number}.npy"
        write_features(path, np.stack(values, axis=1).astype(np.float16), {"extractor": ["drawn"]})
        role = REFERENCE if is_reference else USED
        rows.append({"subject": name, "clip": f"{name}{number}", "features": str(path), ROLE: role})
    samples = pd.DataFrame(rows).assign(dataset="mine", row=-1, **{PLACES: None})
    return samples.assign(file_clip=samples["clip"], sampling=[partial(np.arange, FRAMES)] * len(samples))


def read(settings: ReferenceSettings, samples: pd.DataFrame, cache: Path, fold: Fold = FOLD) -> np.ndarray:
    """Return the feature file of each sample of the fold."""
    return referenced_features(settings, samples, [fold], find_references(samples), cache)[fold.name]


@pytest.mark.parametrize(
    ("rows", "wanted", "places"),
    [(10, 1, [5]), (10, 3, [1, 5, 8]), (4, 2, [1, 3]), (3, 10, [0, 1, 2]), (1, 1, [0]), (0, 3, [])],
)
def test_frames_are_spread_evenly_and_none_is_taken_twice(rows, wanted, places):
    assert spread(rows, wanted).tolist() == places


def test_a_difference_is_taken_to_the_mean_of_the_frames(tmp_path):
    files = read(DIFFERENCE, table(tmp_path), tmp_path)
    # Of person 2 the clip begins at 20; frames 1 and 3 of the reference have the mean 202, 0.
    np.testing.assert_array_equal(read_features(Path(files[2])), [[-182, 0], [-181, 1], [-180, 2], [-179, 3]])
    assert files[6:].tolist() == [""] * 6
    assert read_made(Path(files[2])) == {"extractor": ["drawn"], "adaptation": "reference difference"}


def test_a_pair_has_both_side_by_side(tmp_path):
    files = read(PAIR, table(tmp_path), tmp_path)
    features = read_features(Path(files[1]))
    np.testing.assert_array_equal(features, [[10, 0, 102, 0], [11, 1, 102, 0], [12, 2, 102, 0], [13, 3, 102, 0]])
    assert features.dtype == np.float16


def test_what_is_taken_out_and_not_read_changes_nothing(tmp_path):
    samples = table(tmp_path)
    assert read(ReferenceSettings(form="withheld"), samples, tmp_path).tolist() == samples["features"].tolist()


def test_features_of_ones_own_keep_their_type(tmp_path):
    samples = table(tmp_path)
    write_features(tmp_path / "0.npy", np.full((FRAMES, 2), 1 / 3, np.float32))
    features = read_features(Path(read(DIFFERENCE, samples, tmp_path)[0]))
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[:, 0], 1 / 3 - 2, rtol=1e-6)


def test_frames_without_a_face_stay_missing_and_are_no_reference(tmp_path):
    samples = table(tmp_path)
    write_features(tmp_path / "1.npy", np.array([[1, 1], NAN, [3, 3], [4, 4]], np.float16))
    write_features(tmp_path / "7.npy", np.array([NAN, [8, 8], NAN, NAN], np.float16))
    pair = read_features(Path(read(PAIR, samples, tmp_path)[1]))
    np.testing.assert_array_equal(pair, [[1, 1, 8, 8], [np.nan] * 4, [3, 3, 8, 8], [4, 4, 8, 8]])
    reference = find_references(samples)["mine/b"]
    assert (reference.found.tolist(), len(reference.rows(2))) == ([1], 1)


@pytest.mark.parametrize("how", ["faceless", "unusable"])
def test_whose_reference_shows_no_face_has_clips_without_a_face_and_is_named(tmp_path, how, capsys):
    samples = table(tmp_path)
    if how == "unusable":
        samples.loc[7, "features"] = ""
    else:
        write_features(tmp_path / "7.npy", np.full((FRAMES, 2), np.nan, np.float16))
    files = read(DIFFERENCE, samples, tmp_path)
    assert [bool(file) for file in files[:6]] == [True, False, True, True, True, True]
    assert note_without_face(find_references(samples)) == ("mine/b",)
    assert "the neutral clip of 1 of 6 subjects shows no face" in capsys.readouterr().err


def test_only_neutral_frames_of_a_clip_are_read(tmp_path):
    samples = table(tmp_path).astype({PLACES: object})
    samples.at[6, PLACES] = np.array([0, 2])
    assert find_references(samples)["mine/a"].neutral.tolist() == [0, 2]
    # Every second frame of the medium has a feature row: its neutral frames 0, 2 and 3 are the rows 0 and 1.
    samples.at[6, PLACES] = np.array([0, 2, 3])
    samples.at[6, "sampling"] = lambda: np.arange(FRAMES) * 2
    assert find_references(samples)["mine/a"].neutral.tolist() == [0, 1]


def test_rows_that_are_no_frames_are_all_neutral(tmp_path):
    # One row of measures of a clip whose medium has many frames, or samples.
    samples = table(tmp_path).astype({PLACES: object})
    samples.at[6, PLACES] = np.arange(FRAMES)
    for number in range(12):
        write_features(tmp_path / f"{number}.npy", np.float32([[number, 1]]), {"own": "measures"})
    references = find_references(samples, of_frames=False)
    assert [one.neutral.tolist() for one in references.values()] == [[0]] * 6
    assert references["mine/a"].mean(2).tolist() == [6, 1]
    samples.at[7, "features"] = ""
    assert not len(find_references(samples, of_frames=False)["mine/b"].found)


def test_of_single_frames_the_neutral_rows_are_read(tmp_path):
    samples = table(tmp_path)
    own = samples.iloc[[6, 6]].assign(row=[3, 1])
    reference = find_references(pd.concat([samples.iloc[:6], own], ignore_index=True))["mine/a"]
    assert reference.neutral.tolist() == [1, 3]
    np.testing.assert_array_equal(reference.mean(2), [2, 0])


def people_of(given: dict[str, str]) -> list[str]:
    return [given[f"mine/{name}"].removeprefix("mine/") for name in PEOPLE]


NAMES = np.array([f"mine/{name}" for name in [*PEOPLE, *PEOPLE]])
ANOTHER = ReferenceSettings(form="difference", frames=1, of="another")


def test_a_wrong_person_is_another_one_of_the_same_part():
    given = people_of(whose(ANOTHER, NAMES, FOLD, NAMES[:6]))
    assert all(own != other for own, other in zip(PEOPLE, given, strict=True))
    assert sorted(given[:3]) == list("abc")
    assert given[4:] == ["f", "e"]
    assert given[3] in "abcef"  # alone in its part
    assert people_of(whose(ANOTHER, NAMES, FOLD, NAMES[:6])) == given
    assert people_of(whose(DIFFERENCE, NAMES, FOLD, NAMES[:6])) == list(PEOPLE)


def test_who_has_no_face_to_compare_with_is_nobodys_wrong_person():
    given = whose(ANOTHER, NAMES, FOLD, [name for name in NAMES[:6] if name != "mine/b"])
    assert "mine/b" not in {*given, *given.values()}
    assert {given["mine/a"], given["mine/c"]} == {"mine/a", "mine/c"}
    assert (
        whose(ANOTHER, NAMES, replace(FOLD, train=np.array([0]), selection=FOLD.train[:0], test=FOLD.train[:0]), NAMES)
        == {}
    )


def test_features_are_those_of_the_wrong_person(tmp_path):
    samples = table(tmp_path)
    files = read(ANOTHER, samples, tmp_path)
    given = whose(ANOTHER, NAMES, FOLD, NAMES[:6])
    for place, name in enumerate(PEOPLE):
        other = PEOPLE.index(given[f"mine/{name}"][-1])
        expected = 10 * place + np.arange(FRAMES) - (100 * other + 2)
        np.testing.assert_array_equal(read_features(Path(files[place]))[:, 0], expected)


def test_what_is_there_is_not_written_again_and_nothing_is_mixed_up(tmp_path):
    samples = table(tmp_path)
    files = read(DIFFERENCE, samples, tmp_path)
    before = Path(files[0]).stat().st_mtime_ns
    assert read(DIFFERENCE, samples, tmp_path).tolist() == files.tolist()
    assert Path(files[0]).stat().st_mtime_ns == before
    others = [
        read(settings, samples, tmp_path)[0]
        for settings in (PAIR, ANOTHER, ReferenceSettings(form="difference", frames=1))
    ]
    assert len({files[0], *others}) == 4


def test_a_difference_that_the_cache_cannot_hold_is_refused(tmp_path):
    samples = table(tmp_path)
    write_features(tmp_path / "0.npy", np.full((FRAMES, 2), 6e4, np.float16))
    write_features(tmp_path / "6.npy", np.full((FRAMES, 2), -6e4, np.float16))
    with pytest.raises(UserError, match="does not fit into the cache"):
        read(DIFFERENCE, samples, tmp_path)


def test_the_arithmetic_alone():
    features, vector = np.array([[3.0, 4.0], NAN]), np.array([1.0, 1.0])
    np.testing.assert_array_equal(beside(DIFFERENCE, features, vector), [[2, 3], NAN])
    np.testing.assert_array_equal(beside(PAIR, features, vector), [[3, 4, 1, 1], NAN * 2])
    assert Reference("", np.arange(3)).found.tolist() == []
