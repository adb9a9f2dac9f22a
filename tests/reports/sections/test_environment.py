from transferpain.reports.sections.environment import flat


def test_nested_facts_become_one_level_of_text():
    nested = {"python": "3.11", "versions": {"keras": "3.15.1"}, "folds": ["a", "b"], "source": {"of": {"hash": 1}}}
    assert flat(nested) == {"python": "3.11", "versions keras": "3.15.1", "folds": "a, b", "source of hash": "1"}
