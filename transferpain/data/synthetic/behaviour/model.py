"""What a twin's people are like on the whole: how they answer a stimulus, and what else their faces do.

The answers are the only link between a label and a picture. Everything in `Habits` happens at equal rates whatever is
felt. Times are seconds of the official clip.
"""

from dataclasses import dataclass

import numpy as np

# The numbers of behaviour/ were chosen on twins of the one seed, and once more after a look at the ceilings for the
# other, for which they are stated: no comparison may use either.
FIXED_ON, STATED_ON = 9101, 9102
Range = tuple[float, float]  # of a uniform draw, once a person


@dataclass(frozen=True)
class Graded:
    """A number that depends on how strongly a stimulus is felt.

    Args:
        weak: where next to nothing is felt.
        strong: where the strongest stimulus is felt; in between in proportion.
        scatter: the standard deviation of its logarithm, from one answer to the next.
    """

    weak: float
    strong: float
    scatter: float = 0.0

    def at(self, felt: float) -> float:
        """Return its middle for what is felt, 0 .. 1; more than the strongest counts as the strongest."""
        return self.weak + (self.strong - self.weak) * min(1.0, felt)

    def draw(self, felt: float, generator: np.random.Generator) -> float:
        """Draw it for one answer; a number is drawn whatever the scatter is."""
        return self.at(felt) * float(np.exp(self.scatter * generator.standard_normal()))


@dataclass(frozen=True)
class Answers:
    """How faces answer a stimulus of strength 0 (none; no answer) .. 1.

    Args:
        felt_scatter: the standard deviation of the logarithm of what a person feels of equal stimuli.
        rate: the share of stimuli that move the face of an expressive person.
        peak: the intensity, as a share of the person's own full pattern.
        latency: seconds from the beginning of the stimulus to the onset.
        length: seconds at the apex, all pieces together.
        pieces: into how many short answers it falls.
        leak: the share of stimuli that strain the skin, whether or not the face moves.
        strain: how strongly, 0 .. 1.
        strain_length: seconds.
        flush: how much redder a person gets whose blood vessels answer fully, 0 .. 1.
        flush_delay: seconds from the beginning of the stimulus to when the skin begins to redden.
    """

    felt_scatter: float
    rate: Graded
    peak: Graded
    latency: Graded
    length: Graded
    pieces: Graded
    leak: Graded
    strain: Graded
    strain_length: Graded
    flush: Graded
    flush_delay: float


@dataclass(frozen=True)
class Habits:
    """What faces do of their own accord: events per second, the range over people.

    `twitch`: the whole pain pattern, as short as a blink. `grimace`: the same for as long as an answer. `strain`: the
    skin is strained though nothing moves. `flush`: somebody reddens for some seconds.
    """

    blink: Range = (0.15, 0.4)
    smile: Range = (0.01, 0.05)
    talk: Range = (0.01, 0.05)
    swallow: Range = (0.01, 0.03)
    frown: Range = (0.03, 0.12)
    twitch: Range = (0.05, 0.2)
    grimace: Range = (0.03, 0.12)
    strain: Range = (0.1, 0.25)
    flush: Range = (0.01, 0.05)


@dataclass(frozen=True)
class Behaviour:
    """All of a twin's people together.

    Args:
        answers: the link between the label and the face.
        habits: what does not depend on the label.
        expressiveness: of those who are not low-reactive, a share of full intensity.
        low_reactive: the same for those who hardly react (Werner et al. 2017).
        low_answers: how much more seldom they answer.
    """

    answers: Answers
    habits: Habits
    expressiveness: Range = (0.6, 1.0)
    low_reactive: Range = (0.05, 0.2)
    low_answers: Range = (0.1, 0.4)
