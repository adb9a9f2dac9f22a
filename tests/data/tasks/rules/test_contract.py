"""What holds for every rule of labels, and for one that gives numbers."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from transferpain.core.registry import Registry
from transferpain.data.datasets.ferplus import EMOTIONS, VOTES
from transferpain.data.tasks.rules import registry
from transferpain.data.tasks.rules.registry import RULES, make_rule
from transferpain.data.tasks.rules.rule import LabelRule
from transferpain.data.tasks.task import Task, list_tasks, load_task

CLASSES = ("no pain", "pain")
# The values of each rule for two classes, or for as many as it fixes, and raw labels; a new rule needs its line.
EXAMPLES = {
    "mapping": ({"column": "level", "mapping": {"none": 0, "high": 1}}, CLASSES, ["none", "high", "low", pd.NA]),
    "bins": ({"column": "pspi", "bins": [[0, 0], [1.5, 16]]}, CLASSES, [0, 16, 1, pd.NA]),
    "votes": ({"votes": {name: number for number, name in enumerate(EMOTIONS)}}, EMOTIONS, ["neutral", "fear", pd.NA]),
}


def example(name: str) -> tuple[LabelRule, tuple[str, ...], pd.Series]:
    values, classes, labels = EXAMPLES[name]
    return make_rule(values), classes, pd.Series(labels)


def table(rows: int = 12) -> pd.DataFrame:
    """Rows that every rule can read, in which one label of three is missing."""
    random = np.random.default_rng(0)
    votes = pd.DataFrame(0, index=range(rows), columns=list(VOTES)).assign(**{VOTES[1]: 9})
    level = pd.Series(random.choice(["none", "low", "high"], rows), dtype="string")
    level[::3] = pd.NA
    pspi = pd.Series(random.integers(0, 17, rows), dtype="Int64")
    pspi[::3] = pd.NA
    return votes.assign(level=level, pspi=pspi, split=np.resize(["train", "test"], rows))


@pytest.mark.parametrize("name", RULES)
def test_the_keys_of_a_file_name_the_rule(name):
    rule, classes, _ = example(name)
    assert type(rule) is RULES[name]
    assert make_rule(rule) is rule
    assert make_rule(rule.model_dump()) == rule
    rule.check(classes, ordinal=True)


@pytest.mark.parametrize("name", RULES)
def test_every_label_has_an_answer_and_what_is_missing_or_not_named_stays_missing(name):
    rule, classes, labels = example(name)
    answers = rule.classify(labels)
    assert len(answers) == len(labels)
    assert str(answers.dtype) == "Int64"
    assert answers.iloc[-1] is pd.NA
    assert set(answers.dropna()) <= rule.reached <= set(range(len(classes)))
    assert answers.notna().any()
    strange = pd.Series(["no such label", "", pd.NA, "nan"], dtype="string")
    assert rule.classify(strange).isna().all()
    assert rule.classify(labels.iloc[:0]).empty


@pytest.mark.parametrize("name", RULES)
def test_answers_are_the_same_twice_and_do_not_depend_on_the_other_rows(name):
    rule, _, _ = example(name)
    rows = table()
    labels, kept = rule.raw_labels(rows, "majority")
    answers = rule.classify(labels[kept])
    pd.testing.assert_series_equal(answers, rule.classify(labels[kept]))
    turned = rows.iloc[::-1]
    labels, kept = rule.raw_labels(turned, "majority")
    pd.testing.assert_series_equal(rule.classify(labels[kept]).sort_index(), answers)


@pytest.mark.parametrize("name", RULES)
def test_only_the_stated_columns_are_read(name):
    rule, _, _ = example(name)
    rows = table()
    labels, _ = rule.raw_labels(rows[list(rule.columns)], "majority")
    pd.testing.assert_series_equal(labels, rule.raw_labels(rows, "majority")[0])


@pytest.mark.parametrize("name", RULES)
def test_targets_of_labelled_rows_sum_to_one_and_the_others_are_zero(name):
    rule, classes, _ = example(name)
    rows = table()
    labels, _ = rule.raw_labels(rows, "crossentropy")
    rows = rows.assign(y=rule.classify(labels))
    targets = rule.targets(rows, len(classes), "crossentropy")
    assert targets.dtype == np.float32
    assert targets.sum(axis=1).tolist() == rows["y"].notna().astype(float).tolist()


@pytest.mark.parametrize("name", RULES)
def test_the_definition_is_not_hashed_and_all_else_is(name):
    values, _, _ = EXAMPLES[name]
    rule = make_rule(values)
    assert make_rule(values | {"definition": "other words"}).facts() == rule.facts()
    others = {"mapping": {"low": 0, "high": 1}, "bins": [[0, 1], [1.5, 16]], "votes": {"neutral": 0, "fear": 1}}
    assert make_rule(values | {name: others[name]}).facts() != rule.facts()
    assert rule.describe().endswith(f"in the column {rule.column}")


@pytest.mark.parametrize("name", RULES)
def test_too_many_classes_are_refused(name):
    rule, classes, _ = example(name)
    for wrong in (classes[:-1], (*classes, "more"), ()):
        with pytest.raises(ValueError, match=r"lead to|reach"):
            rule.check(wrong, ordinal=False)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"column": "level"}, "has one of `mapping`, `bins`, `votes`, received none of them"),
        ({"column": "level", "mapping": None}, "received none of them"),
        ({"column": "x", "mapping": {"a": 0}, "bins": [[0, 1]]}, "received `mapping` and `bins`"),
        ({"mapping": {"a": 0}}, "`column` is missing"),
        ({"column": "level", "mapping": {"a": 0}, "colour": "red"}, "`colour` is not a known key"),
        ({"column": "level", "mapping": {"a": "x"}}, "`mapping.a`: a whole number is meant. Received: 'x'"),
        ({"column": "pspi", "bins": [[3, 2]]}, r"bins: each is \[lowest, highest\]"),
        ({"column": "pspi", "bins": [[0, 2], [2, 3]]}, "must not overlap"),
        ({"column": "level", "votes": {"fear": 0}}, "`column`: known are 'votes'. Received: 'level'"),
        ("level", "a rule is a mapping of keys, received 'level'"),
    ],
)
def test_a_rule_that_says_too_little_or_too_much_is_refused(wrong, told):
    with pytest.raises(ValueError, match=told):
        make_rule(wrong)


PINNED = {
    "ai4pain-three": "51d87d930cda4c21",
    "biovid-bl1-pa4": "52094caf22626fcc",
    "biovid-five": "b68de0464ad028cc",
    "cross-binary": "51a1ab466c923b54",
    "cross-binary-pspi2": "0d2f974978a167cd",
    "cross-binary-pspi3": "bc3d9ef8726559ec",
    "cross-five": "0d6ec339fa86021e",
    "cross-three": "c48a01ba012651d9",
    "ferplus-emotions": "038b1f197b4f4733",
    "mintpain-five": "b7f1fec63801efc0",
    "unbc-binary-1": "7498fb663b21a6a9",
    "unbc-binary-2": "fa982f7de43dd9df",
    "unbc-binary-3": "907bd584c13a6106",
    "unbc-five": "c13c3e3dfe6bed9e",
    "unbc-four": "5c94f963a94692b0",
    "unbc-opr": "2dea638d014647ff",
    "unbc-seven": "c0cc648c2d52b5e1",
    "unbc-six": "98b299518f5b4f6b",
    "unbc-vas": "458ab4b23c0e43b0",
}


def test_the_hashes_of_tasks_stay_what_they_were():
    # They name the runs of everybody who has trained on them.
    assert PINNED.items() <= {name: load_task(name).hash for name in list_tasks()}.items()


class NumberRule(LabelRule):
    """A number for each label: a rule that knows no classes."""

    name: ClassVar[str] = "number"
    number: tuple[float, float]

    @property
    def reached(self) -> set[int]:
        return set()

    def check(self, classes: tuple[str, ...], ordinal: bool) -> None:
        if classes:
            raise ValueError("number: goes without classes")

    def classify(self, labels: pd.Series) -> pd.Series:
        values = pd.to_numeric(labels, errors="coerce").astype("Float64")
        return values.where(values.between(*self.number).fillna(False))

    def describe(self) -> str:
        return "{:g} to {:g} in the column {}".format(*self.number, self.column)


def test_a_new_rule_is_a_class_and_a_line_in_the_registry(monkeypatch):
    values = {"name": "own", "description": "", "sample": "frame", "classes": ()}
    values["labels"] = {"unbc": {"column": "pspi", "number": [0, 16]}}
    with pytest.raises(ValidationError, match="received none of them"):
        Task(**values)
    monkeypatch.setattr(registry, "RULES", Registry("label rule", [*RULES.values(), NumberRule]))
    task = Task(**values)
    assert task.rule_for("unbc").classify(pd.Series([0.5, 17, pd.NA])).tolist() == [0.5, pd.NA, pd.NA]
    assert len(task.hash) == 16
    assert Task(**task.model_dump()) == task
    with pytest.raises(ValidationError, match=r"labels\.unbc: number: goes without classes"):
        Task(**(values | {"classes": CLASSES}))
