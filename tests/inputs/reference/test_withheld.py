"""The neutral clip of each person: which it is, that it stands in no part, and who has none."""

import numpy as np
import pandas as pd
import pytest

from tests.data.datasets.test_neutral import sequences
from tests.inputs.reference.tables import LEAVE_OUT, WITHHELD, by_subject, labelled
from transferpain.core.errors import UserError
from transferpain.inputs.reference.settings import ReferenceSettings
from transferpain.inputs.reference.withheld import (
    PLACES,
    REFERENCE,
    ROLE,
    USED,
    fold_without_references,
    mark_references,
)
from transferpain.inputs.reference.withheld import (
    WITHHELD as HANGS,
)

LEVELS = {name: ["none", "high", "none", "high"] for name in "abcd"}


def marked(levels=LEVELS, settings=WITHHELD, **changes) -> pd.DataFrame:
    index, samples = labelled(levels)
    return mark_references(samples, index, settings, **({"cut": False, "seed": 0} | changes))


def test_one_neutral_clip_of_each_subject_is_the_reference():
    samples = marked()
    taken = samples[samples[ROLE] == REFERENCE]
    assert taken["subject"].tolist() == list("abcd")
    assert (taken["level"] == "none").all()
    assert (samples[ROLE] != HANGS).all()
    assert len(samples) == 16


def test_the_draw_depends_on_the_seed_and_the_person_but_on_no_order_and_on_nobody_else():
    clips = set(marked().query(f"{ROLE} == {REFERENCE}")["clip"])
    index, samples = labelled(LEVELS)
    index.clips.sort_values("clip", ascending=False, inplace=True)
    turned = mark_references(samples[::-1].reset_index(drop=True), index, WITHHELD, False, 0)
    assert set(turned.query(f"{ROLE} == {REFERENCE}")["clip"]) == clips
    fewer = marked({name: LEVELS[name] for name in "acd"})
    assert set(fewer.query(f"{ROLE} == {REFERENCE}")["clip"]) < clips
    assert any(set(marked(seed=seed).query(f"{ROLE} == {REFERENCE}")["clip"]) != clips for seed in range(1, 5))


def test_a_clip_that_the_task_leaves_out_can_be_the_reference_and_has_no_class():
    samples = marked({name: ["rest", "low", "high"] for name in "abcd"})
    taken = samples[samples[ROLE] == REFERENCE]
    assert taken["clip"].tolist() == ["a0", "b0", "c0", "d0"]
    assert taken["y"].isna().all()
    assert samples["y"].dtype == "Int64"
    (fold,) = fold_without_references(samples, WITHHELD, by_subject)
    assert sorted(samples["clip"].iloc[np.concatenate([fold.train, fold.selection, fold.test])]) == sorted(
        f"{name}{number}" for name in "abcd" for number in (1, 2)
    )


def test_references_stand_in_no_part_and_beside_the_fold_of_their_subjects():
    samples = marked()
    (fold,) = fold_without_references(samples, WITHHELD, by_subject)
    parts = np.concatenate([fold.train, fold.selection, fold.test])
    assert len(parts) == 12
    assert (samples[ROLE].iloc[parts] == USED).all()
    assert (samples[ROLE].iloc[fold.reference] == REFERENCE).all()
    assert samples["subject"].iloc[fold.reference].tolist() == list("abcd")
    assert samples["subject"].iloc[fold.test].unique().tolist() == ["d"]


def test_only_references_of_a_folds_own_subjects_stand_beside_it():
    samples = marked()

    def without_a(used):
        (fold,) = by_subject(used)
        return [type(fold)("fold0", fold.train[used["subject"].iloc[fold.train] != "a"], fold.selection, fold.test)]

    (fold,) = fold_without_references(samples, WITHHELD, without_a)
    assert samples["subject"].iloc[fold.reference].tolist() == list("bcd")


def test_every_form_and_number_of_frames_is_tested_on_the_same_clips():
    forms = [
        WITHHELD,
        ReferenceSettings(form="difference", frames=1),
        ReferenceSettings(form="pair", frames=10),
        ReferenceSettings(form="pair", frames=3, of="another"),
    ]
    tested = {tuple(fold_without_references(marked(settings=one), one, by_subject)[0].test) for one in forms}
    assert len(tested) == 1


