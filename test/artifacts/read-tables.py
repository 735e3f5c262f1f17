"""Reads tables with pyarrow, DuckDB, polars and pandas and compares them with what was written.

    python read-tables.py <folder>

The folder holds `expected.json`: for every file its metadata and its columns, each with its type, whether nulls are
declared possible, and its values; `partitions` are the layers of the files below `matches/`. Prints one line for each
tool and file, and exits 1 at the first difference.
"""

import json
import pathlib
import sys

import duckdb
import pandas
import polars
import pyarrow.dataset
import pyarrow.parquet

TYPES = {
    "int32": {"pyarrow": "int32", "duckdb": "INTEGER", "polars": "Int32"},
    "float": {"pyarrow": "float", "duckdb": "FLOAT", "polars": "Float32"},
    "double": {"pyarrow": "double", "duckdb": "DOUBLE", "polars": "Float64"},
    "boolean": {"pyarrow": "bool", "duckdb": "BOOLEAN", "polars": "Boolean"},
    "string": {"pyarrow": "string", "duckdb": "VARCHAR", "polars": "String"},
}


def main(folder: pathlib.Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())
    for name, table in expected["files"].items():
        path = folder / name
        for tool, read in (("pyarrow", read_pyarrow), ("duckdb", read_duckdb), ("polars", read_polars)):
            types, columns, metadata = read(path)
            equal(f"{tool} {name} names", list(types), [column["name"] for column in table["columns"]])
            for column in table["columns"]:
                where = f"{tool} {name} {column['name']}"
                equal(f"{where} type", types[column["name"]], TYPES[column["type"]][tool])
                equal_values(where, columns[column["name"]], column["values"])
            for key, text in table["metadata"].items():
                equal(f"{tool} {name} {key}", metadata[key], text)
            print(f"{tool} {name}: {len(table['columns'][0]['values'])} rows equal")
        check_footer(path, table)
        check_filters(path, table)
    check_folders(folder / "matches", expected["partitions"])


def read_pyarrow(path):
    table = pyarrow.parquet.read_table(path, partitioning=None)
    types = {field.name: str(field.type) for field in table.schema}
    metadata = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    return types, {name: table[name].to_pylist() for name in types}, metadata


def read_duckdb(path):
    result = duckdb.execute("select * from read_parquet(?, hive_partitioning = false)", [str(path)])
    names = [column[0] for column in result.description]
    types = {column[0]: str(column[1]) for column in result.description}
    rows = result.fetchall()
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    pairs = duckdb.execute("select key, value from parquet_kv_metadata(?)", [str(path)]).fetchall()
    return types, columns, {bytes(key).decode(): bytes(value).decode() for key, value in pairs}


def read_polars(path):
    table = polars.read_parquet(path, hive_partitioning=False)
    types = {name: str(dtype) for name, dtype in table.schema.items()}
    return types, {name: table[name].to_list() for name in table.columns}, polars.read_parquet_metadata(path)


def check_footer(path, table) -> None:
    """Nulls declared, encodings, and statistics as a third party reads them."""
    schema = pyarrow.parquet.read_schema(path)
    footer = pyarrow.parquet.read_metadata(path)
    for i, column in enumerate(table["columns"]):
        where = f"{path.name} {column['name']}"
        equal(f"{where} nullable", schema.field(i).nullable, column["nullable"])
        first = 0
        for group in range(footer.num_row_groups):
            chunk = footer.row_group(group).column(i)
            values = column["values"][first : first + chunk.num_values]
            first += chunk.num_values
            present = [value for value in values if value is not None]
            if not set(chunk.encodings) <= {"PLAIN", "RLE_DICTIONARY", "PLAIN_DICTIONARY"}:
                sys.exit(f"{where}: encodings {chunk.encodings}")
            equal(f"{where} null count", chunk.statistics.null_count, len(values) - len(present))
            if present and column["type"] != "string":
                equal(f"{where} minimum", chunk.statistics.min, min(present))
                equal(f"{where} maximum", chunk.statistics.max, max(present))


def check_filters(path, table) -> None:
    """A filter that may skip row groups by their statistics finds the same rows as one over the values."""
    for column in table["columns"]:
        present = [value for value in column["values"] if value is not None]
        if not present:
            continue
        name, value = column["name"], present[len(present) // 2]
        count = sum(1 for other in column["values"] if other == value)
        found = {
            "pyarrow": pyarrow.parquet.read_table(path, filters=[(name, "==", value)], partitioning=None).num_rows,
            "duckdb": duckdb.execute(
                f'select count(*) from read_parquet(?, hive_partitioning = false) where "{name}" = ?', [str(path), value]
            ).fetchone()[0],
            "polars": polars.scan_parquet(path, hive_partitioning=False)
            .filter(polars.col(name) == polars.lit(value, dtype=polars.read_parquet_schema(path)[name]))
            .collect()
            .height,
        }
        equal(f"{path.name} rows with {name} = {value}", found, {tool: count for tool in found})


def check_folders(folder, partitions) -> None:
    """All pairs are read at once, with the layers of the folders as further columns."""
    by_tool = {
        "pandas": pandas.read_parquet(folder),
        "duckdb": duckdb.execute(f"select * from '{folder}/**/*.parquet'").fetchdf(),
        "polars": polars.read_parquet(folder).to_pandas(),
        "pyarrow": pyarrow.dataset.dataset(folder, partitioning="hive").to_table().to_pandas(),
    }
    for tool, table in by_tool.items():
        table = table.astype({"source": int, "target": int})
        counts = {f"{s}-{t}": int(n) for (s, t), n in table.groupby(["source", "target"]).size().items()}
        equal(f"{tool} partitions", counts, partitions)
        own = table["source_layer"].notna()
        equal(f"{tool} source layers", (table["source"] == table["source_layer"])[own].all(), True)
        equal(f"{tool} target layers", (table["target"] == table["target_layer"])[own].all(), True)
        print(f"{tool} reads the folder")


def equal_values(where, found, expected) -> None:
    if len(found) != len(expected):
        sys.exit(f"{where}: {len(found)} rows, expected {len(expected)}")
    for row, (left, right) in enumerate(zip(found, expected)):
        # Compared exactly; a NaN in place of a null is a difference, as is True in place of 1.
        if left != right or type(left) is not type(right) and not isinstance(left, float):
            sys.exit(f"{where}: {left!r} in row {row}, expected {right!r}")


def equal(where, found, expected) -> None:
    if found != expected:
        sys.exit(f"{where}: {found!r}, expected {expected!r}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
