from __future__ import annotations

import threading

import pytest

from dlscope.methods.skynet.channel import Channel, Closed


def test_gives_items_in_their_order_and_then_ends():
    channel = Channel(3)
    for item in "abc":
        channel.put(item)
    channel.close()
    assert [channel.take()[0] for _ in range(3)] == ["a", "b", "c"]
    with pytest.raises(Closed):
        channel.take()


def test_says_how_many_were_there():
    channel = Channel(3)
    channel.put("a")
    channel.put("b")
    assert [channel.take()[2], channel.take()[2]] == [2, 1]


def test_lets_nobody_put_more_than_there_is_room_for():
    channel, put = Channel(1), []

    def fill():
        for item in range(3):
            channel.put(item)
            put.append(item)

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    assert channel.take()[0] == 0
    assert channel.take()[0] == 1
    assert channel.take()[0] == 2
    thread.join(2)
    assert put == [0, 1, 2]


@pytest.mark.parametrize("waits", ["put", "take"])
def test_wakes_who_waits_when_it_is_aborted(waits):
    channel, ended = Channel(1), threading.Event()
    if waits == "put":
        channel.put("a")

    def wait():
        try:
            channel.put("b") if waits == "put" else channel.take()
        except Closed:
            ended.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    channel.abort()
    assert ended.wait(2)
    thread.join(2)
