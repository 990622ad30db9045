"""Measure, explain, predict, bound and redesign what a deep-learning model costs."""
