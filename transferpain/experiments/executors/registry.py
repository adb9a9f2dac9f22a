"""The executors, one line each."""

from transferpain.core.registry import Registry
from transferpain.experiments.executors.base import Executor
from transferpain.experiments.executors.local import LOCAL
from transferpain.experiments.executors.ray import RAY

EXECUTORS: Registry[Executor] = Registry("executor", [LOCAL, RAY])
