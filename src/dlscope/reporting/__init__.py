"""Renderers: one Report as text, Markdown, HTML or JSON."""
