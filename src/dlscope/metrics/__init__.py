"""Accuracy metrics, numpy only."""
