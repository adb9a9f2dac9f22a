import json

import pytest

from transferpain.core.errors import UserError
from transferpain.core.store import fingerprint
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.experiments import registration
from transferpain.experiments.registration import (
    Difference,
    differences,
    read_registration,
    registration_of,
    write_registration,
)

CONTENT = {
    "name": "study",
    "experiments": {"ann": {"seeds": [0, 1], "training": {"epochs": 5, "rate": 1e-4}, "paper": None}},
    "data": {"unbc": "00ff"},
}


def test_what_was_written_is_read_again(tmp_path):
    written = write_registration(tmp_path / "reports" / "registration.json", CONTENT)
    again = read_registration(tmp_path / "reports" / "registration.json")
    assert again == written
    assert differences(again.content, CONTENT) == []
    assert again.date.endswith("+00:00")
    assert set(again.made_with) == {"transferpain", "commit"}


def test_a_twin_without_signals_is_registered_as_by_versions_that_knew_none(tmp_path):
    known = {"subjects": 8, "seed": 1, "null": False, "clips": 2, "seconds": None, "fps": None, "levels": None}
    places = Places(tmp_path, tmp_path)
    twins = {"biovid": TwinSettings(8, seed=1, clips=2), "with": TwinSettings(8, seed=1, clips=2, signals=True)}
    stated = registration._data("biovid", places, twins)
    assert stated == f"drawn: {fingerprint(known | {'uneven': False})}"
    assert registration._data("with", places, twins) != stated


def test_the_same_keeps_its_date_and_another_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "registration.json"
    first = write_registration(path, CONTENT)
    before = path.read_bytes()
    monkeypatch.setattr(registration, "now", lambda: "2030-01-01T00:00:00+00:00")
    assert write_registration(path, CONTENT) == first
    with pytest.raises(UserError, match=r"(?s)never written over.*1 keys differ, the first is data.unbc"):
        write_registration(path, CONTENT | {"data": {"unbc": "1111"}})
    assert path.read_bytes() == before


def test_no_file_of_another_kind_is_written_over(tmp_path):
    path = tmp_path / "notes.json"
    path.write_text("mine")
    with pytest.raises(UserError, match="is no registration"):
        write_registration(path, CONTENT)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values["content"]["data"].update(unbc="1111"),
        lambda values: values.update(date="2020-01-01T00:00:00+00:00"),
        lambda values: values.update(digest="0" * 16),
    ],
    ids=["data", "date", "digest"],
)
def test_a_file_that_was_changed_by_hand_is_told(tmp_path, change):
    path = tmp_path / "registration.json"
    write_registration(path, CONTENT)
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    with pytest.raises(UserError, match="was changed after it was written"):
        read_registration(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"digest": "", "date": "", "made_with": {}, "content": 3}', "\xff"])
def test_what_is_no_registration_is_refused(tmp_path, text):
    path = tmp_path / "registration.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match=r"is no registration|cannot be read|form that this version"):
        read_registration(path)


def test_differences_are_told_key_by_key():
    now = {
        "name": "study",
        "experiments": {"ann": {"seeds": [0, 2], "training": {"epochs": 5, "rate": 1e-4}, "paper": {}}},
        "data": {"unbc": "00ff", "biovid": "2222"},
    }
    assert differences(CONTENT, now) == [
        Difference("data.biovid", "nothing", "2222"),
        Difference("experiments.ann.paper", "None", "{}"),
        Difference("experiments.ann.seeds", "[\n  0,\n  1\n]", "[\n  0,\n  2\n]"),
    ]


def test_the_file_beside_the_report_counts_unless_another_is_named(tmp_path):
    assert registration_of(tmp_path, ("study_seeds-7_12345678", "study"), None) is None
    beside = tmp_path / "study" / "registration.json"
    write_registration(beside, CONTENT)
    assert registration_of(tmp_path, ("study_seeds-7_12345678", "study"), None) == beside
    other = tmp_path / "other.json"
    with pytest.raises(UserError, match="registration was not found"):
        registration_of(tmp_path, ("study_seeds-7_12345678", "study"), other)
    write_registration(other, CONTENT)
    assert registration_of(tmp_path, ("study_seeds-7_12345678", "study"), other) == other


def test_data_that_were_registered_by_their_index_alone_are_compared_by_it():
    former, today = {"data": {"clinic": "0" * 16}}, {"data": {"clinic": f"{'0' * 16} {'1' * 16}"}}
    assert differences(former, today) == []
    assert len(differences({"data": {"clinic": "2" * 16}}, today)) == 1
    assert len(differences(today, {"data": {"clinic": f"{'0' * 16} {'2' * 16}"}})) == 1
    assert len(differences({"tasks": {"clinic": "0" * 16}}, {"tasks": {"clinic": f"{'0' * 16} 1"}})) == 1
