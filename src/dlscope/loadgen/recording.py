"""`Recording`: the queries of a run as they are answered, one row each, without slowing them."""

from __future__ import annotations

from array import array
from typing import final

import numpy as np

from dlscope.core.run import Samples


@final
class Recording:
    """Growing columns of whole numbers."""

    def __init__(self) -> None:
        self.scheduled = array("q")
        self.issued = array("q")
        self.completed = array("q")
        self.ok = bytearray()
        self.sample = array("i")
        self.user = array("i")

    def add(
        self, index: int, *, due_ns: int, issued_ns: int, completed_ns: int, is_ok: bool
    ) -> None:
        """A query for the sample `index`, answered or given up at `completed_ns`."""
        self.scheduled.append(due_ns)
        self.issued.append(issued_ns)
        self.completed.append(completed_ns)
        self.ok.append(is_ok)
        self.sample.append(index)

    def samples(self) -> Samples:
        """What was recorded."""
        return Samples(
            scheduled_ns=np.array(self.scheduled, dtype=np.int64),
            issued_ns=np.array(self.issued, dtype=np.int64),
            completed_ns=np.array(self.completed, dtype=np.int64),
            ok=np.frombuffer(bytes(self.ok), dtype=np.bool_),
            sample=np.array(self.sample, dtype=np.int32),
            user=np.array(self.user, dtype=np.int32),
        )
