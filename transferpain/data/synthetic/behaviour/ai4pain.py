"""AI4Pain's twin: ten seconds of electrical pain, none, low or high; answers shrink a little over the session."""

from transferpain.data.synthetic.behaviour.model import Answers, Behaviour, Graded, Habits

BEHAVIOUR = Behaviour(
    answers=Answers(
        felt_scatter=0.1,
        rate=Graded(0.8, 1.0),
        peak=Graded(0.5, 0.8, 0.25),
        latency=Graded(8.0, 1.2, 0.1),
        length=Graded(1.4, 3.2, 0.25),
        pieces=Graded(4.2, 1.0),
        leak=Graded(0.2, 0.6),
        strain=Graded(0.45, 0.85, 0.2),
        strain_length=Graded(0.8, 2.2, 0.3),
        flush=Graded(0.0, 0.2, 0.2),
        flush_delay=2.0,
    ),
    habits=Habits(),
)
