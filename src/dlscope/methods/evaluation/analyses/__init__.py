"""Analyses of evaluations: from stored Runs to Tables, one file each."""
