"""The table of the machine at hand: operations of a space timed as they run in a network.

Each operation is cut out of the model of a whole design, so that it has the very nodes that the
emitted network has. All operations, and some whole networks, are timed by turns, round after
round: a machine that changes its speed meanwhile slows all of them alike, and each round is
compared with itself. What a call costs without any layer is timed as well and taken off.
"""
