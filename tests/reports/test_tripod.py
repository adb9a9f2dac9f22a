"""The sheet has every item of TRIPOD+AI in its order, says what the runs know, and leaves open what they cannot."""

import re

import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_leakage, write_run
from transferpain.experiments.registration import Registered
from transferpain.reports.facts import read_report
from transferpain.reports.report import sheet_run
from transferpain.reports.tripod import OPEN, SheetRun, escape, write_sheet

ITEMS = re.findall(
    r"\S+",
    "1 2 3a 3b 3c 4 5a 5b 6a 6b 6c 7 8a 8b 8c 9a 9b 9c 10 11 12a 12b 12c 12d 12e 12f 12g 13 14 15 16 17 "
    "18a 18b 18c 18d 18e 18f 19 20a 20b 20c 21 22 23a 23b 24 25 26 27a 27b 27c",
)


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    top = tmp_path_factory.mktemp("sheet")
    table = draw_predictions((2, 3, 2), subjects=8, skill=0.9)
    table.loc[table["clip"] == "S00-000", "coverage"] = 0.0
    asked = {"few_shot": {"clips": [0, 2]}, "training": {"class_weights": True}}
    first = write_run(top, "ann", table, changes=asked, stated={"warnings": ["Not | independent."]})
    write_leakage(first, failing=(9,))
    report = read_report([first, write_run(top, "hostile <b>|`x`", table, synthetic=False)], [])
    state = Registered(digest="00ff", date="2026-01-01")
    path = write_sheet(top, "A *title*", "Does it\n# work?", [sheet_run(run) for run in report.runs], state)
    return path.read_text(encoding="utf-8")


def items_of(text: str) -> dict[str, str]:
    parts = re.split(r"^\*\*(\d+[a-g]?) ", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_item_stands_there_once_and_in_order(sheet):
    assert re.findall(r"^\*\*(\d+[a-g]?) ", sheet, flags=re.MULTILINE) == ITEMS
    assert len(ITEMS) == 52


def test_what_the_runs_know_is_filled_in(sheet):
    items = items_of(sheet)
    assert "ai4pain" in items["5a"]
    assert "intensity of the electrical stimulus" in items["8a"]
    assert "8 tested subjects, 56 labelled clips" in items["10"]
    assert "1 clips without a face in any frame" in items["11"]
    assert "AI4Pain's own folders" in items["12a"]
    assert "2 trainings" not in items["12c"]
    assert "strategy frozen, source biovid-vgg16, head ann, 1 trainings a fold" in items["12c"]
    assert "on 0, 2 clips of each tested subject" in items["12f"]
    assert "ann: rare classes weigh more" in items["13"]
    assert "neither sex nor age" in items["14"]
    assert "digest 00ff), and run as registered." in items["18c"]
    assert "No-Pain 16, Low-Pain 24, High-Pain 16" in items["21"]
    assert re.search(r"\| ann \| 0\.\d{3}.* \| 0\.\d{3}", items["23a"])
    assert "leakage check failed: Check 9" in items["26"]


@pytest.mark.parametrize("item", ["2", "3a", "5b", "6b", "17", "18a", "18d", "19", "25", "27c"])
def test_what_nobody_can_know_is_left_open(sheet, item):
    assert OPEN in items_of(sheet)[item]


def test_drawn_data_and_warnings_stand_first(sheet):
    head = sheet.partition("## Title and abstract")[0]
    assert "SYNTHETIC DATA: drawn faces, not people** (ann)" in head
    assert r"Not \| independent" in head


def test_text_of_users_is_no_markup(sheet):
    assert r"hostile \<b\>\|\`x\`" in sheet
    assert "<b>" not in sheet
    assert r"A \*title\*" in sheet
    assert "\n# work" not in sheet
    rows = [line for line in items_of(sheet)["23a"].splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {8}


def test_escaping_is_one_line():
    assert escape("a\n\n# b | c\\d") == r"a \# b \| c\\d"


def test_what_is_said_of_models_is_not_said_of_predictions_made_elsewhere(tmp_path):
    runs = [SheetRun("ours", {}, {}, {}), SheetRun("theirs", {}, {}, {}, made_here=False)]
    text = write_sheet(tmp_path, "t", "", runs).read_text(encoding="utf-8")
    assert "**Made elsewhere: theirs.**" in text


def test_every_item_is_a_paragraph_of_its_own(sheet):
    lines = sheet.splitlines()
    assert all(not lines[place - 1] for place, line in enumerate(lines) if re.match(r"\*\*\d+[a-g]? ", line))


def test_a_run_without_anything_known_has_a_sheet(tmp_path):
    path = write_sheet(tmp_path, "t", "", [SheetRun("bare", {}, {}, {})])
    assert list(items_of(path.read_text(encoding="utf-8"))) == ITEMS
