"""The twin of MIntPAIN: short bursts of colour pictures in folders that bear invented names of people."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.synthetic.behaviour.mintpain import BEHAVIOUR
from transferpain.data.synthetic.camera import MINTPAIN, Camera
from transferpain.data.synthetic.face import Sitter
from transferpain.data.synthetic.performance import Stimulus
from transferpain.data.synthetic.pictures import write_folder, write_pictures
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.subjects import invent_look, invent_temperament
from transferpain.data.synthetic.videos import ClipPlan, Person, draw_clip, write_clips

# What follows the number in a subject's folder. Nobody is called so: wherever a part of one of these is found outside
# the folders, a name has leaked.
INVENTED_NAMES = (
    "Zibbly Quonkmeyer", "Wumblo Fizzlequark", "Plimsy Vexwortle", "Ömbralda Zwoggelütz", "TROXIMANDER",
    "Glimphia  van der Quoob", "Skwendl O'Brizzlix", "Jorvik-Plonk Smurgelwitz", "Hexandra Phloomp",
    "bliggo nurfblatt", "Yxilda Krompfnagel", "Dr. Quibbert Mozzlethwick", "Fnordina Wobblegast",
    "Çrizzle Æbbelquist", "Mizzoko Trundlefax", "Vorpalina Gribbenschlock", "Ulfwig Snarzelpott",
    "Pxanthe Dribblewump", "Qwertzilla Habberdonk", "Zoltrix Umpfelbach",
)  # fmt: skip

TRIALS = (1, 2)
LEVELS = (1, 2, 3, 4)
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
OFFICIAL_CLIPS = 20  # of each level from 1 to 4, and four times as many of level 0
OFFICIAL_FRAMES = (8, 28)
COURSE_SECONDS = 5.0  # what a clip shows, however many pictures it has
JITTER = 0.3  # a picture comes by up to this share of the mean distance earlier or later
SWEEP_SECONDS = 30  # from one sweep to the next
EMPTY_EVERY = 4  # of the subjects, one in four has an empty folder of pictures


@dataclass(frozen=True)
class SweepPlan(ClipPlan):
    """One folder of a sweep; `clock` is the time of day of each picture in milliseconds."""

    clock: tuple[int, ...] = ()

    def times(self, camera: Camera) -> np.ndarray:
        """Return when each picture is taken, as its name says: seconds of the official clip."""
        return (np.array(self.clock) - self.clock[0]) / 1000 * self.speed


def plan_mintpain(settings: TwinSettings) -> list[SweepPlan]:
    """Plan the folders of pictures: for each sweep one without pain and one of a level, in two trials.

    The twin's choices: 384x216 pixels, colour pictures only, `clips` sweeps of each level, `seconds` at 5 pictures per
    second instead of 8 to 28 pictures; the second trial lacks the sweep in its middle if it has three or more.

    Raises:
        UserError: if more than 20 subjects, `fps` or `levels` are asked for.
    """
    return [plan for plan in _plan_folders(settings) if plan.frames]


def subject_folder(number: int) -> str:
    """Return the folder of a subject, from 1 on, with the invented name."""
    return f"Sub{number} {INVENTED_NAMES[number - 1]}"


def _plan_folders(settings: TwinSettings) -> list[SweepPlan]:
    """Return a plan for each folder of pictures; one without frames stays empty."""
    settings.refuse("MIntPAIN", "fps", "levels", "uneven", "signals")
    if settings.subjects > len(INVENTED_NAMES):
        raise UserError(
            "MIntPAIN's twin cannot have so many subjects.",
            rule=f"MIntPAIN has {len(INVENTED_NAMES)} subjects.",
            received=settings.subjects,
            todo=f"Ask for {len(INVENTED_NAMES)} subjects or fewer.",
        )
    seed = derive_seed(settings.seed, "mintpain")
    plans = []
    for number in range(1, settings.subjects + 1):
        name = f"Sub{number:02d}"
        person = Person(name, invent_look(seed, name), invent_temperament(seed, name, behaviour=BEHAVIOUR))
        generator = np.random.default_rng(derive_seed(seed, name, "order"))
        levels = generator.permutation(np.repeat(LEVELS, settings.clips or OFFICIAL_CLIPS))
        # A null twin's people feel the same stimuli, dealt anew to all that is before and after them.
        shown_levels = np.stack([np.zeros_like(levels), levels], 1)
        felt_levels = shown_levels
        if settings.null:
            # By a generator of its own, so that the pictures are as many, and taken when they are taken without null.
            dealer = np.random.default_rng(derive_seed(seed, name, "null"))
            felt_levels = dealer.permutation(shown_levels.ravel()).reshape(shown_levels.shape)
        halves = (np.array_split(both, len(TRIALS)) for both in (shown_levels, felt_levels))
        for trial, shown_part, felt_part in zip(TRIALS, *halves, strict=True):
            sweeps = list(enumerate(zip(shown_part.tolist(), felt_part.tolist(), strict=True), start=1))
            last = len(sweeps)
            if trial == TRIALS[-1] and last >= 3:
                del sweeps[last // 2]
            start = int(generator.integers(9 * 3600, 17 * 3600)) * 1000
            for sweep, pair in sweeps:
                for shown, felt in zip(*pair, strict=True):
                    # Of the clip before a stimulus, in the last sweep of the first trial of every fourth subject.
                    empty = number % EMPTY_EVERY == 2 and trial == 1 and 1 < sweep == last and not shown
                    begin = start + sweep * SWEEP_SECONDS * 1000 + (shown > 0) * 12_000 + int(generator.integers(4000))
                    clock = _clock(begin, settings.seconds, generator)
                    clip = f"{name}_Trial{trial:02d}_Sweep{sweep:02d}_Label{shown}"
                    plans.append(
                        SweepPlan(
                            person=person,
                            clip=clip,
                            media=f"Extracted_Data/{subject_folder(number)}/Annotated_data_{name}_Trial{trial:02d}/"
                            f"{clip}/RGB",
                            frames=0 if empty else len(clock),
                            speed=COURSE_SECONDS / (settings.seconds or COURSE_SECONDS),
                            stimuli=(Stimulus(0.0, COURSE_SECONDS, STRENGTHS[felt]),),
                            seed=seed,
                            clock=clock,
                        )
                    )
    return plans


def _clock(begin: int, seconds: float | None, generator: np.random.Generator) -> tuple[int, ...]:
    """Return when the pictures of a clip are taken: in milliseconds, at uneven distances, over the whole course."""
    frames = int(generator.integers(OFFICIAL_FRAMES[0], OFFICIAL_FRAMES[1] + 1))
    if seconds:
        frames = max(2, round(seconds * MINTPAIN.fps))
    shares = np.arange(frames) + generator.uniform(-JITTER, JITTER, frames)
    shares[0] = 0.0
    return tuple((begin + np.rint(1000 * (seconds or COURSE_SECONDS) * shares / frames).astype(int)).tolist())


def picture_names(plan: SweepPlan) -> list[str]:
    """Return the names of a clip's pictures, `RGB-HH-MM-SS-mmmm.jpg`: the time of day, milliseconds in four digits."""
    names = []
    for clock in plan.clock:
        seconds, milliseconds = divmod(clock, 1000)
        minutes, seconds = divmod(seconds, 60)
        names.append(f"RGB-{minutes // 60:02d}-{minutes % 60:02d}-{seconds:02d}-{milliseconds:04d}.jpg")
    return names


def write_sweep(folder: Path, camera: Camera, sitter: Sitter, plan: SweepPlan) -> None:
    """Write the pictures of one clip."""
    write_pictures(folder / plan.media, picture_names(plan), draw_clip(camera, sitter, plan))


def write_mintpain(folder: Path, settings: TwinSettings, advance: Callable[[int], object]) -> None:
    """Fill `folder` with the twin."""
    for plan in _plan_folders(settings):
        if not plan.frames:
            write_folder(folder / plan.media, lambda path: None)
    write_clips(write_sweep, folder, MINTPAIN, plan_mintpain(settings), advance)
