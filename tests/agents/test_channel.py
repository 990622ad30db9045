from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import os
print("before")
from dlscope.agents.channel import private_channel
channel = private_channel()
print("by Python", flush=True)
os.write(1, b"by a library\\n")
channel.write("for the parent\\n")
channel.close()
"""


def test_what_is_printed_does_not_mix_with_what_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert done.stdout == "before\nfor the parent\n"
    assert done.stderr == "by Python\nby a library\n"
