import base64
import hashlib
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.forked_program import heavy_modules
from tests.reports.run_folders import write_demo, write_leakage, write_nested, write_run
from transferpain.core.errors import UserError
from transferpain.core.store import write_text
from transferpain.evaluation.groups import write_subjects
from transferpain.experiments.study_schema import Comparison
from transferpain.reports import figures
from transferpain.reports.report import write_report

PAIRS = [Comparison(better="ann", worse="ann-untrained"), Comparison(better="lstm", worse="lstm-untrained")]


def write(tmp_path, folders, comparisons=(), title="A title", question="A question?"):
    return write_report("mine", title, question, folders, comparisons, tmp_path / "reports")


class Page(HTMLParser):
    """The tags of a page, with their attributes; complains about tags that are not closed."""

    VOID = ("meta", "img", "source", "br", "hr", "link", "input")

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    top = tmp_path_factory.mktemp("demo")
    return write(top, write_demo(top / "runs"), PAIRS)


def test_writes_the_page_the_picture_and_the_tables(demo):
    assert sorted(path.name for path in demo.parent.iterdir()) == [
        "classes.csv", "clips.csv", "detection.csv", "differences.csv", "differences.tex", "index.html", "inputs.json",
        "mcnemar.csv", "ordinal.csv", "ordinal.tex", "prediction_sets.csv",
        "prediction_sets_by_subject.csv", "probabilities.csv", "probabilities.tex",
        "recalibration.csv", "result.png", "results.csv", "results.tex", "subject_tests.csv", "subjects.csv",
        "tripod.md", "within_subjects.csv",
    ]  # fmt: skip


def test_the_page_is_whole_in_itself(demo):
    text = demo.read_text(encoding="utf-8")
    page = Page(text)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"link", "iframe", "object", "svg"}
    assert page.all("script") == [{"id": "sorting"}]
    named = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(named) == len(set(named))
    assert {link["href"] for link in page.all("a")} <= {f"#{name}" for name in named}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    pictures = page.all("img")
    assert len(pictures) == 1 + 4 * 6
    assert all(picture["src"].startswith("data:image/svg+xml;base64,") for picture in pictures)
    assert all(len(picture["alt"]) > 20 for picture in pictures)
    assert not re.search(r"url\(|@import|https?://", re.sub(r'src(set)?="data:[^"]*"', "", text))
    assert page.all("html") == [{"lang": "en"}]


def test_the_policy_lets_the_script_of_the_page_run_and_no_other(demo):
    text = demo.read_text(encoding="utf-8")
    script = re.search(r'<script id="sorting">(.*?)</script>', text, re.DOTALL)[1]
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [meta["content"] for meta in Page(text).all("meta") if "http-equiv" in meta]
    assert policy.endswith(f"; script-src 'sha256-{allowed}'")
    assert "default-src 'none'" in policy


def test_the_answer_stands_under_the_title_and_the_figure_before_the_first_table(demo):
    text = demo.read_text(encoding="utf-8")
    places = [text.index(mark) for mark in ("<h1>", 'class="lead"', "A question?", "<figure", "<table", "<th")]
    assert places == sorted(places)
    lead = re.search(r'class="lead">(.*?)</p>', text)[1]
    for part in ("ann reaches", "24 subjects", "synthetic: drawn faces", "above chance (0.333)", "p &lt; 0.001"):
        assert part in lead
    (whole,) = Page(text).all("source")
    assert whole["media"] == "(min-width: 48rem)"
    assert whole["srcset"].startswith("data:image/svg+xml;base64,")


def test_the_page_holds_every_section(demo):
    text = demo.read_text(encoding="utf-8")
    for part in (
        "A question?", "Paired differences", "Stated in the paper", "our choice, not the paper", "Confusion matrix",
        "Learning curves", "Scores by subject (24)", "Clips that could not be used (0)", "task: ai4pain-three",
        "versions keras", "covered", "Majority-class accuracy", "better: p is below 0.05",
        "Ordered levels", "Probabilities", "ICC(3,1)", "expected level", "Brier score", "Calibration: how often",
    ):  # fmt: skip
        assert part in text


