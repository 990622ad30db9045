from __future__ import annotations

import json
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


FAILING = """
import sys
from dlscope.agents.channel import carry_out
from dlscope.core.errors import BackendError
def work(order, tell):
    tell({"began": order["at"]})
    raise BackendError("it broke", where="there", fix="mend it")
carry_out(sys.stdin.readline, work)
"""


def test_a_stated_error_is_told_to_the_parent_and_not_raised() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING],
        input='{"at": 3}\n',
        capture_output=True,
        text=True,
        check=True,
    )
    began, failed = map(json.loads, done.stdout.splitlines())
    assert began == {"began": 3}
    assert failed["error"]["what"] == "it broke"
    assert failed["error"]["fix"] == "mend it"
