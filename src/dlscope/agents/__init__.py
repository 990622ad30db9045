"""Places that execute plans.

Scheduler     gives each Plan to a place and brings its Run home
local         worker processes on this machine, nothing to start
"""
