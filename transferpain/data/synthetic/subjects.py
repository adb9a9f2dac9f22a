"""Who is drawn: looks and temperament of an invented person, and in which order official subjects are taken."""

from dataclasses import dataclass

import numpy as np

from transferpain.core.seeds import derive_seed
from transferpain.data.synthetic.behaviour.biovid import BEHAVIOUR
from transferpain.data.synthetic.behaviour.model import Answers, Behaviour

# Light to dark; RGB. The look mixes two neighbours.
SKIN_TONES = ((242, 211, 189), (229, 188, 160), (208, 162, 128), (178, 130, 98), (146, 104, 78), (118, 82, 62))
HAIR_COLOURS = ((38, 28, 24), (66, 46, 34), (104, 72, 46), (150, 112, 66), (186, 152, 100), (122, 58, 34))
GREY_HAIR = (150, 148, 146)
HAIR_STYLES = {
    "m": ("short", "short", "curly", "receding", "receding", "bald"),
    "w": ("long", "fringe", "bob", "tied", "curly"),
}
BEARDS = ("full", "full", "goatee", "moustache")
EYE_COLOURS = ((88, 58, 36), (70, 92, 60), (84, 112, 140), (60, 42, 30))
CLOTHES = ((52, 62, 88), (96, 40, 44), (70, 84, 70), (40, 40, 44), (150, 150, 156), (124, 100, 72))

# Share of people who hardly react: 20 of BioVid's 87 are left out as facially inexpressive (Werner et al. 2017).
LOW_REACTIVE_SHARE = 0.23


@dataclass(frozen=True)
class SubjectLook:
    """One drawn person. Lengths are factors of the average face; colours are RGB 0..255."""

    seed: int
    face_width: float
    face_length: float
    jaw_width: float
    eye_size: float
    eye_height: float
    brow_height: float
    brow_thickness: float
    brow_tilt: float
    nose_length: float
    nose_width: float
    mouth_width: float
    mouth_height: float
    lip_fullness: float
    lip_curve: float
    skin: tuple[float, float, float]
    hair: tuple[float, float, float]
    brow: tuple[float, float, float]
    iris: tuple[float, float, float]
    lips: tuple[float, float, float]
    clothes: tuple[float, float, float]
    hair_style: str
    beard: float
    beard_shape: str
    glasses: str
    wrinkles: float
    creasing: float


@dataclass(frozen=True)
class Temperament:
    """How one person moves: `expressiveness` 0..1 and the person's own mix of pain action units.

    `answer_rate` is the share of the stimuli that move an expressive face which move this one.
    `haste` is by how much this person's answers come later than others'.
    `pain_pattern` maps an action unit to its intensity at the full apex of a fully expressive reaction, `resting`
    to its intensity in the resting face. `flush` 0..1 is how far blood vessels answer, `resting_flush` how red the
    face is at rest.
    `rates` are events per second by habit, and hold in every class. `answers` are what all people of a twin share.
    `everyday_tension` is the share that rest, smiles, talk, frowns and grimaces keep of the action units of PSPI.
    """

    expressiveness: float
    answer_rate: float
    haste: float
    pain_pattern: dict[str, float]
    resting: dict[str, float]
    flush: float
    resting_flush: float
    rates: dict[str, float]
    head_motion: float
    answers: Answers
    everyday_tension: float = 1.0


def _tint(colour, shift, generator) -> tuple[float, float, float]:
    """Make a colour a little lighter or darker, its hue hardly changed."""
    changed = np.asarray(colour) * generator.normal(1, shift) + generator.normal(0, 2, 3)
    return tuple(float(channel) for channel in np.clip(changed, 12, 245))


