"""The twin of the AI4Pain 2024 videos: folders Train, Validation, Test; one baseline, low and high clips, rests."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.synthetic.behaviour.ai4pain import BEHAVIOUR
from transferpain.data.synthetic.camera import AI4PAIN
from transferpain.data.synthetic.performance import Stimulus
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.subjects import invent_look, invent_temperament
from transferpain.data.synthetic.videos import ClipPlan, Person, write_clips, write_video

SPLITS = {"Train": 41, "Validation": 12, "Test": 12}
STRENGTHS = {"none": 0.0, "low": 0.45, "high": 1.0}
LEVELS = (*STRENGTHS, "rest")
OFFICIAL_SECONDS = 10.0
OFFICIAL_REST_SECONDS = 40.0
SHORT_REST_SECONDS = 0.5
OFFICIAL_CLIPS = 12
HABITUATION = 0.2  # at the end of a session so much less is felt than at the beginning of its baseline (our choice)
BASELINE_WINDOWS = 6  # the baseline is as long as so many pain clips
LOW_REACTIVE_EVERY = 4  # of the people of a split, one in four hardly reacts


def split_sizes(subjects: int) -> dict[str, int]:
    """Return how many people each folder gets: 41 : 12 : 12, but at least one.

    Raises:
        UserError: if there are fewer than three people.
    """
    if subjects < len(SPLITS):
        raise UserError(
            "AI4Pain's twin needs more subjects.",
            rule="Train, Validation and Test have at least one subject each.",
            received=subjects,
            todo="Ask for 3 subjects or more.",
        )
    share = SPLITS["Validation"] / sum(SPLITS.values())
    small = max(1, round(subjects * share))
    return {"Train": subjects - 2 * small, "Validation": small, "Test": small}


def plan_ai4pain(settings: TwinSettings) -> list[ClipPlan]:
    """Plan the clips in the order of the session: a baseline, then `clips` low and as many high ones in any order, each
    followed by a rest.

    The twin's choices: 416x240 pixels; `clips`, `seconds`, `fps` and `levels` of the settings; rests of 0.5 s when
    `seconds` is given; the Test folder is named like the others, labels and all, although the official one is
    unlabelled.
    Low and high clips are numbered as they come; nothing but what is felt changes over the session.

    Raises:
        UserError: if there are fewer than three subjects, or a level is none of `LEVELS`.
    """
    settings.refuse("AI4Pain", "uneven", "signals")
    drawn = settings.chosen_levels(LEVELS)
    seed = derive_seed(settings.seed, "ai4pain")
    plans, number = [], 0
    for split, size in split_sizes(settings.subjects).items():
        for place in range(size):
            number += 1
            low_reactive = place % LOW_REACTIVE_EVERY == LOW_REACTIVE_EVERY // 2
            manner = invent_temperament(seed, number, behaviour=BEHAVIOUR, low_reactive=low_reactive)
            person = Person(str(number), invent_look(seed, number), manner)
            plans += [plan for level, plan in _plan_subject(person, split, settings, seed) if level in drawn]
    return plans


def _plan_subject(person: Person, split: str, settings: TwinSettings, seed: int) -> list[tuple[str, ClipPlan]]:
    """Return all clips of a person in the order of the session, each with its level."""
    seconds = settings.seconds or OFFICIAL_SECONDS
    speed, fps = OFFICIAL_SECONDS / seconds, settings.fps or AI4PAIN.fps
    rest_seconds = SHORT_REST_SECONDS if settings.seconds else OFFICIAL_REST_SECONDS
    clips = settings.clips or OFFICIAL_CLIPS
    generator = np.random.default_rng(derive_seed(seed, person.name, "order"))
    session = generator.permutation(["high", "low"] * clips).tolist()
    levels = ["none"] * BASELINE_WINDOWS + session
    # A null twin's people feel the same stimuli, dealt anew to the windows of the baseline and to the other clips.
    felt = generator.permutation(levels).tolist() if settings.null else levels

    def stimuli(place: int, windows: int = 1) -> tuple[Stimulus, ...]:
        """Return what is felt from the window `place` of the session on."""
        return tuple(
            Stimulus(
                window * OFFICIAL_SECONDS,
                OFFICIAL_SECONDS,
                STRENGTHS[felt[place + window]] * (1 - HABITUATION * (place + window) / len(felt)),
            )
            for window in range(windows)
        )

    def plan(name: str, length: float, feels: tuple[Stimulus, ...]) -> ClipPlan:
        clip = f"{person.name}_{name}"
        frames = max(2, round(length * fps))
        return ClipPlan(person, clip, f"{split}/video/{person.name}/{clip}.mp4", frames, speed, feels, seed)

    plans = [("none", plan("Baseline", BASELINE_WINDOWS * seconds, stimuli(0, BASELINE_WINDOWS)))]
    for number, level in enumerate(session, start=1):
        repetition = session[:number].count(level)
        clip = plan(f"Pain_{level.upper()}_{repetition}", seconds, stimuli(BASELINE_WINDOWS + number - 1))
        plans += [(level, clip), ("rest", plan(f"Rest_{number}", rest_seconds, ()))]
    return plans


def write_ai4pain(folder: Path, settings: TwinSettings, advance: Callable[[int], object]) -> None:
    """Fill `folder` with the twin."""
    camera = replace(AI4PAIN, fps=settings.fps or AI4PAIN.fps)
    write_clips(write_video, folder, camera, plan_ai4pain(settings), advance)
