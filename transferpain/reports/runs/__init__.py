"""What the runs of a workspace have to do with each other: who depends on one, what one is, how two compare."""
