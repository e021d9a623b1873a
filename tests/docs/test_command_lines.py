"""Every command line of the documentation is given as it stands, and ends as the documentation says."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mlconnector.commands.command_line import PROGRAM
from tests.docs.blocks import ROOT
from tests.docs.command_lines import MAKE, CommandLine, command_lines, found, pages, parse
from tests.docs.office import Office, office
from tests.flow.notify.mailbox import PASSWORD, TO, USER, mail_server

FEW, SOME = 1, 14
# These begin in an empty folder; all others speak of an installation that is at work.
FROM_THE_BEGINNING = {
    "README.md": "pipedrive",
    "docs/tutorial/first-deal.md": "pipedrive",
    "docs/how-to/pipedrive.md": "pipedrive",
    "docs/how-to/dynamics.md": "dynamics",
    "docs/how-to/cin7.md": "cin7",
    "docs/how-to/procore.md": "procore",
}
NOT_RUN = {
    "serve": "answers until it is stopped: tests/commands/test_serve.py",
    "worker": "works until it is stopped: tests/killing",
    "notify add books mail": "asks for an address: tests/commands/test_notify.py",
    "demo": "starts its stand-ins as processes: tests/acceptance",
    "check": "names the command",
    "": "shows the list of commands: tests/commands/test_cli.py",
    "login NAME --system pipedrive": "is for an app of one's own: tests/systems/pipedrive",
    "init --source toyshop": "there is no such source but in tests/docs/test_add_a_system.py",
}
# What stands for something in a command line, alone, after an option or after a command; what it is here.
MEANT: dict[str, Callable[[Office], str]] = {
    "NAME": lambda at: at.name,
    "--by NAME": lambda _: "Frau Beispiel",
    "--by …": lambda _: "Kanzlei Beispiel",
    "--reason …": lambda _: "so agreed",
    "--cause …": lambda at: str(at.waiting()["cause"]),
    "connect FILE": lambda at: str(at.file),
    "connect DATEI": lambda at: str(at.file),
    "connect …": lambda at: str(at.file),
    "--secrets-file SECRETS": lambda _: "secrets.toml",
    "--secrets-file GEHEIMNISSE": lambda _: "secrets.toml",
    "RE-2026-00815": lambda at: str(at.waiting()["number"]),
    "VOUCHER": lambda at: str(at.waiting()["number"]),
    "BELEG": lambda at: str(at.waiting()["number"]),
    "CODE": lambda _: "#DCO01012",
    "batch FILE": lambda at: at.batch("EXTF_pipedrive_"),
    "EXTF_pipedrive-persons_….csv": lambda at: at.batch("EXTF_pipedrive-persons_"),
    "--approve 40000": lambda at: at.approvable(),
    "check FILE": lambda _: "out/EXTF_1.csv",
    "check DATEI": lambda _: "out/EXTF_1.csv",
    "import FILE": lambda _: "EXTF_Buchungsstapel.csv",
    "replay LOAD": lambda at: at.load(),
    "/srv/ml-connector": lambda _: "srv",
    "/mnt/elsewhere/heads.txt": lambda at: at.heads(),
}
ENDS_OTHERWISE = {
    # "`status`, `run` and `inbox` end with 1 while something waits"; so does a preview.
    **dict.fromkeys(["status", "run", "inbox", "preview"], 1),
    # "end with 1 while a difference was shown and not applied"
    **dict.fromkeys(["chart import", "numbers import", "persons --approve", "persons --approve-all"], 1),
    # "Only what somebody or a rule left out can be taken back": here every line names a voucher that waits.
    "unignore": 1,
    # "Only what waits because it looks like a booked one": nothing does here.
    "distinct": 1,
    # "refuses a party that the source has not named": the one on the page is made up.
    "numbers bind": 1,
    "numbers unbind": 1,
    # There is no connection to a source that tells its own words here, and so no form either.
    "mapping suggest": 1,
    "mapping take": 2,
    # The page shows what is found in this file.
    "check EXTF_Buchungsstapel.csv": 1,
}
NOBODY_THERE = {"unignore", "distinct", "numbers bind", "numbers unbind"}
"""Commands that end so because whom they name is not there, and not because somebody would be asked."""
FROM_THE_BEGINNING_ENDS_OTHERWISE: dict[str, dict[str, tuple[int, ...]]] = {
    # "It sends nothing yet, and ends with 1 to say so": the first of two runs.
    "docs/tutorial/first-deal.md": {"run my-pipedrive": (1, 0)},
    # Nobody has logged in yet where the page pings for the first time.
    "docs/how-to/dynamics.md": {"ping my-dynamics": (3,)},
    # "reads and prepares; nothing is sent yet": the first of three runs.
    "docs/how-to/procore.md": {"run my-procore": (1, 0, 0)},
}

pytestmark = pytest.mark.xdist_group("command lines")


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An installation that has run once: some vouchers are settled, others wait, and persons wait, too."""
    with office(tmp_path_factory.mktemp("office"), "pipedrive", SOME) as made, mail_server() as box:
        fields = {"to": TO, "sender": USER, "server": box.address, "user": USER, "password": PASSWORD}
        lines = (f'{name} = "{value}"' for name, value in fields.items())
        Path("mail.toml").write_text("\n".join(["[mail]", *lines, ""]), encoding="utf-8")
        made.desk.says(0, "init")
        with Path("ml-connector.toml").open("a", encoding="utf-8") as settings:
            settings.write("\n[databricks]\n")
        made.fill_in('\n[master_data]\nsend = "changes"\n')
        made.set_up()
        made.desk.says(1, "run", made.name)
        made.desk.says(0, "chart", "export", made.name, "--csv", "konten.csv")
        with Path("konten.csv").open("a", encoding="utf-8") as accounts:
            accounts.write("8499,Erlöse Sonstiges,,\n")
        Path("debitoren.csv").write_text("Konto;Name\n10042;Irgendwer GmbH\n", encoding="utf-8")
        _extf_files()
        yield made


