"""UNBC-McMaster's twin: patients who move an arm that hurts, or the other one; pain is what the coded units add up to.

Rest, smiles and frowns keep a share of the scored units only (`everyday_tension`): else they would be pain by PSPI.
"""

from transferpain.data.synthetic.behaviour.model import Answers, Behaviour, Graded, Habits

BEHAVIOUR = Behaviour(
    answers=Answers(
        felt_scatter=0.3,
        rate=Graded(0.35, 1.0),
        peak=Graded(0.1, 0.6, 0.3),
        latency=Graded(2.2, 0.7, 0.2),
        length=Graded(0.5, 2.2, 0.3),
        pieces=Graded(2.2, 1.0),
        leak=Graded(0.2, 0.8),
        strain=Graded(0.4, 0.9, 0.2),
        strain_length=Graded(0.5, 2.0, 0.3),
        flush=Graded(0.0, 0.5, 0.2),
        flush_delay=0.8,
    ),
    habits=Habits(frown=(0.02, 0.08), twitch=(0.02, 0.06), grimace=(0.0, 0.0)),
)
