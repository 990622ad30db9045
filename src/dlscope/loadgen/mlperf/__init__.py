"""The second door of load generation: MLPerf's own LoadGen drives a system under test.

door          `drive_with_mlperf`: a scenario in, samples, logs and verdict out
settings      what `mlperf.conf` and `user.conf` ask for, and what of it does not comply
running       one test, to its end                    logs, trace   what LoadGen wrote of it
answering     between LoadGen and the system          verdict       its result as conditions
harness       MLHarness's data set and model          compliance    the checks TEST01 and TEST04

LoadGen itself is imported when a test starts.
"""
