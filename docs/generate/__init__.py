"""What cog writes into the pages: reference tables from the code itself, files by inclusion."""

from __future__ import annotations

from generate.command_line import cli, commands, help_text
from generate.error_family import error_tree
from generate.included_files import entry_point, include
from generate.library_face import library
from generate.manifest_fields import manifests
from generate.network_lists import architectures, networks, networks_of_onnx
from generate.paper_tables import paper_sections, papers
from generate.plugin_pages import backends, boards, devices, steps
from generate.table_columns import tables

__all__ = [
    "architectures",
    "backends",
    "boards",
    "cli",
    "commands",
    "devices",
    "entry_point",
    "error_tree",
    "help_text",
    "include",
    "library",
    "manifests",
    "networks",
    "networks_of_onnx",
    "paper_sections",
    "papers",
    "steps",
    "tables",
]
