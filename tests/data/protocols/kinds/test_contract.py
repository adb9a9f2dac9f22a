"""What holds for every kind of protocol."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from tests.data.protocols.protocol_clips import CLIPS
from transferpain.data.protocols.kinds.registry import KINDS
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings

# A table of clips and the settings of each kind; a new kind needs its line.
EXAMPLES = {
    "folders": ("own", {}),
    "holdout": ("biovid", {"holdout": "biovid-61-26"}),
    "loso": ("own", {}),
    "group_kfold": ("own", {"folds": 4}),
    "stratified_group_kfold": ("own", {"folds": 4}),
    "published_folds": ("unbc", {"fold_list": "unbc-5fold-mixed"}),
    "own_folds": ("own", {"folds_from": str(Path(__file__).with_name("own_folds.csv"))}),
    "cross_dataset": ("two", {"test_dataset": "biovid"}),
    "grouped": ("unbc", {}),
    "grouped_cross_dataset": ("both", {"test_dataset": "mintpain"}),
    "random_frames": ("own", {"allow_leakage": True}),
}
READ = ["dataset", "split"]


def example(name: str, **changes) -> tuple[pd.DataFrame, ProtocolSettings]:
    table, values = EXAMPLES[name]
    return CLIPS[table].assign(row=np.arange(len(CLIPS[table]))), ProtocolSettings(kind=name, **values, **changes)


def rows_of(clips: pd.DataFrame, folds) -> list[tuple]:
    return [(fold.name, *(sorted(clips["row"].iloc[part]) for part in fold.parts.values())) for fold in folds]


def people(clips: pd.DataFrame, *parts: np.ndarray) -> set[str]:
    rows = np.concatenate(parts)
    return set((clips["dataset"] + "/" + clips["subject"]).iloc[rows])


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("selection", ["inner", "paper"])
def test_subjects_never_straddle_a_split(name, selection):
    clips, settings = example(name, selection=selection)
    straddle = [
        bool(people(clips, fold.train) & people(clips, fold.selection, fold.test))
        for fold in make_folds(clips, settings, 0)
    ]
    assert any(straddle) != KINDS[name].keeps_apart


@pytest.mark.parametrize("name", KINDS)
def test_parts_share_no_row_and_what_is_fitted_has_a_label(name):
    clips, settings = example(name)
    for fold in make_folds(clips, settings, 0):
        parts = list(fold.parts.values())
        assert len(set(np.concatenate(parts))) == sum(map(len, parts))
        assert min(len(fold.train), len(fold.selection), len(fold.test)) > 0
        assert clips["y"].iloc[np.concatenate([fold.train, fold.selection])].notna().all()


@pytest.mark.parametrize("name", KINDS)
def test_each_row_is_tested_at_most_once_and_names_differ(name):
    clips, settings = example(name)
    folds = make_folds(clips, settings, 0)
    tested = np.concatenate([fold.test for fold in folds])
    assert len(set(tested)) == len(tested)
    assert len({fold.name for fold in folds}) == len(folds)


@pytest.mark.parametrize("name", KINDS)
def test_the_order_of_rows_does_not_matter_and_the_seed_alone_draws(name):
    clips, settings = example(name)
    folds = rows_of(clips, make_folds(clips, settings, 3))
    assert folds == rows_of(clips, make_folds(clips, settings, 3))
    if KINDS[name].keeps_apart:
        turned = clips.sample(frac=1, random_state=2, ignore_index=True)
        assert folds == rows_of(turned, make_folds(turned, settings, 3))
    assert folds != rows_of(clips, make_folds(clips, settings, 4))


@pytest.mark.parametrize("name", KINDS)
def test_no_column_is_read_but_those_that_are_stated(name):
    clips, settings = example(name)
    unread = [column for column in READ if column not in KINDS[name].columns]
    subjects, labelled = clips["subject"].to_numpy(dtype=str), clips["y"].notna().to_numpy()
    whole = KINDS[name].split(clips, subjects, labelled, settings, 0)
    part = KINDS[name].split(clips.drop(columns=unread), subjects, labelled, settings, 0)
    for one, other in zip(whole, part, strict=True):
        assert one[0] == other[0]
        np.testing.assert_array_equal(one[1:], other[1:])
    for column in KINDS[name].columns:
        with pytest.raises(KeyError, match=column):
            KINDS[name].split(clips.drop(columns=column), subjects, labelled, settings, 0)


@pytest.mark.parametrize("name", KINDS)
def test_a_kinds_keys_go_with_it_alone(name):
    _, values = EXAMPLES[name]
    assert set(KINDS[name].needs) <= set(values)
    for key in KINDS[name].needs:
        with pytest.raises(ValidationError, match=rf"{key}: goes with kind: .*\b{name}\b"):
            ProtocolSettings(kind=name, **{other: value for other, value in values.items() if other != key})
        with pytest.raises(ValidationError, match=rf"{key}: goes with kind: .*\b{name}\b"):
            ProtocolSettings(**{"kind": "folders", key: values[key]})


@pytest.mark.parametrize("name", KINDS)
def test_settings_survive_being_written_out_and_name_where_lists_come_from(name):
    _, settings = example(name)
    assert ProtocolSettings(**settings.model_dump(mode="json")) == settings
    lists = [settings.holdout, settings.fold_list]
    assert all(any(line.startswith(f"{name}: ") for line in settings.provenance) for name in lists if name)


def test_an_unknown_kind_is_named_with_the_nearest():
    with pytest.raises(ValidationError, match="received `losso`; did you mean `loso`"):
        ProtocolSettings(kind="losso")
