"""Makes the time come at which a Temporal server deletes the workflows that have ended: `expire-histories.py <database>`.

A server keeps one timer for each, a day or more away; everything else that it waits for is nearer. The shortest retention that
it accepts is an hour, so these timers are set to now, while the server is stopped. Deleting is then all its own.
"""

import sqlite3
import sys
from datetime import datetime, timedelta, timezone


def main() -> None:
    now = datetime.now(timezone.utc)
    with sqlite3.connect(sys.argv[1]) as database:
        far = str(now + timedelta(hours=12))
        moved = database.execute(
            "UPDATE timer_tasks SET visibility_timestamp = ? WHERE visibility_timestamp > ?",
            (now.strftime("%Y-%m-%d %H:%M:%S+00:00"), far),
        )
        print(moved.rowcount)
    database.close()


main()
