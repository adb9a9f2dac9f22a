import pandas as pd

from transferpain.reports import tables


def test_latex_is_a_booktabs_table_with_escaped_text():
    table = pd.DataFrame({"Run": ["a_b & 5%"], "Score": ["–"]})
    text = tables.latex(table, "Scores, 95 %.")
    for part in (r"\toprule", r"\bottomrule", r"a\_b \& 5\%", r"\caption{Scores, 95 \%.}", "& --"):
        assert part in text
