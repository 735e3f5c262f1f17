#!/bin/sh
# Creates Temporal's two databases, or brings them up to date. May be run again at any time.
set -eu
SQL_PASSWORD=$(cat /run/secrets/postgres_password)
export SQL_PASSWORD
tool() {
  database=$1
  shift
  temporal-sql-tool --plugin postgres12 --ep postgres -u temporal -p 5432 --db "$database" "$@"
}
for kind in temporal visibility; do
  case $kind in temporal) database=temporal ;; *) database=temporal_visibility ;; esac
  # Creates nothing where it exists; setting up again would fail, so only where there is no schema yet.
  tool "$database" create
  tool "$database" update-schema -d "/etc/temporal/schema/postgresql/v12/$kind/versioned" 2>/dev/null || {
    tool "$database" setup-schema -v 0.0
    tool "$database" update-schema -d "/etc/temporal/schema/postgresql/v12/$kind/versioned"
  }
done
