"""Transfer learning for recognising pain in faces: staged, subject-wise, repeatable."""

__version__ = "2.0.0"
