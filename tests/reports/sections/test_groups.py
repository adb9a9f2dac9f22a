import pandas as pd

from transferpain.reports.sections.groups import groups_as_text


def test_a_group_of_few_subjects_has_no_interval():
    rows = [
        ("sex", "men", 0.5, 0.25, 0.75, "", 13, 12),
        ("sex", "women", 0.6, None, None, "1 subject, fewer than 8", 1, 4),
    ]
    columns = ["by", "group", "balanced_accuracy", "low", "high", "reason", "subjects", "clips"]
    text = groups_as_text(pd.DataFrame(rows, columns=columns))
    assert text["Balanced accuracy"].tolist() == ["0.50 [0.25, 0.75]", "0.600 [none: 1 subject, fewer than 8]"]
    assert text.columns.tolist() == ["By", "Group", "Balanced accuracy", "Subjects", "Clips"]
