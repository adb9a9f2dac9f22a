import numpy as np
import pandas as pd
import pytest

from tests.data.protocols.protocol_clips import make_clips
from transferpain.core.errors import UserError
from transferpain.data.protocols.kinds.own_folds import OWN_FOLDS
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.data.protocols.splitter import ProtocolSplitter

CLIPS = make_clips({"": 6}, clips=2)  # subjects 01 to 06
DEALT = dict(zip(sorted(set(CLIPS["subject"])), ["2", "10", "2", "10", "a", "a"], strict=True))


def settings(folds_from):
    return ProtocolSettings(kind="own_folds", folds_from=str(folds_from))


def write(path, dealt=DEALT, header="subject,fold"):
    path.write_text(header + "\n" + "".join(f"{subject},{fold}\n" for subject, fold in dealt.items()))
    return path


def who_is_tested(clips, protocol):
    return {fold.name: sorted(set(clips["subject"].iloc[fold.test])) for fold in make_folds(clips, protocol, 0)}


def test_each_fold_in_turn_is_tested_by_a_column_or_by_a_file(tmp_path):
    expected = {"2": ["01", "03"], "10": ["02", "04"], "a": ["05", "06"]}
    column = CLIPS.assign(dealt=CLIPS["subject"].map(DEALT).astype("string"))
    found = who_is_tested(column, settings("dealt"))
    assert found == who_is_tested(CLIPS, settings(write(tmp_path / "folds.csv"))) == expected
    assert list(found) == ["2", "10", "a"]
    splits = list(ProtocolSplitter(settings("dealt")).split(column, column["y"], column))
    assert [len(test) for _, test in splits] == [4, 4, 4]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_file_in_another_encoding_says_how_to_save_it(encoding, tmp_path):
    path = write(tmp_path / "folds.csv")
    path.write_bytes(path.read_text().encode(encoding))
    with pytest.raises(UserError, match=r"folds\.csv cannot be used(.|\n)*Save it as UTF-8"):
        make_folds(CLIPS, settings(path), 0)


def test_what_a_file_says_is_told_from_what_another_says(tmp_path):
    one, same = write(tmp_path / "one.csv"), write(tmp_path / "same.csv", dict(reversed(DEALT.items())))
    other = write(tmp_path / "other.csv", DEALT | {"01": "a"})
    named = [OWN_FOLDS.inputs(settings(path)) for path in (one, same, other)]
    assert named[0] == named[1] != named[2]
    assert OWN_FOLDS.inputs(settings("dealt")) == ()


def test_runs_of_before_keep_their_names():
    assert "folds_from" not in ProtocolSettings(kind="loso").model_dump(mode="json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"01": ""}, "1 of 6 subjects have no fold.(.|\n)*Received: '01'"),
        (dict.fromkeys(DEALT, "a"), "All subjects are in one fold.(.|\n)*Received: 'a'"),
        ({"01": "NaN", "04": "NA"}, "2 of 6 subjects have no fold.(.|\n)*Received: '01', '04'"),
        ({"01": "2.0"}, "One fold is written in several ways.(.|\n)*Received: '2' and '2.0'"),
        ({"05": "A"}, "One fold is written in several ways.(.|\n)*Received: 'A' and 'a'"),
        ({"02": "010"}, "One fold is written in several ways.(.|\n)*Received: '010' and '10'"),
    ],
)
def test_a_column_that_deals_out_too_little_is_refused(change, message):
    with pytest.raises(UserError, match=message):
        who_is_tested(CLIPS.assign(dealt=CLIPS["subject"].map(DEALT | change)), settings("dealt"))


def test_a_subject_in_two_folds_is_refused():
    with pytest.raises(UserError, match=r"6 subjects are in several folds(.|\n)*'01': 'a', 'b'"):
        who_is_tested(CLIPS.assign(dealt=np.resize(["a", "b"], len(CLIPS))), settings("dealt"))


def test_what_is_to_be_corrected_is_named(tmp_path):
    with pytest.raises(UserError, match="Correct the column dealt of the index"):
        who_is_tested(CLIPS.assign(dealt="a"), settings("dealt"))
    with pytest.raises(UserError, match=r"Correct \S*folds\.csv\."):
        who_is_tested(CLIPS, settings(write(tmp_path / "folds.csv", dict.fromkeys(DEALT, "a"))))


def test_another_spelling_in_the_same_fold_changes_nothing(tmp_path):
    path = write(tmp_path / "folds.csv", DEALT | {"6": "a"})
    assert who_is_tested(CLIPS, settings(path)) == who_is_tested(CLIPS, settings(write(tmp_path / "plain.csv")))


def test_a_missing_column_is_named_with_those_that_are_there():
    with pytest.raises(UserError, match=r"no column 'dealt'(.|\n)*dataset, subject, split, y"):
        who_is_tested(CLIPS, settings("dealt"))


@pytest.mark.parametrize(
    ("dealt", "header", "message"),
    [
        ({name: fold for name, fold in DEALT.items() if name != "06"}, "subject,fold", "1 of 6 subjects have no fold"),
        ({f"{int(name)}": fold for name, fold in DEALT.items()}, "subject,fold", "'01', (.|\n)*folds.csv has '1'"),
        (DEALT, "subject;fold", "no column|semicolons"),
        (DEALT, "subject,group", "no column fold"),
        (DEALT | {"06": ""}, "subject,fold", "A subject has no fold"),
        (DEALT | {"": "a"}, "subject,fold", "A row has no subject"),
        ({}, "subject,fold\n01,a\n01,b", "A subject stands twice"),
        (DEALT | {"06": "nan"}, "subject,fold", "1 of 6 subjects have no fold"),
        (DEALT | {"06": "A"}, "subject,fold", "One fold is written in several ways"),
        (DEALT | {"6": "2"}, "subject,fold", "two folds, under two spellings(.|\n)*'06' in 'a', '6' in '2'"),
        ({f"{name}.0": fold for name, fold in DEALT.items()}, "subject,fold", "'01', (.|\n)*folds.csv has '01.0'"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(dealt, header, message, tmp_path):
    with pytest.raises(UserError, match=message):
        who_is_tested(CLIPS, settings(write(tmp_path / "folds.csv", dealt, header)))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.csv"):
        who_is_tested(CLIPS, settings(tmp_path / "nowhere.csv"))


def test_a_fold_of_unlabelled_people_alone_is_tested_and_teaches_nothing():
    clips = CLIPS.assign(dealt=CLIPS["subject"].map(DEALT), y=CLIPS["y"].where(CLIPS["subject"] > "02", pd.NA))
    for fold in make_folds(clips, settings("dealt"), 0):
        assert not set(clips["subject"].iloc[fold.train]) & {"01", "02"}


def test_people_of_a_file_that_the_data_have_not_and_a_mark_at_its_beginning_change_nothing(tmp_path):
    path = write(tmp_path / "folds.csv", DEALT | {"99": "unused"}, "\ufeffsubject , fold")
    assert list(who_is_tested(CLIPS, settings(path))) == ["2", "10", "a"]
