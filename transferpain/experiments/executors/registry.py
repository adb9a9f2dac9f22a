"""The executors, one line each."""

from transferpain.core.registry import Registry
from transferpain.experiments.executors.base import Executor
from transferpain.experiments.executors.local import LOCAL

EXECUTORS: Registry[Executor] = Registry("executor", [LOCAL])