def test_the_differences_are_those_of_the_runs(demo):
    gaps = pd.read_csv(demo.parent / "differences.csv")
    scores = pd.read_csv(demo.parent / "results.csv").query("counted == 'all'").set_index("run")["balanced_accuracy"]
    assert gaps["difference"][0] == pytest.approx(scores["ann"] - scores["ann-untrained"], abs=2e-6)
    assert (gaps["low"] > 0).all()


def test_synthetic_data_are_marked_wherever_they_are_shown(demo):
    text = demo.read_text(encoding="utf-8")
    assert 'class="banner"' in text
    assert "SYNTHETIC DATA: drawn faces.</strong>" in text
    for name in ("results", "differences", "classes", "subjects", "ordinal", "probabilities"):
        file = f"{name}.csv"
        assert pd.read_csv(demo.parent / file)["synthetic"].all()
    for name in ("results", "differences", "ordinal", "probabilities"):
        assert "SYNTHETIC DATA" in (demo.parent / f"{name}.tex").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The report of one run on licensed data that left nothing but its predictions."""
    top = tmp_path_factory.mktemp("plain")
    return write(top, [write_run(top / "runs", "ann", draw_predictions(subjects=4), synthetic=False)])


def test_licensed_data_carry_no_such_mark(plain):
    page = plain
    assert "SYNTHETIC" not in page.read_text(encoding="utf-8")
    assert "SYNTHETIC" not in (page.parent / "results.tex").read_text(encoding="utf-8")
    assert not pd.read_csv(page.parent / "results.csv")["synthetic"].any()


def test_the_banner_names_the_synthetic_runs_among_others(tmp_path):
    table = draw_predictions(subjects=4)
    folders = [write_run(tmp_path, "twin", table), write_run(tmp_path, "real", table, synthetic=False)]
    assert "drawn faces in twin.</strong>" in write(tmp_path, folders).read_text(encoding="utf-8")


def test_leakage_checks_stand_in_their_order_and_a_fail_is_visible(plain, tmp_path):
    assert "Leakage checks" not in plain.read_text(encoding="utf-8")
    assert not (plain.parent / "leakage.csv").exists()
    folder = write_run(tmp_path, "ann", draw_predictions(subjects=4, skill=0.9))
    write_leakage(folder, failing=(6, 9))
    page = write(tmp_path, [folder])
    text = page.read_text(encoding="utf-8")
    rows = re.findall(r'<tr class="(\S+)"><th scope="row">(\d+)</th>', text)
    assert [int(number) for _, number in rows] == list(range(1, 13))
    assert [int(number) for state, number in rows if state == "fail"] == [6, 9]
    assert rows[0][0] == "not-applicable"
    assert "Leakage checks that failed: 6 Check 6; 9 Check 9." in text
    for part in ("0 of 12", "Explanation 12.", "The data name no subjects."):
        assert part in text
    table = pd.read_csv(page.parent / "leakage.csv")
    assert table["state"].value_counts().to_dict() == {"pass": 9, "fail": 2, "not applicable": 1}
    assert table["synthetic"].all()


def test_groups_are_shown_where_the_data_state_sex_or_age(plain, tmp_path):
    assert "by sex and age" not in plain.read_text(encoding="utf-8")
    table = draw_predictions(subjects=6, skill=0.8)
    folder = write_run(tmp_path, "ann", table)
    subjects = table[["dataset", "subject"]].drop_duplicates().assign(sex=["m", "w"] * 3, age=[20, 30, 40, 50, 60, 70])
    write_subjects(folder, subjects)
    page = write(tmp_path, [folder])
    text = page.read_text(encoding="utf-8")
    for part in ("Balanced accuracy by sex and age", "women", "18-35", "36-50", "51+"):
        assert part in text
    groups = pd.read_csv(page.parent / "groups.csv")
    assert groups["group"].tolist() == ["men", "women", "18-35", "36-50", "51+"]
    assert groups["subjects"].tolist() == [3, 3, 2, 2, 2]
    assert groups["low"].isna().all()
    assert set(groups["reason"]) == {"3 subjects, fewer than 8", "2 subjects, fewer than 8"}
    assert groups["synthetic"].all()
    assert "Errors by sex and age" in text
    gaps = pd.read_csv(page.parent / "error_gaps.csv")
    assert gaps[["by", "group", "other"]].drop_duplicates().to_numpy().tolist() == [
        ["sex", "men", "women"], ["age", "18-35", "36-50"], ["age", "18-35", "51+"], ["age", "36-50", "51+"],
    ]  # fmt: skip
    assert gaps["gap_reason"].str.endswith("fewer than 8").all()


def test_text_from_files_is_escaped(tmp_path):
    folder = write_run(tmp_path, "ann", draw_predictions(subjects=4), changes={"task": "<script>1</script>"})
    write_text(folder / "unusable.csv", 'clip,problem\n<b>x</b>,"a ""quoted"" <img src=x>"\n')
    page = write(tmp_path, [folder], title="<i>t</i>", question="<script>2</script>")
    text = page.read_text(encoding="utf-8")
    assert text.count("<script") == 1
    assert "<b>x" not in text
    assert "<img src=x" not in text
    assert "&lt;i&gt;t&lt;/i&gt;" in text


def test_notes_say_what_a_reader_must_know(tmp_path):
    weak = draw_predictions((1, 12, 0), skill=0.2)
    weak.loc[weak["clip"] == "S00-000", "coverage"] = 0.0
    weak.loc[0, "y_true"] = pd.NA
    folder = write_run(tmp_path, "weak", weak, stated={"warnings": ["The scores of this run are optimistic."]})
    text = write(tmp_path, [folder]).read_text(encoding="utf-8")
    for part in (
        "Always answering the most frequent class", "No clip of High-Pain", "Clips without a face in any frame: 1.",
        "Clips without a label: 1.", "The scores of this run are optimistic.",
    ):  # fmt: skip
        assert part in text


def test_a_warning_stands_in_every_output_that_shows_a_score(tmp_path):
    warned = write_run(tmp_path, "leaky", draw_predictions(subjects=4), stated={"warnings": ["LEAKS <b>a</b> lot."]})
    plain = write_run(tmp_path, "plain", draw_predictions(subjects=4))
    pair = Comparison(better="leaky", worse="plain")
    page = write(tmp_path, [warned, plain], [pair])
    text = page.read_text(encoding="utf-8")
    assert '<p class="warning"><strong>leaky:</strong> LEAKS &lt;b&gt;a&lt;/b&gt; lot.</p>' in text
    assert text.count('class="warning"') == 1
    for name in ("results", "ordinal", "probabilities"):
        table = pd.read_csv(page.parent / f"{name}.csv", keep_default_na=False).drop_duplicates("run")
        assert dict(zip(table["run"], table["warnings"], strict=True)) == {"leaky": "LEAKS <b>a</b> lot.", "plain": ""}
        assert "leaky: LEAKS" in (page.parent / f"{name}.tex").read_text(encoding="utf-8")
    assert "leaky: LEAKS" in pd.read_csv(page.parent / "differences.csv")["warnings"][0]


def test_the_page_says_what_was_predicted_and_whose_split_it_is(tmp_path):
    stated = {
        "label_definition": "PSPI of the frame",
        "split_provenance": ["last-5: Prajod; not official", "without x: Werner"],
        "empty_classes": ["Extreme"],
    }
    text = write(tmp_path, [write_run(tmp_path, "ann", draw_predictions(subjects=4), stated=stated)]).read_text("utf-8")
    for cell in (
        "ai4pain-three: No-Pain, Low-Pain, High-Pain", "PSPI of the frame", "Extreme",
        "folders; last-5: Prajod; not official; without x: Werner",
    ):  # fmt: skip
        assert f"<td>{cell}</td>" in text


def test_classes_that_are_not_ordered_have_no_scores_of_levels(tmp_path):
    page = write(tmp_path, [write_run(tmp_path, "ann", draw_predictions(subjects=4), stated={"ordinal": False})])
    text = page.read_text(encoding="utf-8")
    assert "ICC(3,1)" not in text
    assert '<div id="probabilities"' in text
    assert not (page.parent / "ordinal.csv").exists()


def test_a_score_that_is_not_defined_says_why(tmp_path):
    folder = write_run(tmp_path, "ann", draw_predictions(subjects=4).assign(y_pred=1))
    assert "PCC of ann is not defined: the answers do not vary." in write(tmp_path, [folder]).read_text("utf-8")


def test_subjects_of_a_single_class_are_named(tmp_path):
    table = draw_predictions((6, 6), subjects=4, skill=0.9)
    painless = (table["subject"] == "S02") & (table["y_true"] == 1)
    folder = write_run(tmp_path, "loso", table[~painless], classes=("No-Pain", "Pain"))
    text = write(tmp_path, [folder]).read_text(encoding="utf-8")
    assert "Subjects whose clips are all of one class: ai4pain/S02. Balanced accuracy" in text


def test_what_nested_selection_compared_and_chose_is_shown(tmp_path):
    folder = write_nested(tmp_path)
    page = write(tmp_path, [folder])
    text = page.read_text(encoding="utf-8")
    assert "(lowest_loss): small in 1 of 2 trainings; large in 1 of 2 trainings." in text
    assert "Candidates on inner folds (4)" in text
    table = pd.read_csv(page.parent / "candidates.csv")
    assert table["training"].tolist() == ["0-seed0"] * 2 + ["0-seed1"] * 2
    assert table["loss"].tolist() == [0.51] * 4
    assert table["chosen"].tolist() == [True, False, False, True]
    assert table["synthetic"].all()


def test_a_good_run_needs_no_note(tmp_path):
    text = write(tmp_path, [write_run(tmp_path, "ann", draw_predictions(skill=0.9))]).read_text(encoding="utf-8")
    assert 'class="note"' not in text


def test_an_unlabelled_run_is_reported_without_scores(tmp_path):
    table = draw_predictions(subjects=3)
    table["y_true"] = pd.array([pd.NA] * len(table), dtype="Int64")
    page = write(tmp_path, [write_run(tmp_path, "test", table)])
    text = page.read_text(encoding="utf-8")
    assert "Clips without a label: 36." in text
    assert "Confusion matrix" not in text
    assert not (page.parent / "result.png").exists()


def test_images_without_subjects_say_what_the_interval_is_over(tmp_path):
    folder = write_run(tmp_path, "emotions", draw_predictions((1, 0, 0), subjects=30))
    text = write(tmp_path, [folder]).read_text(encoding="utf-8")
    assert "intervals are over single images" in text
    assert "Scores by subject" not in text


def test_the_same_runs_give_the_same_page(plain, tmp_path):
    (folder,) = (plain.parents[2] / "runs").iterdir()
    figures._uri_of.cache_clear()  # every figure is drawn anew
    assert write(tmp_path, [folder]).read_bytes() == plain.read_bytes()


def test_refuses_runs_that_cannot_be_told_apart(tmp_path):
    table = draw_predictions(subjects=3)
    folders = [write_run(tmp_path / place, "ann", table) for place in ("a", "b")]
    with pytest.raises(UserError, match="told apart"):
        write(tmp_path, folders)
    with pytest.raises(UserError, match="nothing to report"):
        write(tmp_path, [])


def test_refuses_a_comparison_with_a_run_that_is_not_there(tmp_path):
    folder = write_run(tmp_path, "ann", draw_predictions(subjects=3))
    with pytest.raises(UserError, match="not in the report"):
        write(tmp_path, [folder], PAIRS[:1])


@pytest.mark.slow
def test_needs_no_tensorflow(tmp_path):
    folder = write_run(tmp_path, "ann", draw_predictions(subjects=3))
    code = (
        "from pathlib import Path; from transferpain.reports.report import write_report; "
        f"write_report('mine', 't', 'q', [Path({str(folder)!r})], [], Path({str(tmp_path)!r}))"
    )
    assert heavy_modules(code, {"tensorflow", "keras", "torch", "mediapipe", "sklearn"}) == set()
    assert (tmp_path / "mine" / "index.html").is_file()
