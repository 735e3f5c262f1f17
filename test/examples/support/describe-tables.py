"""Prints name, type and nullability of every column of every table of a run, as JSON by the name of the file."""

import json
import pathlib
import sys

import pyarrow.parquet as pq

run = pathlib.Path(sys.argv[1])
tables = {}
for file in sorted(run.rglob("*.parquet")):
    schema = pq.ParquetFile(file).schema_arrow
    tables[file.name] = [[field.name, str(field.type), field.nullable] for field in schema]
print(json.dumps(tables))
