"""Run one stand-in as a process of its own: `python -m mlconnector.standins pipedrive --records 200`.

The first line on standard output is JSON: `{"name": "pipedrive", "url": "http://127.0.0.1:40123"}`.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from mlconnector.standins.base import Options, create, names
from mlconnector.standins.serving import listen, server


def main(arguments: list[str] | None = None) -> None:
    """Serve until the process is asked to stop, then keep the state."""
    parser = argparse.ArgumentParser(prog="python -m mlconnector.standins", description=__doc__)
    parser.add_argument("name", choices=names())
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--records", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--received", type=Path)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--state", type=Path)
    given = parser.parse_args(arguments)
    options = Options(
        records=given.records,
        seed=given.seed,
        received=given.received,
        delay=given.delay,
        state_file=given.state,
    )
    standin = create(given.name, options)
    listener = listen(given.port)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    sys.stdout.write(json.dumps({"name": given.name, "url": url}) + "\n")
    sys.stdout.flush()
    # The server raises the signal that stopped it again when it is done, before the state is kept.
    for stopping in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stopping, lambda *_: None)
    server(standin.app).run(sockets=[listener])
    standin.save()


if __name__ == "__main__":
    main()
