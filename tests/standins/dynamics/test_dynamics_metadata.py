from __future__ import annotations

from mlconnector.standins.dynamics import DynamicsStandIn
from tests.standins.dynamics.conftest import Api, refused

INVOICE = "EntityDefinitions(LogicalName='invoice')"
CAST = "Microsoft.Dynamics.CRM"


def test_it_says_which_tables_track_changes(api: Api, standin: DynamicsStandIn) -> None:
    standin.set_tracking("contact", enabled=False)
    rows = api.rows(
        "EntityDefinitions?$select=LogicalName,EntitySetName&$filter=ChangeTrackingEnabled eq true"
    )
    assert {"invoice", "invoicedetail", "account"} <= {row["LogicalName"] for row in rows}
    assert "contact" not in {row["LogicalName"] for row in rows}
    assert set(rows[0]) == {"MetadataId", "LogicalName", "EntitySetName"}


def test_a_filter_may_look_into_managed_properties(api: Api) -> None:
    condition = "CanChangeTrackingBeEnabled/Value eq true and LogicalName eq 'invoice'"
    rows = api.rows(f"EntityDefinitions?$select=ObjectTypeCode&$filter={condition}")
    assert [row["ObjectTypeCode"] for row in rows] == [1090]


def test_a_table_is_described_with_its_columns(api: Api) -> None:
    body = api.get(
        f"{INVOICE}?$select=EntitySetName&$expand=Attributes($select=LogicalName,AttributeType)"
    ).json()
    assert body["EntitySetName"] == "invoices"
    kinds = {row["LogicalName"]: row["AttributeType"] for row in body["Attributes"]}
    assert (kinds["totalamount"], kinds["duedate"], kinds["customerid"]) == ("Money", "DateTime", "Lookup")


def test_custom_columns_are_marked(api: Api, standin: DynamicsStandIn) -> None:
    standin.add_column("invoice", "new_project", label="Projekt")
    path = f"{INVOICE}/Attributes?$select=LogicalName,DisplayName&$filter=IsCustomAttribute eq true"
    labels = {row["LogicalName"]: row["DisplayName"]["UserLocalizedLabel"]["Label"] for row in api.rows(path)}
    assert labels["new_vatid"] == "USt-IdNr. des Kunden"
    assert labels["new_project"] == "Projekt"
    assert "totalamount" not in labels


def test_options_have_labels_in_two_languages_and_states(api: Api) -> None:
    path = f"{INVOICE}/Attributes(LogicalName='statuscode')/{CAST}.StatusAttributeMetadata"
    options = api.get(f"{path}?$select=LogicalName&$expand=OptionSet").json()["OptionSet"]["Options"]
    paid = next(option for option in options if option["Value"] == 100001)
    assert paid["State"] == 2
    labels = {each["LanguageCode"]: each["Label"] for each in paid["Label"]["LocalizedLabels"]}
    assert labels == {1031: "Vollständig", 1033: "Complete"}


def test_dates_tell_their_behaviour(api: Api) -> None:
    rows = api.rows(f"{INVOICE}/Attributes/{CAST}.DateTimeAttributeMetadata")
    behaviours = {row["LogicalName"]: row["DateTimeBehavior"]["Value"] for row in rows}
    assert behaviours["duedate"] == "DateOnly"
    assert behaviours["datedelivered"] == "UserLocal"


def test_what_is_not_defined_is_refused(api: Api) -> None:
    assert refused(api.get("EntityDefinitions(LogicalName='rubbish')"))[0] == 404
    assert refused(api.get(f"{INVOICE}/Attributes(LogicalName='rubbish')"))[0] == 404
    assert refused(api.get(f"{INVOICE}?$select=Rubbish"))[0] == 400
    assert refused(api.get("EntityDefinitions?$filter=Rubbish eq 1"))[0] == 400
    assert refused(api.get("EntityDefinitions?$top=1"))[0] == 400
