"""Credentials: each is tried by a real question before it is sealed, as far as one can be asked.

A system that is out of reach refuses nothing: then, and where only a login or a delivery can prove a
credential, it is kept and said not to be tested.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.flow.context.call_budget import StoredBudget
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.check_steps import CheckStep, failed_step
from mlconnector.systems.kit.http_factory import HttpFactory
from mlconnector.systems.kit.issuer import explain_token_answer, is_known
from mlconnector.systems.kit.oauth import AppRefused, OAuthModel
from mlconnector.systems.kit.pacing import Patience
from mlconnector.systems.source import SourceContext

STEP = "connection.secrets"


@dataclass(frozen=True, slots=True)
class Tested:
    """A credential by `<system>.<name>`, and the step that tried it.

    That is `ok` for one that is accepted, `failed` for one that is refused, and `skipped` for one that is
    kept without a test; then its cause says why.
    """

    name: str
    step: CheckStep


def blank(given: Mapping[str, str]) -> list[str]:
    """The names of credentials that are empty, or nothing but blanks."""
    return [name for name, value in given.items() if not value.strip()]


def tested(services: Services, settings: ConnectionSettings, given: Mapping[str, str]) -> list[Tested]:
    """Try the given credentials, together with those that are sealed already. Changes nothing.

    Raises NeedsHuman when a sealed one cannot be opened.
    """
    http = services.http_factory_of(settings, Patience(attempts=1))
    found = []
    for system in (settings.source_system, settings.sink_system):
        names = {name: name.partition(".")[2] for name in given if name.partition(".")[0] == system.name}
        secrets = {**_sealed(services, settings, system.name), **{names[name]: given[name] for name in names}}
        trial = _Trial(services, settings, http, secrets)
        ask = trial.of_source if system is settings.source_system else trial.of_sink
        of_login = [name for name in names if not _of_webhooks(names[name])]
        step = _answered(system.title, ask) if of_login else None
        later = CheckStep(STEP, "skipped", "only_deliveries_prove", {"system": system.title})
        found += [Tested(name, step if step and name in of_login else later) for name in names]
    services.http_log.flush()
    return found


def _sealed(services: Services, settings: ConnectionSettings, system: str) -> dict[str, str]:
    """The credentials of a system that were given before."""
    found = {name: services.vault.get(settings.name, f"{system}.{name}") for name in settings.secrets[system]}
    return {name: value for name, value in found.items() if value is not None}


def refuse(found: Collection[Tested]) -> None:
    """Raise NeedsHuman (`credentials_refused`) when a system does not accept one of them."""
    refused = [one for one in found if one.step.outcome == "failed"]
    if refused:
        said = dict.fromkeys(f"{one.step.facts['system']}: {one.step.facts['answer']}" for one in refused)
        facts = {"names": ", ".join(one.name for one in refused), "answer": "; ".join(said)}
        raise NeedsHuman(Problem("credentials_refused", facts))


@dataclass(frozen=True, slots=True)
class _Trial:
    """One question to one system, with all its credentials that are known."""

    services: Services
    settings: ConnectionSettings
    http: HttpFactory
    secrets: Mapping[str, str]

    def of_source(self) -> CheckStep:
        system = self.settings.source_system
        model = system.oauth(self.settings.source, self.http)
        if model is not None:
            return self._of_app(model, system.title)
        wanted = {name for name in self.settings.secrets[system.name] if not _of_webhooks(name)}
        if system.test_credentials is None or not wanted <= set(self.secrets):
            return CheckStep(STEP, "skipped", "only_a_ping_proves", {"system": system.title})
        system.test_credentials(self._source_context())
        return CheckStep(STEP, "ok")

    def of_sink(self) -> CheckStep:
        system = self.settings.sink_system
        model = system.oauth(self.settings.sink, self.http)
        if model is None:
            return CheckStep(STEP, "skipped", "only_a_ping_proves", {"system": system.title})
        return self._of_app(model, system.title)

    def _of_app(self, model: OAuthModel, title: str) -> CheckStep:
        http = self.http(model.system, model.token_url, explain=partial(explain_token_answer, model.system))
        back = f"{self.services.settings.public_url.rstrip('/')}/oauth/callback"
        try:
            known = is_known(model, http, self.secrets.get("client_secret", ""), back)
        finally:
            http.close()
        if known:
            return CheckStep(STEP, "ok")
        return CheckStep(STEP, "skipped", "only_a_login_proves", {"system": title})

    def _source_context(self) -> SourceContext:
        name = self.settings.source_system.name
        return SourceContext(
            settings=self.settings.source,
            secrets=self.secrets,
            tokens=self.services.tokens(self.settings.name, name),
            http=self.http,
            memory=_Forgetful(),
            now=self.services.now,
            budget=StoredBudget(self.services.database, self.services.now),
        )


def _answered(title: str, ask: Callable[[], CheckStep]) -> CheckStep:
    """The step of a question; only who says that the credentials are wrong has refused them."""
    try:
        return ask()
    except ConnectorError as error:
        refused = isinstance(error, NeedsLogin) or (isinstance(error, AppRefused) and error.of_secret)
        return replace(failed_step(STEP, title, error), outcome="failed" if refused else "skipped")


def _of_webhooks(name: str) -> bool:
    return name.startswith("webhook_")


class _Forgetful:
    """The memory of a source of which nothing is kept yet."""

    def recall(self, _key: str) -> Any:
        return None

    def remember(self, _key: str, _value: Any) -> None:
        return
