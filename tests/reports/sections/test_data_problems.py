from types import SimpleNamespace

import pytest

from transferpain.reports.sections.data_problems import SHOWN, build


def run(**facts):
    return SimpleNamespace(name="mine", facts=facts)


def test_what_was_left_out_of_the_data_is_shown():
    section = build(run(problems=["<b>1</b>: left out.", "2: missing."]))
    assert section.title == "Problems of the data (2)"
    assert section.tables[0].text.iloc[:, 0].tolist() == ["<b>1</b>: left out.", "2: missing."]
    assert section.notes == ()


def test_of_many_the_rest_is_counted():
    section = build(run(problems=[f"clip {number}: missing." for number in range(SHOWN + 3)]))
    assert len(section.tables[0].text) == SHOWN
    assert section.notes == ("And 3 more, in facts.json of the run.",)


@pytest.mark.parametrize("facts", [{}, {"problems": []}])
def test_data_without_a_problem_have_no_section(facts):
    assert build(run(**facts)) is None
