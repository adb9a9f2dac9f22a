from tests.evaluation.drawn import draw_predictions
from transferpain.reports.facts import ReportFacts
from transferpain.reports.sections.paper import build, paper_figures


def test_paper_figures_stand_once_for_the_runs_that_share_them(read):
    runs = [read(name, draw_predictions(subjects=3)) for name in ("ann", "lstm")]
    runs.append(read("own", draw_predictions(subjects=3), changes={"paper": None}))
    table = paper_figures(runs)
    assert table.to_numpy().tolist() == [
        ["Prajod", "validation accuracy", "0.59", "ann, lstm"],
        ["Prajod", "test accuracy", "0.49", "ann, lstm"],
    ]
    assert paper_figures(runs[2:]).empty


def test_figures_are_not_to_be_compared_with_drawn_data(read):
    drawn = read("drawn", draw_predictions(subjects=3))
    licensed = read("licensed", draw_predictions(subjects=3), synthetic=False)
    assert "not to be compared with synthetic results" in build(ReportFacts((drawn, licensed))).paragraphs[0]
    assert build(ReportFacts((licensed,))).paragraphs == ("Copied from the paper, not measured here.",)
