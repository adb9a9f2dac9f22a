from tests.data.datasets.clinic import clinic

__all__ = ["clinic"]