def invent_look(*seed_parts: int | str, sex: str = "", age: int = 0) -> SubjectLook:
    """Draw a person's looks; `sex` ("m", "w") and `age` in years are drawn as well when not given."""
    seed = derive_seed(*seed_parts, "look")
    generator = np.random.default_rng(seed)
    sex = sex or str(generator.choice(["m", "w"]))
    age = age or int(generator.integers(20, 66))
    tone = generator.beta(1.0, 1.8) * (len(SKIN_TONES) - 1)
    below = min(int(tone), len(SKIN_TONES) - 2)
    skin = np.array(SKIN_TONES[below]) * (1 - tone + below) + np.array(SKIN_TONES[below + 1]) * (tone - below)
    grey = np.clip((age - 38 + generator.normal(0, 6)) / 30, 0, 0.85)
    hair_index = generator.integers(len(HAIR_COLOURS)) if tone < 2.5 else generator.integers(2)
    eye_index = generator.integers(len(EYE_COLOURS)) if tone < 2.5 else 0
    hair = np.array(HAIR_COLOURS[hair_index]) * (1 - grey) + np.array(GREY_HAIR) * grey
    styles = HAIR_STYLES[sex]
    lips = skin * np.array([0.86, 0.62, 0.62]) if sex == "w" else skin * np.array([0.82, 0.68, 0.66])
    return SubjectLook(
        seed=seed,
        face_width=float(generator.normal(1.0, 0.045)),
        face_length=float(generator.normal(1.0, 0.04)),
        jaw_width=float(generator.normal(1.02 if sex == "m" else 0.92, 0.06)),
        eye_size=float(np.clip(generator.normal(1.0, 0.08), 0.82, 1.2)),
        eye_height=float(np.clip(generator.normal(1.0, 0.12), 0.78, 1.25)),
        brow_height=float(generator.normal(1.0, 0.09)),
        brow_thickness=float(np.clip(generator.normal(1.1 if sex == "m" else 0.8, 0.18), 0.5, 1.6)),
        brow_tilt=float(generator.normal(0, 0.03)),
        nose_length=float(generator.normal(1.0, 0.06)),
        nose_width=float(generator.normal(1.0, 0.1)),
        mouth_width=float(generator.normal(1.0, 0.07)),
        mouth_height=float(generator.normal(1.0, 0.03)),
        lip_fullness=float(np.clip(generator.normal(1.0, 0.2), 0.55, 1.5)),
        lip_curve=float(generator.normal(0, 0.015)),
        skin=_tint(skin, 0.04, generator),
        hair=_tint(hair, 0.08, generator),
        brow=_tint(hair * 0.75, 0.05, generator),
        iris=_tint(EYE_COLOURS[eye_index], 0.08, generator),
        lips=_tint(lips, 0.03, generator),
        clothes=_tint(CLOTHES[generator.integers(len(CLOTHES))], 0.12, generator),
        hair_style=str(generator.choice(styles)),
        beard=float(generator.choice([0, 0, 0.35, 0.75])) if sex == "m" else 0.0,
        beard_shape=str(generator.choice(BEARDS)),
        glasses=str(generator.choice(["", "", "", "thin", "thick"])),
        wrinkles=float(np.clip((age - 25) / 45, 0, 1)),
        creasing=float(generator.uniform(0.65, 1.25)),
    )


def invent_temperament(
    *seed_parts: int | str, behaviour: Behaviour = BEHAVIOUR, low_reactive: bool | None = None
) -> Temperament:
    """Draw how a person moves; about a quarter hardly react unless `low_reactive` says which one this is."""
    generator = np.random.default_rng(derive_seed(*seed_parts, "temperament"))
    drawn = generator.random() < LOW_REACTIVE_SHARE
    low = drawn if low_reactive is None else low_reactive
    expressiveness = generator.uniform(*(behaviour.low_reactive if low else behaviour.expressiveness))
    # The core of the prototypical pain face, each person with own weights.
    pattern = {
        "AU4": generator.uniform(3.0, 5.0),
        "AU6": generator.uniform(2.0, 4.5),
        "AU7": generator.uniform(2.5, 5.0),
        "AU9": generator.uniform(0.5, 4.0),
        "AU10": generator.uniform(1.5, 4.5),
        "AU12": generator.uniform(0.0, 1.5),
        "AU25": generator.uniform(0.5, 4.0),
        "AU26": generator.uniform(0.0, 2.5),
        "AU43": generator.uniform(0.2, 1.0),
    }
    return Temperament(
        expressiveness=float(expressiveness),
        answer_rate=float(generator.uniform(*behaviour.low_answers) if low else generator.uniform(0.9, 1.0)),
        haste=float(generator.uniform(0.88, 1.12)),
        resting={name: float(generator.exponential(0.25)) for name in ("AU4", "AU7", "AU12", "AU25")},
        pain_pattern={name: float(value) for name, value in pattern.items()},
        flush=float(generator.uniform(0.3, 1.0)),
        resting_flush=float(generator.uniform(0.1, 0.4)),
        rates={habit: float(generator.uniform(*between)) for habit, between in vars(behaviour.habits).items()},
        head_motion=float(generator.uniform(0.5, 1.3)),
        answers=behaviour.answers,
    )


def interleave(*groups: list[str]) -> list[str]:
    """Merge lists of official subjects so that every beginning of the result holds them in proportion.

    A small twin is then like the whole. Each list keeps its order.
    """
    ranked = [((place + 0.5) / len(group), which, name) for which, group in enumerate(groups)
              for place, name in enumerate(group)]  # fmt: skip
    return [name for _, _, name in sorted(ranked)]
