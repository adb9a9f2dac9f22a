"""BioVid's twin: heat on the forearm; 5.5 s from the stimulus on, answers that come late, a low-reactive fifth."""

from transferpain.data.synthetic.behaviour.model import Answers, Behaviour, Graded, Habits

BEHAVIOUR = Behaviour(
    answers=Answers(
        felt_scatter=0.08,
        rate=Graded(0.75, 1.0),
        peak=Graded(0.6, 0.85, 0.25),
        latency=Graded(4.5, 1.4, 0.06),
        length=Graded(0.8, 1.8, 0.25),
        pieces=Graded(3.2, 1.0),
        leak=Graded(0.15, 0.6),
        strain=Graded(0.45, 0.85, 0.2),
        strain_length=Graded(0.6, 1.5, 0.3),
        flush=Graded(0.0, 0.25, 0.2),
        flush_delay=1.2,
    ),
    habits=Habits(),
)
