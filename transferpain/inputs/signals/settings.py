"""What an experiment may choose about signals."""

from pydantic import BaseModel, ConfigDict, Field

from transferpain.inputs.signals.kinds.registry import SIGNAL_KINDS

# The columns of BioVid's tables.
BIOVID = {"gsr": "eda", "ecg": "ecg", "emg_trapezius": "emg", "emg_corrugator": "emg", "emg_zygomaticus": "emg"}


class SignalSettings(BaseModel):
    """Which columns of a clip's table are read, and as what.

    Attributes:
        channels: column -> its kind; read in the order of their names, whatever order they stand in.
        longest_gap: seconds; a gap up to this is bridged by a straight line, a longer one is missing (our choice).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: dict[str, SIGNAL_KINDS.name_type] = Field(BIOVID, min_length=1)
    longest_gap: float = Field(0.25, ge=0, le=60)

    @property
    def columns(self) -> tuple[str, ...]:
        """The channels, in the order in which they are read."""
        return tuple(sorted(self.channels))

    @property
    def least_rate(self) -> float:
        """Samples a second that every channel can be measured with."""
        return max(SIGNAL_KINDS[kind].least_rate for kind in self.channels.values())
