"""Freed memory stays with the process, for the next batch."""

import platform
import subprocess
import sys

import pytest

from planhat_sync.runtime.memory import keep_freed_memory

ROUNDS = """
import resource, sys
if sys.argv[1] == "kept":
    from planhat_sync.runtime.memory import keep_freed_memory
    keep_freed_memory()
def batch():
    return b",".join([b"x" * 1000 + b"%d" % at for at in range(10_000)])
batch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    batch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(how):
    command = [sys.executable, "-c", ROUNDS, how]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
def test_batches_that_come_and_go_do_not_ask_the_kernel_for_memory_again_and_again():
    assert page_faults("kept") < page_faults("returned") / 5


def test_it_may_be_asked_for_anywhere_and_twice():
    keep_freed_memory()
    keep_freed_memory()
