"""Options that several commands of `dlscope skynet` have."""

from __future__ import annotations

import typer

SIZE = typer.Option("320x160", "--size", help="Width x height of images.")