def _extf_files() -> None:
    """A file that DATEV would take, and one in which the noughts of a day are lost."""
    whole = min(Path("demo-out/received").glob("*/extf/EXTF_pipedrive_*.csv"))
    Path("out").mkdir()
    shutil.copy(whole, "out/EXTF_1.csv")
    lines = whole.read_text(encoding="utf-8-sig").splitlines()
    row = lines[2].split(";")
    row[9] = "807"
    Path("EXTF_Buchungsstapel.csv").write_text("\r\n".join([*lines[:2], ";".join(row)]) + "\r\n", "utf-8-sig")


def _of(page: Path) -> list[CommandLine]:
    return [line for line in command_lines(page) if line.program == PROGRAM]


def _named(names: Sequence[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in names]


NEW = [page for page in pages() if str(page.relative_to(ROOT)) in FROM_THE_BEGINNING]
OTHERS = [page for page in pages() if page not in NEW and _of(page)]


@pytest.mark.parametrize("page", NEW, ids=_named(NEW))
def test_who_begins_can_do_what_the_page_says(page: Path, tmp_path: Path, at_work: Office) -> None:
    name = str(page.relative_to(ROOT))
    otherwise = {line: iter(ends) for line, ends in FROM_THE_BEGINNING_ENDS_OTHERWISE.get(name, {}).items()}
    with office(tmp_path, FROM_THE_BEGINNING[name], FEW) as made:
        # What a demonstration has left.
        shutil.copytree(at_work.folder / "demo-out", "demo-out")
        lines = _of(page)
        # Who reads on from a block knows it; what stands in sentences only is the way itself.
        for line in sorted(lines, key=lambda each: not each.shown):
            ended = _given(made, line)
            if ended is None:
                continue
            expected = next(otherwise.get(" ".join(line.words), iter([0])))
            assert ended[0] == expected, f"{line}\n{ended[1]}"
            if line.command == "init":
                made.fill_in()


@pytest.fixture
def place_of_tables(request: pytest.FixtureRequest, at_work: Office) -> Iterator[None]:
    """The folder that the installation loads into, or the workspace that the page is about."""
    page: Path = request.getfixturevalue("page")
    if page.name == "databricks-workspace.md":
        with at_work.with_workspace():
            yield
    else:
        yield


@pytest.mark.usefixtures("place_of_tables")
@pytest.mark.parametrize("page", OTHERS, ids=_named(OTHERS))
def test_what_a_page_says_can_be_done_where_work_goes_on(page: Path, at_work: Office) -> None:
    name = str(page.relative_to(ROOT))
    for line in _of(page):
        # Lists repeat the same cure for many causes.
        if line.words in at_work.given and "/reference/" in name:
            continue
        at_work.given.add(line.words)
        ended = _given(at_work, line)
        if ended is None:
            continue
        assert ended[0] == _expected(line), f"{line}\n{ended[1]}"
    if any(line.command == "disconnect" or "--withdraw" in line.words for line in _of(page)):
        at_work.set_up()


def _expected(line: CommandLine) -> int:
    whole = " ".join(line.words)
    fitting = [each for each in ENDS_OTHERWISE if f"{whole} ".startswith(f"{each} ") or _has(line, each)]
    return ENDS_OTHERWISE[max(fitting, key=len)] if fitting else 0


def _has(line: CommandLine, rule: str) -> bool:
    command, _, option = rule.partition(" --")
    return bool(option) and line.command == command and f"--{option}" in line.words


TYPED = dict.fromkeys(("users add", "users password"), "four random words here\n")
"""What somebody types when a command asks."""


def _given(at: Office, line: CommandLine) -> tuple[int, str] | None:
    """Exit code and output of a line; None for one that is only named, or is not run but parsed."""
    name, command, rest = found(line.words)
    if not rest and not line.shown and any(one.required for one in command.params):
        return None
    parse(line.words)
    names_it_alone = name in {"", "check"}
    if " ".join(line.words) in NOT_RUN or (name in NOT_RUN and not names_it_alone):
        return None
    words = _meant(at, line)
    fed = Path("secrets.toml").read_text() if line.fed else TYPED.get(name)
    ended = at.desk.give(*words, stdin=fed)
    asks = "--yes" in _options(line) and line.command not in NOBODY_THERE
    if ended.exit_code == 1 and _expected(line) == 1 and asks:
        # At a terminal somebody would have been asked.
        at.desk.says(0, *words, "--yes")
    if line.command == "login" and "--link" not in words:
        # Somebody opens the address that was printed.
        at.desk.says(0, "login", at.name, "--paste")
    return ended.exit_code, ended.output


def _options(line: CommandLine) -> set[str]:
    return {option for one in found(line.words)[1].params for option in one.opts}


def _meant(at: Office, line: CommandLine) -> list[str]:
    """The words of a line, with what they stand for here."""
    words: list[str] = []
    for before, word in zip(("", *line.words), line.words, strict=False):
        known = (f"{before} {word}", f"{line.command} {word}", word)
        meant = next((MEANT[each](at) for each in known if each in MEANT), word)
        files = sorted(str(file) for file in Path().glob(meant)) if "*" in meant else []
        words += files or [meant]
    return words


MADE = sorted({line.words for page in pages() for line in command_lines(page) if line.program == MAKE})


@pytest.mark.parametrize("words", MADE, ids=" ".join)
def test_make_knows_what_a_page_has_it_make(words: tuple[str, ...]) -> None:
    subprocess.run([MAKE, "-n", *words], cwd=ROOT, capture_output=True, check=True, timeout=20)
    # Of a folder that has the name make says that there is nothing to do.
    assert re.search(rf"^{words[0]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for word in words:
        if word.startswith("ARGS=") and "demo" in words:
            parse(("demo", *word.removeprefix("ARGS=").split()))
