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
            official ones; MIntPAIN: of level 0 four times as many; 3DPain: pain faces per person); None = the official
            number.
        seconds: length of a pain clip (UNBC: of a sequence); None = the official one. A shorter clip plays the same
            course faster.
        fps: frames per second of the videos of BioVid and AI4Pain; None = the camera's. A lower rate shows a like
            course in fewer frames.
        levels: BioVid's and AI4Pain's clips that are drawn, by the level in their names; None = of all. The clips that
            are left out change nothing in the others.
        uneven: UNBC's sequences are as unequal as the official ones, and `seconds` long on average, not each.
        signals: BioVid's clips have tables of skin conductance, heart and muscles as well, of the official length.

    Raises:
        UserError: if a number is out of its range.
    """

    subjects: int
    seed: int = 0
    null: bool = False
    clips: int | None = None
    seconds: float | None = None
    fps: int | None = None
    levels: tuple[str, ...] | None = None
    uneven: bool = False
    signals: bool = False

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
        fps = self.fps is None or (_is_whole(self.fps) and 1 <= self.fps <= 60)
        self._check("fps", "a whole number from 1 to 60", fps)
        self._check("uneven", "true or false", isinstance(self.uneven, bool))
        self._check("signals", "true or false", isinstance(self.signals, bool))
        levels = self.levels is None or (len(self.levels) > 0 and len(set(self.levels)) == len(self.levels))
        self._check("levels", "a list of levels, each once", levels)

    def _check(self, name: str, rule: str, holds: bool) -> None:
        if not holds:
            raise UserError(
                f"The twin's `{name}` is out of range.",
                rule=f"`{name}` is {rule}.",
                received=repr(getattr(self, name)),
                todo=f"Give another `{name}`.",
            )

    def facts(self) -> dict:
        """Return the settings as JSON types; `fps`, `levels`, `uneven` and `signals` only where they are given."""
        facts = asdict(self)
        for key in ("fps", "levels", "uneven", "signals"):
            if not facts[key]:
                del facts[key]
        return facts | ({"levels": list(self.levels)} if self.levels else {})

    def chosen_levels(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Return the levels whose clips are drawn, of those that a dataset has.

        Raises:
            UserError: for a level that the dataset does not have.
        """
        unknown = [level for level in self.levels or () if level not in known]
        if unknown:
            raise UserError(
                "The twin cannot have such a level.",
                rule=f"`levels` are some of {', '.join(known)}.",
                received=", ".join(unknown),
                todo="Give some of these, or leave `levels` out.",
            )
        return self.levels or known

    def refuse(self, title: str, *names: str) -> None:
        """Refuse settings that the twin of the dataset `title` cannot have.

        Raises:
            UserError: if one of them is given; it is named.
        """
        for name in names:
            if getattr(self, name):
                raise UserError(
                    f"{title}'s twin has no `{name}`.",
                    rule="`fps` and `levels` are for BioVid and AI4Pain, whose clips are videos with a level each, "
                    "`uneven` is for UNBC-McMaster, `signals` for BioVid, `seconds` for what is filmed.",
                    received=f"{name}={getattr(self, name)}",
                    todo=f"Leave `{name}` out.",
                )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