@pytest.mark.parametrize("label", ["high", None])
def test_a_subject_without_a_neutral_clip_is_named_and_refused_or_left_out(label):
    levels = LEVELS | {"d": [label, "high", label]}
    samples = marked(levels)
    with pytest.raises(UserError, match=r"(?s)Some subjects have no neutral clip.*Received: mine/d.*missing=leave_out"):
        fold_without_references(samples, WITHHELD, by_subject)
    (fold,) = fold_without_references(samples, LEAVE_OUT, by_subject)
    parts = np.concatenate(list(fold.parts.values()))
    assert sorted(samples["subject"].iloc[parts].unique()) == list("abc")


def test_a_subject_that_no_fold_uses_needs_no_neutral_clip():
    samples = marked(LEVELS | {"e": ["high", "high"]})
    (fold,) = fold_without_references(samples, WITHHELD, lambda used: by_subject(used[used["subject"] != "e"]))
    assert samples["subject"].iloc[fold.reference].tolist() == list("abcd")


def test_nobody_with_a_neutral_clip_is_refused_even_where_such_people_are_left_out():
    samples = marked({name: ["low", "high"] for name in "abcd"})
    for settings in (WITHHELD, LEAVE_OUT):
        with pytest.raises(UserError, match="Nobody has a neutral clip"):
            fold_without_references(samples, settings, by_subject)


def test_who_has_nothing_but_a_neutral_clip_is_named():
    samples = marked(LEVELS | {"e": ["none"]})
    with pytest.raises(UserError, match=r"(?s)nothing but their neutral clip.*Received: mine/e"):
        fold_without_references(samples, WITHHELD, by_subject)
    (fold,) = fold_without_references(samples, LEAVE_OUT, by_subject)
    assert "e" not in set(samples["subject"].iloc[np.concatenate(list(fold.parts.values()))])


def test_a_class_that_would_have_no_clip_left_is_refused():
    samples = marked({name: ["none", "high", "high"] for name in "abcd"})
    with pytest.raises(UserError, match=r"(?s)mine has no clip of a class left.*Received: no clip of class 0 is left"):
        fold_without_references(samples, WITHHELD, by_subject)


def test_data_without_subjects_are_refused():
    index, samples = labelled({str(number): ["none"] for number in range(6)})
    with pytest.raises(UserError, match="mine names no subjects"):
        mark_references(samples, index, WITHHELD, False, 0)


def of_frames() -> pd.DataFrame:
    """Every frame of the sequences is a sample, but those without a label."""
    index = sequences()
    index.dataset.neutral = None
    frames = index.frames.merge(index.clips[["clip", "subject", "dataset"]], on="clip")
    frames = frames.assign(row=index.frame_places, file_clip=frames["clip"], y=(frames["pspi"] > 0).astype("Int64"))
    frames["clip"] = frames["file_clip"] + "/" + frames["frame"].astype(str)
    settings = ReferenceSettings(form="withheld", neutral={"pspi": [0]})
    used = frames[frames["pspi"].notna()].reset_index(drop=True)
    return mark_references(used, index, settings, cut=False, seed=0)


def test_of_single_frames_neutral_ones_are_the_reference_and_their_sequence_is_taken_out_whole():
    samples = of_frames().set_index("clip")
    assert samples.index[samples[ROLE] == REFERENCE].tolist() == ["a1/1", "a1/2", "b1/2"]  # a1 shows no pain at all
    assert samples.index[samples[ROLE] == HANGS].tolist() == ["b1/1"]
    assert set(samples.index[samples[ROLE] == USED]) == {"a2/1", "a2/2", "a2/3", "c1/1"}


def test_of_clips_with_labelled_frames_only_the_neutral_frames_are_the_reference():
    index = sequences()
    samples = index.clips.assign(file_clip=index.clips["clip"], row=-1, y=(index.clips["pspi"] > 0).astype("Int64"))
    settings = ReferenceSettings(form="withheld", neutral={"pspi": [0]})
    marked = mark_references(samples, index, settings, cut=False, seed=0).set_index("clip")
    assert marked.index[marked[ROLE] == REFERENCE].tolist() == ["a1", "b1"]
    assert [marked.loc[clip, PLACES].tolist() for clip in ("a1", "b1")] == [[0, 1], [1]]


def test_all_pieces_of_a_cut_sequence_hang_together():
    index, samples = labelled({"a": ["none", "high", "none", "high"], "b": ["none", "high", "none", "high"]})
    for table in (index.clips, samples):
        table["media"] = table["subject"] + (table["clip"].str[-1].astype(int) // 2).astype(str)
    marked = mark_references(samples, index, WITHHELD, cut=True, seed=0)
    for _, own in marked.groupby("media"):
        assert sorted(own[ROLE]) in ([USED, USED], [HANGS, REFERENCE])
