"""The runs of a workspace: which there are, what each states of itself, and how one is removed."""
