"""`make bench`: the whole way against a bare client, memory, statements, EXTF, tables, commands; ratios.

`make bench ARGS=--pages` measures the pages of the console alone, `ARGS="--pages 5000"` with fewer vouchers.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from bench import bare_client, commands, console_pages, extf_checking, extf_writing, table_loading
from bench.scenery import measured_run, scenery


def main() -> None:
    """Measure everything in one run and write `bench-out/results.json`."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--records", type=int, nargs="*", default=[2_000, 20_000])
    parser.add_argument("--out", type=Path, default=Path("bench-out"))
    parser.add_argument("--pages", type=int, nargs="?", const=console_pages.VOUCHERS)
    given = parser.parse_args()
    shutil.rmtree(given.out, ignore_errors=True)
    if given.pages is not None:
        found = console_pages.measure(given.pages)
        console_pages.show(found)
        _keep(given.out, {"console_pages": found})
        return
    results: dict[str, object] = {
        "extf_writing": extf_writing.measure(),
        "extf_checking": extf_checking.measure(),
        "table_loading": table_loading.measure(),
        "commands": commands.measure(given.out / "commands"),
        "console_pages": console_pages.measure(),
    }
    print(json.dumps(results), flush=True)
    for records in given.records:
        results[f"whole_way_{records}"] = _whole_way(given.out / str(records), records)
        print(json.dumps(results[f"whole_way_{records}"]), flush=True)
    _keep(given.out, results)


def _keep(folder: Path, results: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=2), encoding="utf-8")


def _whole_way(folder: Path, records: int) -> dict[str, object]:
    with scenery(folder, records) as scene:
        product = measured_run(folder, scene)
        with scenery(folder / "bare", records) as fresh:
            bare = bare_client.replay(folder, scene.urls["pipedrive"], fresh.urls["datev"])
    return {
        "product": product,
        "bare_client": bare,
        "rate_against_bare_client": round(bare["seconds"] / product["seconds"], 3),
        "deals_per_second": round(product["records"] / product["seconds"], 1),
        "bare_deals_per_second": round(product["records"] / bare["seconds"], 1),
        "statements_per_record": round(product["statements"] / product["records"], 3),
    }


if __name__ == "__main__":
    main()
