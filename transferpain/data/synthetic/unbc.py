"""The twin of UNBC-McMaster: official names, pictures, and labels by frame that follow the drawn action units."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.core.store import write_text
from transferpain.data.datasets.unbc_facts import HOLDOUTS, MEN, SEQUENCE_FRAMES, SUBJECTS
from transferpain.data.pspi import pspi
from transferpain.data.synthetic.behaviour.unbc import BEHAVIOUR
from transferpain.data.synthetic.camera import UNBC, Camera
from transferpain.data.synthetic.face import Sitter
from transferpain.data.synthetic.landmarks import landmarks
from transferpain.data.synthetic.performance import COLUMN, Stimulus
from transferpain.data.synthetic.pictures import write_folder, write_pictures
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.subjects import interleave, invent_look, invent_temperament
from transferpain.data.synthetic.videos import ClipPlan, Person, draw_clip, write_clips

TEST_SUBJECTS = HOLDOUTS["unbc-20-5"][1]
NO_PAIN_SUBJECT = "101-mg101"
# The drawn action units that the official coders code; a blink (AU45) and a raised brow (AU1) are not among them.
CODED = (4, 6, 7, 9, 10, 12, 25, 26, 43)
OFFICIAL_SECONDS = 8.0  # about the mean sequence, 242 frames, at 30 frames per second
MOVEMENT_SECONDS = 4.5  # a movement of the arm, which may hurt; the pain face comes after its beginning
EVERYDAY_TENSION = 0.2
NO_PAIN_TENSION = 0.05
SLIGHT_PAIN_SHARE = 0.05  # of the movements of an arm that is well


@dataclass(frozen=True)
class SequencePlan(ClipPlan):
    """One sequence. `coded` is the course that its labels tell of: the drawn one, or under null another one."""

    coded: ClipPlan | None = None


def subject_order() -> list[str]:
    """Return the 25 subjects in the order in which a twin takes them.

    The test subjects of the usual hold-out come in proportion, and the subject without pain is among the first five.
    """
    training = [name for name in SUBJECTS if name not in TEST_SUBJECTS]
    training.remove(NO_PAIN_SUBJECT)
    training.insert(2, NO_PAIN_SUBJECT)
    return interleave(training, list(TEST_SUBJECTS))


def sequences_of(subject: str, clips: int | None) -> list[str]:
    """Return the names of a subject's sequences, at most `clips`, affected and unaffected shoulder by turns."""
    names = [name for name in SEQUENCE_FRAMES if name.startswith(subject[4:])]
    well = [name for name in names if is_unaffected(name)]
    hurt = [name for name in names if name not in well]
    turns = [name for name in chain(*zip_longest(hurt, well)) if name]
    return sorted(turns[:clips])


def is_unaffected(sequence: str) -> bool:
    """Tell whether a sequence shows the movement of the shoulder that is well."""
    return sequence.endswith("unaff")


def plan_unbc(settings: TwinSettings) -> list[SequencePlan]:
    """Plan the sequences: as many frames as the official ones have, or `seconds` at 30 frames per second.

    Under null, another person with other movements is coded than is drawn; which of the drawn people feels no pain, and
    in which of a person's sequences it hurts, is dealt anew.

    Raises:
        UserError: if more than 25 subjects, `fps` or `levels` are asked for.
    """
    settings.refuse("UNBC-McMaster", "fps", "levels", "signals")
    if settings.subjects > len(SUBJECTS):
        raise UserError(
            "UNBC-McMaster's twin cannot have so many subjects.",
            rule=f"UNBC-McMaster has {len(SUBJECTS)} official subject names.",
            received=settings.subjects,
            todo=f"Ask for {len(SUBJECTS)} subjects or fewer.",
        )
    seed = derive_seed(settings.seed, "unbc")
    plans = []
    names = sorted(subject_order()[: settings.subjects])
    calm = NO_PAIN_SUBJECT
    if settings.null and calm in names:
        calm = names[np.random.default_rng(derive_seed(seed, "null")).integers(len(names))]
    for name in names:
        person = _invent(seed, name, calm=name == calm)
        sequences = sequences_of(name, settings.clips)
        hurts = [not is_unaffected(sequence) for sequence in sequences]
        dealt = np.random.default_rng(derive_seed(seed, name, "null")).permutation(hurts).tolist()
        for place, sequence in enumerate(sequences):
            coded = None
            if settings.null:
                other = _invent(derive_seed(seed, "coded"), name, calm=name == NO_PAIN_SUBJECT)
                coded = _plan_sequence(other, sequence, settings, derive_seed(seed, "coded"))
            drawn = _plan_sequence(person, sequence, settings, seed)
            if settings.null:
                drawn = replace(drawn, stimuli=_movements(drawn, hurts=dealt[place]))
            plans.append(SequencePlan(**vars(drawn), coded=coded))
    return plans


def _invent(seed: int, name: str, calm: bool) -> Person:
    sex = "m" if name in MEN else "w"
    temperament = invent_temperament(seed, name, behaviour=BEHAVIOUR, low_reactive=False)
    temperament = replace(temperament, everyday_tension=NO_PAIN_TENSION if calm else EVERYDAY_TENSION,
                          expressiveness=0.0 if calm else temperament.expressiveness)  # fmt: skip
    return Person(name, invent_look(seed, name, sex=sex), temperament)


