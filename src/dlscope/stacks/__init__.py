"""The software and hardware around a measurement."""
