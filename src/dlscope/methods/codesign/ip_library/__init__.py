"""Hardware templates by operation type, bits and lanes: what each takes, and what emits it (NAIS).

A template is a device with what emits it. Devices are plugins: whoever registers one has its
templates here. Emitters are a mapping, until somebody outside wants to write one.
"""
