"""Evaluation (MLModelScope)."""
