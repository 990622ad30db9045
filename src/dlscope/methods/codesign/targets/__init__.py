"""Designs of one space on several devices: how the winner changes with the target (EDD, NAIS)."""
