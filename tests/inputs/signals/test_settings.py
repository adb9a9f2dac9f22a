import pytest
from pydantic import ValidationError

from transferpain.inputs.signals.settings import SignalSettings


def test_the_channels_are_those_of_biovid_in_the_order_of_their_names():
    assert SignalSettings().columns == ("ecg", "emg_corrugator", "emg_trapezius", "emg_zygomaticus", "gsr")
    assert SignalSettings(channels={"b": "eda", "a": "other"}).columns == ("a", "b")


def test_the_most_demanding_channel_states_the_rate():
    assert SignalSettings().least_rate == 128
    assert SignalSettings(channels={"HbO_1": "other"}).least_rate == 0.1


@pytest.mark.parametrize(
    "wrong", [{"channels": {}}, {"channels": {"gsr": "EKG"}}, {"channels": ["gsr"]}, {"longest_gap": -1}, {"rate": 5}]
)
def test_other_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        SignalSettings(**wrong)
