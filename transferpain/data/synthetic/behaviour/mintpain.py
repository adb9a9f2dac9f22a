"""MIntPAIN's twin: five seconds before or after an electrical stimulus of one of four levels, in few pictures."""

from transferpain.data.synthetic.behaviour.model import Answers, Behaviour, Graded, Habits

BEHAVIOUR = Behaviour(
    answers=Answers(
        felt_scatter=0.06,
        rate=Graded(0.8, 1.0),
        peak=Graded(0.65, 0.9, 0.2),
        latency=Graded(3.8, 0.5, 0.06),
        length=Graded(0.8, 1.6, 0.25),
        pieces=Graded(2.6, 1.0),
        leak=Graded(0.15, 0.55),
        strain=Graded(0.45, 0.85, 0.2),
        strain_length=Graded(0.6, 1.5, 0.3),
        flush=Graded(0.0, 0.3, 0.2),
        flush_delay=0.8,
    ),
    habits=Habits(),
)
