from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import PAPER
from transferpain.reports.facts import ReportFacts
from transferpain.reports.sections.decisions import build


def test_each_paper_has_its_decisions_once(read):
    table = draw_predictions(subjects=3)
    other = PAPER | {"name": "Verma", "decisions": ["A threshold."]}
    runs = [read("ann", table), read("lstm", table), read("trees", table, changes={"paper": other})]
    section = build(ReportFacts(tuple(runs)))
    assert [(part.title, part.items) for part in section.sections] == [
        ("Where Prajod is silent: our choice, not the paper's", tuple(PAPER["decisions"])),
        ("Where Verma is silent: our choice, not the paper's", ("A threshold.",)),
    ]


def test_a_paper_without_decisions_has_no_section(read):
    run = read("ann", draw_predictions(subjects=3), changes={"paper": PAPER | {"decisions": []}})
    assert build(ReportFacts((run,))) is None
