"""What profilers write, read as spans on the trace clock: one module for each profiler."""
