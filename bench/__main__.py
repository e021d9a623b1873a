"""`make bench`: the whole way against a bare client, memory, statements, EXTF, tables, commands; ratios."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from bench import bare_client, commands, extf_checking, extf_writing, table_loading
from bench.scenery import measured_run, scenery


def main() -> None:
    """Measure everything in one run and write `bench-out/results.json`."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--records", type=int, nargs="*", default=[2_000, 20_000])
    parser.add_argument("--out", type=Path, default=Path("bench-out"))
    given = parser.parse_args()
    shutil.rmtree(given.out, ignore_errors=True)
    results: dict[str, object] = {
        "extf_writing": extf_writing.measure(),
        "extf_checking": extf_checking.measure(),
        "table_loading": table_loading.measure(),
        "commands": commands.measure(given.out / "commands"),
    }
    print(json.dumps(results), flush=True)
    for records in given.records:
        results[f"whole_way_{records}"] = _whole_way(given.out / str(records), records)
        print(json.dumps(results[f"whole_way_{records}"]), flush=True)
    (given.out / "results.json").write_text(json.dumps(results, indent=2), encoding="utf-8")


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
