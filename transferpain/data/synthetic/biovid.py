"""The twin of BioVid Part A: official names, layout and samples.csv, drawn faces."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.core.store import write_text
from transferpain.data.synthetic.behaviour.biovid import BEHAVIOUR
from transferpain.data.synthetic.camera import BIOVID
from transferpain.data.synthetic.performance import Stimulus
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.signals import write_signals
from transferpain.data.synthetic.subjects import interleave, invent_look, invent_temperament
from transferpain.data.synthetic.videos import ClipPlan, Person, write_clips, write_video


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# The 87 official subject names; the 26 of the official hold-out proposal; the 20 facially inexpressive ones
# (Werner et al. 2017), who hardly react in the twin as well. Names only: the drawn people are invented.
SUBJECTS = _names("""
    071309_w_21 071313_m_41 071614_m_20 071709_w_23 071814_w_23 071911_w_24 072414_m_23
    072514_m_27 072609_w_23 072714_m_23 073109_w_28 073114_m_25 080209_w_26 080309_m_29
    080314_w_25 080609_w_27 080614_m_24 080709_m_24 080714_m_23 081014_w_27 081609_w_40
    081617_m_27 081714_m_36 082014_w_24 082109_m_53 082208_w_45 082315_w_60 082414_m_64
    082714_m_22 082809_m_26 082814_w_46 082909_m_47 083009_w_42 083013_w_47 083109_m_60
    083114_w_55 091809_w_43 091814_m_37 091914_m_46 092009_m_54 092014_m_56 092509_w_51
    092514_m_50 092714_m_64 092808_m_51 092813_w_24 100117_w_36 100214_m_50 100417_m_44
    100509_w_43 100514_w_51 100909_w_65 100914_m_39 101015_w_43 101114_w_37 101209_w_61
    101216_m_40 101309_m_48 101514_w_36 101609_m_36 101809_m_59 101814_m_58 101908_m_61
    101916_m_40 102008_w_22 102214_w_36 102309_m_61 102316_w_50 102414_w_58 102514_w_40
    110614_m_42 110810_m_62 110909_m_29 111313_m_64 111409_w_63 111609_m_65 111914_w_63
    112009_w_43 112016_m_25 112209_m_51 112310_m_20 112610_w_60 112809_w_23 112909_w_20
    112914_w_51 120514_w_56 120614_w_61
""")

HOLD_OUT = _names("""
    100914_m_39 101114_w_37 082315_w_60 083114_w_55 083109_m_60 072514_m_27 080309_m_29
    112016_m_25 112310_m_20 092813_w_24 112809_w_23 112909_w_20 071313_m_41 101309_m_48
    101609_m_36 091809_w_43 102214_w_36 102316_w_50 112009_w_43 101814_m_58 101908_m_61
    102309_m_61 112209_m_51 112610_w_60 112914_w_51 120514_w_56
""")

LOW_REACTIVE = _names("""
    082315_w_60 082414_m_64 082909_m_47 083009_w_42 083013_w_47 083109_m_60 083114_w_55
    091914_m_46 092009_m_54 092014_m_56 092509_w_51 092714_m_64 100514_w_51 100914_m_39
    101114_w_37 101209_w_61 101809_m_59 101916_m_40 111313_m_64 120614_w_61
""")

LEVELS = ("BL1", "PA1", "PA2", "PA3", "PA4")
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
OFFICIAL_SECONDS = 5.52
OFFICIAL_CLIPS = 20


def subject_order() -> list[str]:
    """Return the 87 names in the order in which a twin takes them.

    Training and hold-out subjects alternate in the proportion of 61 to 26, and within both the low-reactive ones
    are spread evenly; so the first N keep both proportions, from N = 8 on, to within one subject.
    """
    sides = []
    for held_out in (False, True):
        side = [name for name in SUBJECTS if (name in HOLD_OUT) == held_out]
        sides.append(interleave([name for name in side if name not in LOW_REACTIVE],
                                 [name for name in side if name in LOW_REACTIVE]))  # fmt: skip
    return interleave(*sides)


def plan_biovid(settings: TwinSettings) -> list[ClipPlan]:
    """Plan the clips: `clips` for each of BL1, PA1..PA4 and subject, numbered over the subject, BL1 last.

    The twin's choices: 320x240 pixels instead of 1388x1038, and `clips`, `seconds`, `fps` and `levels` of the settings.

    Raises:
        UserError: if more than 87 subjects are asked for, or a level that is none of `LEVELS`.
    """
    if settings.subjects > len(SUBJECTS):
        raise UserError(
            "BioVid's twin cannot have so many subjects.",
            rule=f"BioVid Part A has {len(SUBJECTS)} official subject names.",
            received=settings.subjects,
            todo=f"Ask for {len(SUBJECTS)} subjects or fewer.",
        )
    seconds = settings.seconds or OFFICIAL_SECONDS
    clips = settings.clips or OFFICIAL_CLIPS
    settings.refuse("BioVid", "uneven")
    drawn, fps = settings.chosen_levels(LEVELS), settings.fps or BIOVID.fps
    seed = derive_seed(settings.seed, "biovid")
    plans = []
    for name in sorted(subject_order()[: settings.subjects]):
        _, sex, age = name.split("_")
        manner = invent_temperament(seed, name, behaviour=BEHAVIOUR, low_reactive=name in LOW_REACTIVE)
        person = Person(name, invent_look(seed, name, sex=sex, age=int(age)), manner)
        generator = np.random.default_rng(derive_seed(seed, name, "order"))
        pain = generator.permutation(np.repeat(np.arange(1, len(LEVELS)), clips))
        levels = np.array([*pain, *[0] * clips])
        # A null twin's people feel the same stimuli, dealt anew to their clips.
        dealt = generator.permutation(levels) if settings.null else levels
        for number, (level, felt) in enumerate(zip(levels.tolist(), dealt.tolist(), strict=True), start=1):
            if LEVELS[level] not in drawn:
                continue
            clip = f"{name}-{LEVELS[level]}-{number:03d}"
            plans.append(
                ClipPlan(
                    person=person,
                    clip=clip,
                    media=f"video/{name}/{clip}.mp4",
                    frames=max(2, round(seconds * fps)),
                    speed=OFFICIAL_SECONDS / seconds,
                    stimuli=(Stimulus(0.0, OFFICIAL_SECONDS, STRENGTHS[felt]),),
                    seed=seed,
                )
            )
    return plans


def samples_table(plans: list[ClipPlan]) -> str:
    """Return starting_point/samples.csv: TAB separated, six columns, one row per clip."""
    rows = ["subject_id\tsubject_name\tclass_id\tclass_name\tsample_id\tsample_name"]
    subjects = {name: number for number, name in enumerate(sorted({plan.person.name for plan in plans}), start=1)}
    for plan in plans:
        name, level, number = plan.clip.split("-")
        rows.append(f"{subjects[name]}\t{name}\t{LEVELS.index(level)}\t{level}\t{int(number)}\t{plan.clip}")
    return "\n".join(rows) + "\n"


def write_biovid(folder: Path, settings: TwinSettings, advance: Callable[[int], object]) -> None:
    """Fill `folder` with the twin."""
    plans = plan_biovid(settings)
    write_clips(write_video, folder, replace(BIOVID, fps=settings.fps or BIOVID.fps), plans, advance)
    if settings.signals:
        write_signals(folder, plans)
    write_text(folder / "starting_point" / "samples.csv", samples_table(plans))
