"""A number of threads that is stated counts from the first operation on, and no process has two of them."""

import subprocess
import sys

import pytest

from tests.command_line import clean_environment
from transferpain.core.threads import VARIABLES, processes_at_once, thread_variables, threads_told, usable_processors

TOLD = """
import os
from transferpain.core.errors import UserError
from transferpain.core.numerics import numerics
from transferpain.core.threads import settle_threads
{before}
try:
    for threads in {threads}:
        settle_threads(threads)
except UserError as error:
    print(error.received)
print(numerics()["threads"], os.environ.get("OMP_NUM_THREADS"))
"""
TENSORFLOW = "from transferpain.core.quiet import import_tensorflow; import_tensorflow()"
COMPUTED = f"{TENSORFLOW}\nimport tensorflow; tensorflow.constant(1.0) + 1.0"


def said(threads: list[int | None], before: str = "") -> list[str]:
    code = TOLD.format(before=before, threads=threads)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=clean_environment()
    )
    return done.stdout.splitlines()


def test_what_is_stated_counts_for_libraries_that_are_loaded_later():
    assert said([3, 3]) == ["3 3"]


def test_nothing_stated_changes_nothing():
    assert said([None]) == [f"{usable_processors()} None"]


@pytest.mark.parametrize("threads", [[3, 2], [3, None]])
def test_a_process_has_one_number(threads):
    assert said(threads) == [f"threads: {threads[1] or 'not stated'}, in a process that has begun with 3", "3 3"]


@pytest.mark.slow
def test_what_is_stated_counts_for_a_library_that_is_loaded_but_has_computed_nothing():
    assert said([3], TENSORFLOW) == ["3 3"]


@pytest.mark.slow
def test_a_library_that_has_computed_keeps_its_number():
    first, second = said([3], COMPUTED)
    assert first == f"threads: 3, in a process that has begun with {usable_processors()}"
    assert second == f"{usable_processors()} None"


def test_processes_work_as_many_at_a_time_as_threads_were_told(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert threads_told() == 0
    assert processes_at_once() >= 1
    for name, value in thread_variables(5).items():
        monkeypatch.setenv(name, value)
    assert threads_told() == processes_at_once() == 5


@pytest.mark.parametrize("value", ["", "many", "-1", "1.5"])
def test_a_variable_that_is_no_number_counts_for_nothing(monkeypatch, value):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", value)
    assert threads_told() == 0
