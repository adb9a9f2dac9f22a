"""What may be asked of a twin."""

from dataclasses import asdict, dataclass
from math import isfinite

from transferpain.core.errors import UserError


@dataclass(frozen=True)
class TwinSettings:
    """How large a twin is, and what it is drawn from.

    Args:
        subjects: the number of people.
        seed: everything random hangs on it.
        null: draw action units that do not depend on the label, so that nothing can be learnt.
        clips: clips for each class and subject (FER+: images per person; UNBC: sequences per subject, at most the
            official ones; MIntPAIN: of level 0 four times as many); None = the official number.
        seconds: length of a pain clip (UNBC: of a sequence); None = the official one. A shorter clip plays the same
            course faster.

    Raises:
        UserError: if a number is out of its range.
    """

    subjects: int
    seed: int = 0
    null: bool = False
    clips: int | None = None
    seconds: float | None = None

    def __post_init__(self):
        self._check("subjects", "a whole number from 1 on", _is_whole(self.subjects) and self.subjects >= 1)
        self._check("seed", "a whole number from 0 on", _is_whole(self.seed) and self.seed >= 0)
        self._check("null", "true or false", isinstance(self.null, bool))
        clips = self.clips is None or (_is_whole(self.clips) and 1 <= self.clips <= 100)
        self._check("clips", "a whole number from 1 to 100", clips)
        seconds = self.seconds is None or (
            isinstance(self.seconds, (int, float)) and isfinite(self.seconds) and 0.2 <= self.seconds <= 60
        )
        self._check("seconds", "from 0.2 to 60", seconds)

    def _check(self, name: str, rule: str, holds: bool) -> None:
        if not holds:
            raise UserError(
                f"The twin's `{name}` is out of range.",
                rule=f"`{name}` is {rule}.",
                received=repr(getattr(self, name)),
                todo=f"Give another `{name}`.",
            )

    def facts(self) -> dict:
        """Return the settings as JSON types."""
        return asdict(self)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
