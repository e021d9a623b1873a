"""`make chaos`: trials by seed, one line for each; one that fails keeps its folder and says how to repeat."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import get_args

from chaos.installations import PLACES, Kind
from chaos.trial import Trial, Trials, Verdict
from mlconnector.mapping.channels import Channel
from mlconnector.systems.registry import source_systems

FORMATS: tuple[Channel, ...] = get_args(Channel)


def main() -> None:
    """Try all seeds that the arguments name; ends with 1 when one failed."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seeds", default="1-3", help="a seed, or a range such as 1-50")
    parser.add_argument("--database", choices=[*get_args(Kind), "both"], default="both")
    parser.add_argument("--format", choices=[*FORMATS, "both"], help="else the seed decides")
    parser.add_argument("--source", choices=[*source_systems(), "all"], help="else the seed decides")
    parser.add_argument("--disasters", type=int, default=9, help="how many in each trial")
    parser.add_argument("--out", type=Path, help="where the folders of failed trials are kept")
    given = parser.parse_args()
    first, _, last = given.seeds.partition("-")
    trials = [one for seed in range(int(first), int(last or first) + 1) for one in _of_seed(seed, given)]
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
    out = Path(tempfile.mkdtemp(prefix="ml-connector-chaos-", dir=given.out)).absolute()
    failed = [verdict for verdict in tried(out, trials) if verdict.wrong]
    print(f"{len(trials)} trials, {len(failed)} failed")
    if not failed:
        shutil.rmtree(out)
    sys.exit(1 if failed else 0)


def tried(out: Path, trials: Sequence[Trial]) -> Iterator[Verdict]:
    """Try all, and print a line for each; only the folders of those that failed are left."""
    kinds: list[Kind] = sorted({"sqlite", *(trial.database for trial in trials)})
    with ExitStack() as running:
        made = Trials(out, {kind: running.enter_context(PLACES[kind](out)) for kind in kinds})
        for trial in trials:
            verdict = made.verdict(trial)
            print(in_words(verdict, out), flush=True)
            if not verdict.wrong:
                shutil.rmtree(out / trial.name)
            yield verdict


def in_words(verdict: Verdict, out: Path) -> str:
    """What a trial came to; for one that failed, what is wrong and how to repeat it."""
    trial = verdict.trial
    line = (
        f"seed {trial.seed} {trial.database} {trial.channel} {trial.source}: {verdict.deaths} killed, "
        f"{verdict.frozen} frozen, {verdict.struck} faults, {verdict.seconds:.1f} s"
    )
    if not verdict.wrong:
        return f"{line}: ok"
    again = (
        f"--seeds {trial.seed} --database {trial.database} --format {trial.channel} "
        f"--source {trial.source} --disasters {trial.disasters}"
    )
    wrong = "\n".join(f"  {one}" for one in verdict.wrong)
    return f'{line}: FAILED\n{wrong}\n  see {out / trial.name}\n  again: make chaos ARGS="{again}"'


def _of_seed(seed: int, given: argparse.Namespace) -> Iterator[Trial]:
    """The trials of a seed; where no format or source is named, the seed takes them in turn."""
    sources = tuple(source_systems())
    databases: tuple[Kind, ...] = get_args(Kind) if given.database == "both" else (given.database,)
    formats = {None: (FORMATS[seed % len(FORMATS)],), "both": FORMATS}.get(given.format, (given.format,))
    turn = seed // len(FORMATS) % len(sources)
    wanted = {None: (sources[turn],), "all": sources}.get(given.source, (given.source,))
    for database in databases:
        for channel in formats:
            for source in wanted:
                yield Trial(seed, database, channel, source, given.disasters)


if __name__ == "__main__":
    main()
