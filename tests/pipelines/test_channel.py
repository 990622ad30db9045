from __future__ import annotations

import threading

import pytest

from dlscope.pipelines.channel import Channel, Ended


def test_gives_what_is_inside_before_it_ends() -> None:
    channel = Channel[int](3)
    channel.put(1)
    channel.put(2)
    channel.finish()
    assert [channel.get(), channel.get()] == [1, 2]
    with pytest.raises(Ended):
        channel.get()


def test_tearing_down_wakes_who_waits_for_room() -> None:
    channel = Channel[int](1)
    channel.put(1)
    ended = threading.Event()

    def put_another() -> None:
        try:
            channel.put(2)
        except Ended:
            ended.set()

    thread = threading.Thread(target=put_another)
    thread.start()
    channel.tear_down()
    thread.join(30)
    assert ended.is_set()
    assert channel.is_torn_down
    with pytest.raises(Ended):
        channel.get()
