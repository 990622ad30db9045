"""What a space is, as tables: its blocks, what each may be and takes, and how many designs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dlscope.core.report import Report, Section
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.codesign.space.space import Space

SIZE_COLUMNS = (
    Column("counted", "str", "what is counted: networks, then with their bits and their lanes"),
    Column("designs", "int", "how many there are, exactly", role="count"),
)
BLOCK_COLUMNS = (
    Column("block", "str", "name of the block", role="id"),
    Column("channels_in", "int", "channels that come in", role="count"),
    Column("channels_out", "int", "channels that go out", role="count"),
    Column("map_in", "str", "height × width that comes in"),
    Column("stride", "int", "stride", role="count"),
    Column("operations", "int", "operations that it may be", role="count"),
    Column("least_macs", "int", "multiply-accumulates of the lightest of them", "MAC", "value"),
    Column("most_macs", "int", "multiply-accumulates of the heaviest", "MAC", "value"),
)
OPERATION_COLUMNS = (
    Column("block", "str", "name of the block"),
    Column("operation", "str", "operation that it may be", role="id"),
    Column("layers", "int", "layers of it", role="count"),
    Column("macs", "int", "multiply-accumulates", "MAC", "value"),
    Column("weights", "int", "weights without those of normalisation", role="count"),
    Column("is_residual", "bool", "whether the input is added to the output", priority=2),
)


def size_table(space: Space) -> Table:
    """How many networks and designs there are."""
    size = space.size()
    counts = {
        "networks": size.networks,
        "networks and bits": size.with_precisions,
        "networks, bits and lanes": size.with_lanes,
    }
    records: list[Mapping[str, Cell]] = [
        {"counted": counted, "designs": designs} for counted, designs in counts.items()
    ]
    return Table.of("space_size", SIZE_COLUMNS, records)


def blocks_table(space: Space) -> Table:
    """A row for each block."""
    return Table.of("space_blocks", BLOCK_COLUMNS, _block_records(space))


def operations_table(space: Space) -> Table:
    """A row for each operation of each block."""
    records: list[Mapping[str, Cell]] = [
        {
            "block": block.name,
            "operation": operation.name,
            "layers": len(block.layers(index)),
            "macs": block.work(index),
            "weights": sum(layer.weights for layer in block.layers(index)),
            "is_residual": block.is_residual(index),
        }
        for block in space.blocks
        for index, operation in enumerate(block.operations)
    ]
    return Table.of("space_operations", OPERATION_COLUMNS, records)


def size_report(space: Space, *, command: str = "") -> Report:
    """How large `space` is."""
    table = size_table(space)
    return Report(
        title=f"Size of {space.name}",
        answer=_answer(space),
        tables=(table,),
        sections=(Section("Designs", (table,)),),
        command=command,
    )


def space_report(space: Space, *, command: str = "") -> Report:
    """What `space` is, block by block."""
    tables = (blocks_table(space), size_table(space), operations_table(space))
    titles = ("Blocks", "Designs", "Operations")
    return Report(
        title=f"Space {space.name}",
        answer=f"{_answer(space)} {space.manifest.description}".strip(),
        tables=tables,
        sections=tuple(
            Section(title, (table,)) for title, table in zip(titles, tables, strict=True)
        ),
        command=command,
    )


def _answer(space: Space) -> str:
    bits = ", ".join(map(str, space.precisions))
    scope = {"op": "each operation", "block": "each block", "network": "the network"}
    return (
        f"{space.size().networks} networks of {len(space.blocks)} blocks, "
        f"{bits} for {scope[space.precision_scope]}."
    )


def _block_records(space: Space) -> Iterator[Mapping[str, Cell]]:
    for block in space.blocks:
        work = [block.work(index) for index in range(len(block.operations))]
        yield {
            "block": block.name,
            "channels_in": block.channels_in,
            "channels_out": block.channels_out,
            "map_in": f"{block.map_in[0]}×{block.map_in[1]}",
            "stride": block.stride,
            "operations": len(block.operations),
            "least_macs": min(work),
            "most_macs": max(work),
        }
