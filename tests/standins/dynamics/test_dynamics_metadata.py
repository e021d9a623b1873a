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


def test_a_column_may_be_independent_of_the_time_zone(api: Api, standin: DynamicsStandIn) -> None:
    standin.add_column("invoice", "new_at", "fixedtime")
    standin.add_column("invoice", "new_on", "fixeddate")
    rows = api.rows(
        f"{INVOICE}/Attributes/{CAST}.DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior,Format"
    )
    kinds = {row["LogicalName"]: (row["DateTimeBehavior"]["Value"], row["Format"]) for row in rows}
    assert kinds["new_at"] == ("TimeZoneIndependent", "DateAndTime")
    assert kinds["new_on"] == ("TimeZoneIndependent", "DateOnly")


def test_an_independent_column_shows_what_it_has(api: Api, standin: DynamicsStandIn) -> None:
    standin.add_column("invoice", "new_at", "fixedtime")
    standin.add_column("invoice", "new_local", "datetime")
    standin.change_invoice(1, new_at="2026-07-31T22:30:00Z", new_local="2026-07-31T22:30:00Z")
    invoice = standin.invoice(1)["invoiceid"]
    prefer = 'odata.include-annotations="*"'
    row = api.get(f"invoices({invoice})?$select=new_at,new_local", prefer).json()
    assert (row["new_at"], row["new_local"]) == ("2026-07-31T22:30:00Z", "2026-07-31T22:30:00Z")
    shown = {
        name: row[f"{name}@OData.Community.Display.V1.FormattedValue"] for name in ("new_at", "new_local")
    }
    assert shown == {"new_at": "31.07.2026 22:30", "new_local": "01.08.2026 00:30"}


def test_what_is_not_defined_is_refused(api: Api) -> None:
    assert refused(api.get("EntityDefinitions(LogicalName='rubbish')"))[0] == 404
    assert refused(api.get(f"{INVOICE}/Attributes(LogicalName='rubbish')"))[0] == 404
    assert refused(api.get(f"{INVOICE}?$select=Rubbish"))[0] == 400
    assert refused(api.get("EntityDefinitions?$filter=Rubbish eq 1"))[0] == 400
    assert refused(api.get("EntityDefinitions?$top=1"))[0] == 400
