"""What docs/signals.md says of kinds, settings and the files of experiments is what there is."""

import re
from pathlib import Path

import yaml

from tests.command_line import EXPERIMENTS
from transferpain.data.places import Places
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.experiments.source_forms import spread_source
from transferpain.experiments.study import load_batch
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.signals.kinds.registry import SIGNAL_KINDS
from transferpain.inputs.signals.settings import BIOVID, SignalSettings

PAGE = (Path(__file__).parents[2] / "docs" / "signals.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def test_every_kind_has_a_row_with_the_rate_that_it_needs():
    rows = re.findall(r"(?m)^\| `(\w+)` \| .* \| (?:(\d+) Hz)? ?\|$", PAGE)
    assert [name for name, _ in rows] == list(SIGNAL_KINDS)
    assert [float(hertz) for _, hertz in rows if hertz] == [
        SIGNAL_KINDS[name].least_rate for name, hertz in rows if hertz
    ]


def test_the_columns_and_the_gap_are_those_without_settings():
    stated = re.search(r"without it BioVid's five: (.*) \|", PAGE)[1]
    assert re.findall(r"`(\w+)`", stated) == list(BIOVID)
    assert f"`longest_gap` seconds ({SignalSettings().longest_gap}" in PAGE


def test_the_experiment_is_that_of_the_file():
    shown = Experiment.model_validate(BLOCKS[0])
    filed = load_experiment(EXPERIMENTS / "biovid-signals.yaml")
    assert shown.model_copy(update={"question": filed.question}) == filed


def test_other_columns_can_be_read():
    features = FeatureSettings(**spread_source(BLOCKS[1])["features"])
    assert features.signals.channels == {"EDA": "eda", "breath": "other"}
    assert (features.rate, features.signals.longest_gap) == (100, 0.5)


def test_the_study_has_every_run_of_the_table():
    study = load_batch(EXPERIMENTS / "biovid-signals-demo.yaml", Places(EXPERIMENTS, EXPERIMENTS), [])
    rows = re.findall(r"(?m)^\| ((?:`[\w-]+`(?:, )?)+).* \| \.\d{3} \[", PAGE)
    named = [name for row in rows for name in re.findall(r"`([\w-]+)`", row)]
    assert named == [one.name for one in study.experiments]
