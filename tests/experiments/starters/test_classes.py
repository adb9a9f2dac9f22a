import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.experiments.starters.classes import propose_classes


def classes(*labels):
    return propose_classes(pd.Series(labels, dtype="string"), "clinic/index.csv")


@pytest.mark.parametrize(
    ("labels", "names", "ordinal"),
    [
        (("pain", "no pain", None), ("no pain", "pain"), True),
        (("high", "none", "low"), ("none", "low", "high"), True),
        (("10", "9", "0"), ("0", "9", "10"), True),
        (("rest", "baseline", "pain"), ("baseline", "rest", "pain"), False),
        (("sad", "glad"), ("glad", "sad"), False),
    ],
)
def test_each_label_is_a_class_the_least_pain_first(labels, names, ordinal):
    found = classes(*labels)
    assert found.names == names
    assert found.rule == {"mapping": {name: number for number, name in enumerate(names)}}
    assert found.ordinal == ordinal


def test_spellings_of_one_label_are_one_class():
    found = classes("Pain", "Pain", "pain", "rest")
    assert found.rule == {"mapping": {"rest": 0, "Pain": 1, "pain": 1}}
    assert found.notes == ("'Pain' and 'pain' are taken for spellings of one label.",)


def test_many_numbers_are_two_classes():
    found = classes(*map(str, range(10)))
    assert found.names == ("0", "1 and more")
    assert found.rule == {"bins": [[0.0, 0.0], [1.0, 9.0]]}
    assert "10 numbers" in found.notes[0]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("pain", "pain"), "2 clips, all with the label 'pain'"),
        (("pain", "Pain"), "no two labels"),
        ((None, None), "no label at all"),
        (tuple(f"note {letter}" for letter in "abcdefghijkl"), "have 12 labels"),
    ],
)
def test_too_few_or_too_many_labels_are_refused(labels, message):
    with pytest.raises(UserError, match=message):
        classes(*labels)
