"""Frameworks behind one interface, one file each."""
