"""The kinds of signals that an experiment may name for a channel."""

from transferpain.core.registry import Registry
from transferpain.inputs.signals.kinds.base import SignalKind
from transferpain.inputs.signals.kinds.ecg import ECG
from transferpain.inputs.signals.kinds.eda import EDA
from transferpain.inputs.signals.kinds.emg import EMG
from transferpain.inputs.signals.kinds.other import OTHER

SIGNAL_KINDS: Registry[SignalKind] = Registry(
    "kind of signal",
    [
        EDA,
        ECG,
        EMG,
        OTHER,
    ],
)
