from types import SimpleNamespace

from transferpain.data.tasks.label_counts import Count, LabelCounts
from transferpain.reports.sections.labels import build

ROWS = (
    Count("<b>pain</b>", "class", 30, 3, 2),
    Count("no label", "unlabelled", 4, 1, 1),
    Count("ignored label `unclear`", "left out", 2, 2, 2),
)


def run(**facts):
    return SimpleNamespace(name="mine", facts=facts)


def test_every_class_and_what_was_left_out_is_shown():
    section = build(run(labels=[LabelCounts("clinic", "frame", ROWS).facts()]))
    (table,) = section.tables
    assert table.text["Class"].tolist() == ["<b>pain</b>", "no label", "left out: ignored label `unclear`"]
    assert table.text["Predicted"].tolist() == ["30 frames", "4 frames", "2 frames"]
    assert table.text["Clips"].tolist() == ["3", "1", "2"]
    assert table.numbers["subjects"].tolist() == [2, 1, 2]
    assert table.numbers["run"].unique().tolist() == ["mine"]


def test_a_run_of_a_former_version_has_no_counts():
    assert build(run()) is None
