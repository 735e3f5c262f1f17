#!/bin/sh
# Creates or updates the two databases of a Temporal server on PostgreSQL; to be run before a new version of the server is
# started. Needs `temporal-sql-tool` of the same version as the server, named by $SQL_TOOL or on PATH, and the variables of
# the server's configuration: POSTGRES_HOST, POSTGRES_PORT, POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_CA.
set -eu
tool=${SQL_TOOL:-temporal-sql-tool}
export SQL_PLUGIN=postgres12_pgx SQL_HOST="${POSTGRES_HOST:-127.0.0.1}" SQL_PORT="${POSTGRES_PORT:-5432}"
export SQL_USER="${POSTGRES_USER:-temporal}" SQL_PASSWORD="${POSTGRES_PASSWORD:-}"
if [ -n "${POSTGRES_CA:-}" ]; then
  export SQL_TLS=true SQL_TLS_CA_FILE="$POSTGRES_CA" SQL_TLS_SERVER_NAME="${POSTGRES_SERVER_NAME:-$SQL_HOST}"
fi

set_up() {
  database=$1
  schema=$2
  # Fails where the database is there already, which is as good.
  "$tool" --database "$database" create-database || true
  # Version 0.0 creates the table of versions, and leaves one that is there alone.
  "$tool" --database "$database" update-schema --schema-name "$schema" ||
    { "$tool" --database "$database" setup-schema --version 0.0 &&
      "$tool" --database "$database" update-schema --schema-name "$schema"; }
}

set_up temporal postgresql/v12/temporal
set_up temporal_visibility postgresql/v12/visibility
