"""The members beside their ensemble: scores, paired differences, and Holm's correction over all of them."""

import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run
from transferpain.core.errors import UserError
from transferpain.evaluation.comparisons import holm
from transferpain.evaluation.paired_permutation import swap_test
from transferpain.reports.facts import read_run
from transferpain.reports.report import build_sections
from transferpain.reports.sections.ensemble import ENSEMBLE, compared

GOOD, BAD = "good-0123456789abcdef", "bad-0123456789abcdef"


@pytest.fixture
def members() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """An ensemble that is right on all clips, a member as good as it, and one that always gives one class."""
    ensemble = draw_predictions(subjects=12)
    ensemble = ensemble.assign(y_pred=ensemble["y_true"])
    return ensemble, {GOOD: ensemble, BAD: ensemble.assign(y_pred=0)}


def test_each_member_is_compared_and_the_family_is_all_of_them(members):
    ensemble, tables = members
    table = compared(ensemble, tables).set_index("member")
    assert table.loc[GOOD, ["difference", "p", "p_holm"]].tolist() == [0, 1, 1]
    alone = swap_test(ensemble, tables[BAD]).p
    assert table.loc[BAD, "p"] == alone
    corrected = holm("", {GOOD: 1.0, BAD: alone}).adjusted[BAD]
    assert table.loc[BAD, "p_holm"] == corrected == pytest.approx(2 * alone)
    assert table["tests"].tolist() == [2, 2]
    assert table["best"].to_dict() == {GOOD: True, BAD: False}


def test_too_few_subjects_are_no_test(members):
    ensemble, tables = members
    few = ensemble["subject"].isin(ensemble["subject"].unique()[:4])
    table = compared(ensemble[few], {name: one[few] for name, one in tables.items()})
    assert table["p"].isna().all()
    assert table["limits"].str.contains("4 subjects").all()


def test_a_run_shows_its_members_and_another_run_has_no_such_section(members, tmp_path):
    ensemble, tables = members
    changes = {"strategy": "ensemble", "source": "finished_runs", "head": {"kind": "averaging"}}
    path = write_run(tmp_path, "both", ensemble, changes=changes)
    assert ENSEMBLE.build(read_run(path)) is None
    fold = next((path / "folds").iterdir())
    rows = pd.concat([table.assign(member=name) for name, table in tables.items()])
    rows.to_parquet(fold / "members.parquet", index=False)
    section = ENSEMBLE.build(read_run(path))
    (table,) = section.tables
    assert table.text["Member"].tolist() == ["good (best)", "bad"]
    assert table.text["The ensemble is"].str.startswith(("not shown", "better")).all()
    assert "nothing is fitted" in section.paragraphs[0]


@pytest.mark.parametrize("content", [None, b"no table"])
def test_what_a_section_cannot_be_made_of_is_said_in_the_runs_name(content, members, tmp_path):
    ensemble, tables = members
    changes = {"strategy": "ensemble", "source": "finished_runs", "head": {"kind": "voting"}}
    path = write_run(tmp_path, "both", ensemble, changes=changes)
    (fold,) = (path / "folds").iterdir()
    rows = pd.concat([table.assign(member=name) for name, table in tables.items()])
    rows.to_parquet(fold / "members.parquet")
    if content:
        (fold / "members.parquet").write_bytes(content)
    with pytest.raises(UserError, match=r"results in \S*both-0123456789abcdef are damaged"):
        build_sections("run", read_run(path))
