"""The kinds of files that an experiment may name in the place of a source."""

from transferpain.core.registry import Registry
from transferpain.inputs.features.own_kinds.action_units import ACTION_UNITS
from transferpain.inputs.features.own_kinds.arrays import ARRAYS
from transferpain.inputs.features.own_kinds.signals import SIGNAL_MEASURES, SIGNAL_SERIES

OWN_KINDS = Registry(
    "kind of own features",
    [
        ARRAYS,
        ACTION_UNITS,
        SIGNAL_MEASURES,
        SIGNAL_SERIES,
    ],
)