def _plan_sequence(person: Person, sequence: str, settings: TwinSettings, seed: int) -> ClipPlan:
    frames, speed = SEQUENCE_FRAMES[sequence], 1.0
    if settings.seconds:
        speed = OFFICIAL_SECONDS / settings.seconds
        seconds = SEQUENCE_FRAMES[sequence] / UNBC.fps / speed if settings.uneven else settings.seconds
        frames = max(2, round(seconds * UNBC.fps))
    plan = ClipPlan(person, sequence, f"Images/{person.name}/{sequence}", frames, speed, (), seed)
    return replace(plan, stimuli=_movements(plan, hurts=not is_unaffected(sequence)))


def _movements(plan: ClipPlan, hurts: bool) -> tuple[Stimulus, ...]:
    """Return what the movements of one sequence feel like; they may have begun before it."""
    generator = np.random.default_rng(derive_seed(plan.seed, plan.clip, "movements"))
    length = plan.frames * plan.speed / UNBC.fps
    # Long before the first frame, so that no place of a sequence is special.
    begin = -MOVEMENT_SECONDS * generator.uniform(3, 5)
    strength = generator.beta(2.0, 3.5)
    stimuli = []
    while begin < length:
        slight = 0.3 * (generator.random() < SLIGHT_PAIN_SHARE)
        stimuli.append(Stimulus(begin, MOVEMENT_SECONDS, float(strength if hurts else slight)))
        begin += MOVEMENT_SECONDS * generator.uniform(0.8, 1.2)
    return tuple(stimuli)


def code(plan: SequencePlan) -> np.ndarray:
    """Return what a coder writes down: int64 (frames, 9), each of `CODED` rounded; AU43, closed eyes, 0 or 1."""
    units = (plan.coded or plan).performance(UNBC).action_units
    return np.floor(units[:, [COLUMN[f"AU{number}"] for number in CODED]] + 0.5).astype(np.int64)


def score(codes: np.ndarray) -> np.ndarray:
    """Return the PSPI of each frame of `code`: int64 (frames,)."""
    return pspi(dict(zip(CODED, codes.T, strict=True)))


def rate(plan: SequencePlan, peak: int) -> dict[str, int]:
    """Return the ratings of a sequence whose highest PSPI is `peak` (our choice: they grow with it, and scatter)."""
    generator = np.random.default_rng(derive_seed(plan.seed, plan.clip, "ratings"))
    pain = peak + generator.normal(0, 1.2)
    scales = {"AFF": (1, 15, 0.9, 1), "OPR": (0, 5, 0.4, 0), "SEN": (1, 15, 1.0, 1), "VAS": (0, 10, 0.75, 0)}
    return {name: int(np.clip(round(start + slope * pain + generator.normal(0, 0.4)), low, high))
            for name, (low, high, slope, start) in scales.items()}  # fmt: skip


def matlab_rows(rows: np.ndarray) -> str:
    """Return numbers (n, m) as MATLAB saves them in ascii: three blanks and `d.ddddddde+dd` each, one line per row."""
    return "".join("".join(f"{value:16.7e}" for value in row) + "\n" for row in np.asarray(rows).tolist())


def facs_rows(codes: np.ndarray) -> str:
    """Return the FACS file of one frame: action unit, intensity, and two zeros in place of what nobody knows."""
    return matlab_rows([(number, value, 0, 0) for number, value in zip(CODED, codes, strict=True) if value])


def write_sequence(folder: Path, camera: Camera, sitter: Sitter, plan: SequencePlan) -> None:
    """Write the labels of one sequence, then its pictures."""
    place = f"{plan.person.name}/{plan.clip}"
    stems = [f"{plan.clip}{number:03d}" for number in range(1, plan.frames + 1)]
    codes = code(plan)
    scores, course = score(codes), plan.performance(camera)
    texts = {
        "Frame_Labels/PSPI": ("_facs.txt", [matlab_rows([[value]]) for value in scores]),
        "Frame_Labels/FACS": ("_facs.txt", [facs_rows(row) for row in codes]),
        "AAM_landmarks": ("_aam.txt", [matlab_rows(landmarks(sitter, *course.frame(number)))
                                       for number in range(plan.frames)]),
    }  # fmt: skip
    for part, (ending, contents) in texts.items():
        files = {f"{stem}{ending}": text for stem, text in zip(stems, contents, strict=True)}
        write_folder(folder / part / place, lambda path, files=files: _write_texts(path, files))
    for scale, value in rate(plan, int(scores.max())).items():
        write_text(folder / "Sequence_Labels" / scale / f"{place}.txt", matlab_rows([[value]]))
    write_pictures(folder / plan.media, [f"{stem}.png" for stem in stems], draw_clip(camera, sitter, plan))


def _write_texts(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="ascii")


def write_unbc(folder: Path, settings: TwinSettings, advance: Callable[[int], object]) -> None:
    """Fill `folder` with the twin."""
    write_clips(write_sequence, folder, UNBC, plan_unbc(settings), advance)
