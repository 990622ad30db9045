"""Several networks on one device, each at a rate of its own (NAIS)."""
