"""The machine and the software a measurement runs on: described, fingerprinted and watched."""
