"""Load: which sample is asked next and when, when a run ends, and whether it counts.

drive             the one door: issues a scenario to a system under test
closed_loop       the next query when the last is answered        online, batched, the streams
open_loop         by a schedule drawn before the run              server, uniform, burst, replay
users             people who think between their queries          interactive
at_once           every sample in one query                       offline
arrivals          the schedules
early_stopping    how many queries a percentile needs (MLPerf)
validity          the verdict
find_peak         the highest rate that holds
mlperf            the other door: the genuine LoadGen
"""
