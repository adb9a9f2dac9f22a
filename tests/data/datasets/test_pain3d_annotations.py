import pytest

from tests.data.datasets.pain3d_trees import SCORE, UNITS, annotate
from tests.data.datasets.trees import touch
from transferpain.data.datasets import pain3d_annotations
from transferpain.data.datasets.pain3d_annotations import LABELS, annotation_labels, tell

FACE, STILL = "flame_sample_0000_pain_1", "flame_sample_0000_neutral"
WANTED = {FACE: False, STILL: True}


def read(top, wanted=WANTED, cache=None):
    problems: list[str] = []
    folder = top / "annotations"
    table = annotation_labels(folder if folder.is_dir() else None, wanted, cache, problems)
    assert table["annotation"].tolist() == list(wanted)
    assert list(table.columns) == ["annotation", *LABELS]
    assert set(map(str, table.dtypes[LABELS])) == {"Float64"}
    return table.set_index("annotation"), problems


def test_labels_of_an_annotation_and_of_a_neutral_face_that_has_none(tmp_path):
    annotate(tmp_path, FACE, UNITS | {"PSPI": SCORE})
    table, problems = read(tmp_path)
    assert table.loc[FACE].tolist() == [SCORE, 2, 1, 3, 0, 4, 1]
    assert table.loc[STILL].tolist() == [0] * 7
    assert problems == []


def test_without_the_folder_only_neutral_faces_have_a_label(tmp_path):
    table, problems = read(tmp_path)
    assert table.loc[FACE].isna().all()
    assert table.loc[STILL, "pspi"] == 0
    assert problems == ["The folder annotations is missing: no picture but the neutral ones has a label."]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", f"An annotation is no JSON, so that its pictures have no label: {FACE}."),
        (b" " * (1 << 16), f"An annotation is too long for one, so that its pictures have no label: {FACE}."),
        (UNITS | {"AU43": 3}, "An annotation states as AU43 what is no number from 0 to 1, so that its pictures have "
         f"no label: {FACE}."),
    ],
)  # fmt: skip
def test_a_missing_label_is_missing(tmp_path, content, problem):
    annotate(tmp_path, FACE, content)
    table, problems = read(tmp_path)
    assert table.loc[FACE].isna().all()
    assert problems == [problem]


def test_pictures_without_an_annotation_have_no_label_and_are_told(tmp_path):
    annotate(tmp_path, "flame_sample_0009_pain_1", UNITS)
    table, problems = read(tmp_path)
    assert table.loc[FACE].isna().all()
    assert problems == [
        "Annotations without a picture: flame_sample_0009_pain_1_annotations.json.",
        f"Pictures without an annotation have no label: {FACE}.",
    ]


def test_a_contradiction_is_told_and_the_stated_score_counts(tmp_path):
    annotate(tmp_path, FACE, UNITS | {"PSPI": 3})
    table, problems = read(tmp_path)
    assert table.loc[FACE, "pspi"] == 3
    assert problems == [
        f"The stated PSPI counts, which is not what the action units give by the formula: {FACE}.",
    ]


def test_an_annotation_may_say_that_a_neutral_face_is_one(tmp_path):
    annotate(tmp_path, FACE, UNITS)
    annotate(tmp_path, STILL, dict.fromkeys([*UNITS, "PSPI"], 0))
    table, problems = read(tmp_path)
    assert (table.loc[STILL, "pspi"], problems) == (0, [])
    annotate(tmp_path, STILL, UNITS)
    table, problems = read(tmp_path)
    assert table.loc[STILL].isna().all()
    assert problems == [f"An annotation denies that a face is neutral, so that its pictures have no label: {STILL}."]


def test_other_files_and_second_ones_are_told(tmp_path):
    annotate(tmp_path, FACE, UNITS)
    touch(tmp_path / "annotations" / "notes.txt")
    touch(tmp_path / "annotations" / f" {FACE}_annotations.json")
    (tmp_path / "annotations" / "old_annotations.json").mkdir()
    _, problems = read(tmp_path)
    assert problems[:2] == [
        "No annotations (<name>_annotations.json), ignored: notes.txt, old_annotations.json.",
        f"A second file of one annotation, ignored: {FACE}_annotations.json.",
    ]


def test_the_table_is_kept_until_a_file_changes(tmp_path, monkeypatch):
    annotate(tmp_path, FACE, UNITS)
    first, _ = read(tmp_path, cache=tmp_path / "cache")
    with monkeypatch.context() as patched:
        patched.setattr(pain3d_annotations, "parse_annotation", lambda content: pytest.fail("read again"))
        again, _ = read(tmp_path, cache=tmp_path / "cache")
    assert again.equals(first)
    annotate(tmp_path, FACE, UNITS | {"AU4": 0})
    changed, _ = read(tmp_path, cache=tmp_path / "cache")
    assert changed.loc[FACE, "pspi"] == SCORE - 2


def test_only_the_first_of_many_names_are_told():
    problems = []
    tell(problems, "Nothing", [])
    tell(problems, "Something", map(str, range(7)))
    assert problems == ["Something: 0, 1, 2, 3, 4 and 2 more."]
