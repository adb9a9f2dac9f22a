"""What holds for every section: built from drawn runs that left everything a run can leave, and from bare ones."""

from dataclasses import replace

import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.forked_program import heavy_modules
from tests.reports.pages import without_pictures
from tests.reports.run_folders import write_leakage, write_run
from transferpain.core.contracts import Section
from transferpain.core.store import write_text
from transferpain.data.tasks.label_counts import Count, LabelCounts
from transferpain.evaluation.groups import write_subjects
from transferpain.experiments.registration import Difference, Registered
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.facts import read_report
from transferpain.reports.report import RunPart, page_text
from transferpain.reports.sections.registry import SECTIONS

# What a report of one unlabelled run, without a paper or a comparison, still has.
ALWAYS = {"results", "about", "figures", "unusable", "experiment", "environment"}
HOSTILE = ("<b>", "<img src=x>", "<script>")


@pytest.fixture(scope="module")
def full(every_kind, tmp_path_factory):
    """Return the facts of a report whose first run left everything, with names that are markup or a formula."""
    runs = tmp_path_factory.mktemp("full")
    table = draw_predictions((2, 2, 2), subjects=6)
    table = table.assign(subject=table["subject"].replace("S01", "=1+1").replace("S02", "<b>&"))
    left_out = Count("ignored label `<script>`", "left out", 2, 2, 1)
    stated = {"labels": [LabelCounts("=1+1", "clip", (Count("<b>&", "class", 3, 3, 3), left_out)).facts()]}
    stated |= {"problems": ["<script>: left out."]}
    first = write_run(runs, "hostile <img src=x>", table, classes=("<b>&", "mild", "strong"), stated=stated)
    write_leakage(first, failing=(6,))
    people = table[["dataset", "subject"]].drop_duplicates()
    write_subjects(first, people.assign(sex=["m", "w"] * 3, age=[20, 30, 40, 50, 60, 70]))
    write_text(first / "unusable.csv", "clip,problem\n<script>1</script>,=1+1\n")
    combined = {"strategy": "ensemble", "source": "finished_runs", "head": {"kind": "stacking"}}
    ensemble = write_run(runs, "ensemble", table, changes=combined)
    members = pd.concat([table.assign(member=f"<b>{name}") for name in ("one", "two")])
    members.to_parquet(next((ensemble / "folds").iterdir()) / "members.parquet", index=False)
    pair = Comparison(better="ann", worse="ann-untrained")
    report = read_report([first, *every_kind, ensemble], [pair])
    differ = (Difference("experiments.<b>.seeds", "<script>0</script>", "=1+1"),)
    return replace(report, registered=Registered(digest="00ff", date="2026-01-01", differences=differ))


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Return the facts of a report of one unlabelled run."""
    table = draw_predictions(subjects=3)
    table["y_true"] = pd.array([pd.NA] * len(table), dtype="Int64")
    unlabelled = {"changes": {"paper": None}, "stated": {"ordinal": False}}
    return read_report([write_run(tmp_path_factory.mktemp("bare"), "bare", table, **unlabelled)], [])


@pytest.fixture(scope="module")
def sections(full):
    """Return name -> the sections that are built of `full`."""
    return {name: built(entry, full) for name, entry in SECTIONS.items()}


@pytest.fixture(scope="module")
def pages(sections, full):
    """Return name -> the pages that hold one of these sections alone."""
    return {name: [shown(SECTIONS[name], section, full) for section in found] for name, found in sections.items()}


def built(entry, report) -> list[Section]:
    """Return the section of a report, or of each of its runs that has it."""
    facts = [report] if entry.scope == "report" else report.runs
    return [section for one in facts if (section := entry.build(one))]


def shown(entry, section, report) -> str:
    """Return the page that holds one section alone."""
    sections, parts = {entry.name: section}, []
    if entry.scope == "run":
        sections, parts = {}, [RunPart(report.runs[0], sections)]
    return page_text(report, "t", "", sections, parts)


each_section = pytest.mark.parametrize("entry", SECTIONS.values(), ids=SECTIONS)


@each_section
def test_it_has_a_title_and_something_to_say(entry, sections):
    assert any(section.is_shown for section in sections[entry.name])
    for section in sections[entry.name]:
        assert section.title.strip()
        assert section.is_shown or section.notes or section.all_tables


@each_section
def test_text_and_numbers_of_a_table_have_the_same_rows(entry, sections):
    for section in sections[entry.name]:
        for table in section.all_tables:
            frames = [frame for frame in (table.numbers, table.text) if frame is not None]
            assert frames
            assert len({len(frame) for frame in frames}) == 1
            assert len(table.states) in (0, len(frames[0]))
            if table.text is not None:
                assert table.caption
                assert table.text.map(lambda cell: isinstance(cell, str)).all(axis=None)
                assert table.text.columns.is_unique


@each_section
def test_it_holds_no_pixel_and_no_path_of_the_machine(entry, sections, pages, full):
    for section, text in zip(sections[entry.name], pages[entry.name], strict=True):
        assert "data:image/png" not in text
        assert "data:image/jpeg" not in text
        assert all(picture.uri.startswith("data:image/svg+xml;base64,") for picture in section.pictures)
        assert all(len(picture.alt) > 20 for picture in section.pictures)
        assert not any(str(run.path.parent) in text for run in full.runs)


@each_section
def test_text_of_users_is_escaped(entry, pages):
    assert pages[entry.name]
    for text in pages[entry.name]:
        assert not any(markup in without_pictures(text) for markup in HOSTILE)


@each_section
def test_a_run_without_what_it_needs_has_none(entry, bare):
    assert bool(built(entry, bare)) == (entry.name in ALWAYS)


def test_hostile_names_are_shown_as_they_are_written(pages):
    assert '<th scope="row">&lt;b&gt;&amp;</th>' in pages["classes"][0]
    assert '<th scope="row">ai4pain/=1+1</th>' in pages["subjects"][0]
    assert "<td>=1+1</td>" in pages["unusable"][0]
    assert "&lt;script&gt;1&lt;/script&gt;" in pages["unusable"][0]
    assert "Scores by class of hostile &lt;img src=x&gt;" in pages["classes"][0]


def test_no_two_sections_have_one_file(sections):
    files = [
        {table.name for section in found for table in section.all_tables if table.numbers is not None}
        for found in sections.values()
    ]
    assert sum(map(len, files)) == len(set().union(*files))


def test_the_registry_is_read_without_what_computes():
    heavy = {"tensorflow", "keras", "cv2", "sklearn", "matplotlib", "torch"}
    assert heavy_modules("import transferpain.reports.sections.registry", heavy) == set()
