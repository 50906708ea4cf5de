"""A database of the first version is updated to today's code, and nothing in it is lost.

The first version is installed from the repository's history and lives three weeks of a company
by its own code (``first_version.py``, ``update_fill.py``). What it leaves is looked at before and
after the update (``update_snapshot.py``): every row, index, constraint and xml id, what each screen
says, what users made of the module's fields, the letter they wrote, and what tomorrow's run would
do. Then
today's code runs tomorrow, and has to do just that.

Whoever changes something of it on purpose says so in the lists below, with the migration that
does it. Today's version may add columns with their indexes and constraints, tables, screens and
xml ids, and may say things in other words.

Seen to fail with a migration that drops pins, deletes a row or logs a warning; with a menu left
out; with an index and a constraint defined otherwise; with the field ``totals_label`` of letters
renamed; with ``object.subject_label`` not allowed in letters any more; with days overdue counted
one too many; with steps reached a day late, by days and one at a time; with only the first item
of a run written to the history; with a run that writes rows again as they are; with queued
letters taken back before they leave.
"""

import json
import os
import re
from pathlib import Path

import first_version
import pytest
from update_names import OF_GONE_MODEL, OF_GONE_PAGE

ROOT = Path(__file__).resolve().parent.parent
WARNING = re.compile(r"^[0-9-]+ [0-9:,]+ [0-9]+ (WARNING|ERROR|CRITICAL) ")
MAX_LINES = 60  # of what is told about one kind of loss

# --- what is changed on purpose ---

# {table: columns} that a migration writes or drops
CHANGED = {
    "crm_collection_allocation": {"amount_settled"},  # asked of the ledger of settlements
    "crm_collection_item": {"name"},  # open ones of entries have the entry's label
    "mail_template": {"email_from", "partner_to"},  # said with what letters offer
    "mail_message": {"record_company_id", "record_alias_domain_id"},  # of queued letters
    "res_users": {"collection_approval_digest", "collection_approval_digest_date"},
    "crm_collection_phase": {"write_date", "write_uid"},  # they get a script for calls
    "ir_cron": {"interval_type"},  # looked at every hour: each company has its own hour
}
# tables of what came with the module since: types of activities, reports; and mails it sends
CAME = {"mail_activity_type", "ir_act_report_xml"}
CAME_TEMPLATES = {
    "Collection: reminder of a promise",
    "Collection: confirmation of a promise",
    "Collection: apology for a letter",
    "Collection: thanks for a payment",
}
CAME_JOBS = {"Collections: tell what leaves tomorrow", "Collections: anonymise what is closed"}
# what users made of a model that went, by its name
DELETED = {"ir_filters": {OF_GONE_MODEL}, "ir_exports": {OF_GONE_MODEL}}
# names without the module: the approvers' daily mail, what was overdue on a day (now the aging's),
# and two fields that are not stored
GONE_XMLIDS = re.compile(
    r"approval_digest|approval_unsubscribe|res_users_view_form_simple|\w*crm_collection_overdue\w*"
    r"|field_res_users__collection_approval_digest(_date)?"
    r"|field_crm_collection_(item_send_line__titles|letter__has_other_titles)"
)
# "index table.name", "constraint table.name", "column table.name": a percentage is a decimal
# and inverses of lists have an index each
CHANGED_SCHEMA = {
    "index crm_collection_approval_decision.crm_collection_approval_decision__phase_id_index",
    "index crm_collection_letter_line.crm_collection_letter_line__allocation_id_index",
    "index crm_collection_phase.crm_collection_phase__approval_rule_id_index",
    # whom to thank is looked up by it
    "index crm_collection_settlement.crm_collection_settlement_paid_after_letter_idx",
    # what a person took into collection is read by it
    "index crm_collection_item.crm_collection_item_taken_idx",
    "column crm_collection_allocation.amount_settled",
    "column crm_collection_letter_line.round",  # a letter that did not leave is no round
    "column crm_collection_rule_step.percent_min",
    "constraint crm_collection_rule_step.crm_collection_rule_step_minimum_range",
    "constraint crm_collection_hold.crm_collection_hold_one_scope",  # or several items
    # days of a rule that there were not
    "constraint crm_collection_approval_rule.crm_collection_approval_rule_days_positive",
    "constraint crm_collection_approval_rule.crm_collection_approval_rule_days_in_calendar",
}
# endings of names as they are reported: what comes next is asked of the jobs, and is what comes;
# what was settled in a phase is asked of the ledger; a group of indicators has those of its sums;
# a request about what open credits cover shows no letter, an opening balance no day of issue and
# its label, and a credit is named by what it is for; requests wait for days of the calendar, not
# for so many hours; the settings are a page of the module; an apology is among the letters' texts
CHANGED_SCREENS = (
    *(" date_next_step", " next_step_id", " next_phase_id", " explanation[2]", " explanation[3]"),
    *(" explanation", " amount_settled", " dso", " days_delinquent", " cei", " overdue_share"),
    *(" Hazel letter_body", " Hazel letter_email_to", " Hazel letter_note"),
    *(" Hazel letter_subject", " Hazel letter_template_id", " Ebony letter_body"),
    *(" Ebony titles_html", " Ebony 2 titles_html", " Hazel titles_html[11]"),
    *(" Ebony name", " For the bank Ebony[0][0]", " days_waiting"),
    *("crm_collection_menu_settings[0]", "crm_collection_menu_settings[1]"),
    *("mail_template_action list length", "mail_template_action form length"),
    *("mail_template_action filter base_templates", "mail_template_action filter smtpserver"),
    "mail_template_action filter group_by_model_id",
)
CHANGED_SIMULATION = (" moves 79 name",)  # the opening balance
# letters about an opening balance, and one that names a credit by what it is for
CHANGED_LETTERS = (
    *("Ebony object.titles_html", "Ebony 2 object.titles_html", "Hazel object.titles_html[11]"),
)

# --- what there is to lose ---

EMPTY_TABLES = set()  # what three weeks do not fill
LIVED = {
    ("approval", "state"): {"pending", "approved", "refused", "cancelled"},
    ("hold", "kind"): {"block", "dispute", "promise"},
    ("hold", "state"): {"active", "kept", "broken"},
    ("item", "pinned"): {True, False},
    ("item", "state"): {"open", "settled", "cancelled"},
    ("letter", "origin"): {"automatic", "manual"},
    ("letter", "state"): {"to_send", "outgoing", "sent", "failed", "no_address", "cancelled"},
    ("settlement", "kind"): {"payment", "credit_note", "write_off", "exchange"},
}


# ------------------------------------------------------------
# THE TWO VERSIONS
# ------------------------------------------------------------


@pytest.fixture(scope="module")
def old_database():
    """A copy of a database with the first version."""
    if "CRM_COLLECTION_TEMPLATE_DB" not in os.environ:
        pytest.skip("./dev test sets the database up")
    from tools.replay.database import copy_database, drop_database  # noqa: PLC0415 - needs Odoo

    name = f"crm_collection_update_{os.getpid()}"
    try:
        copy_database(first_version.get_or_make(), name)
    except first_version.NoHistory as error:
        pytest.skip(str(error))
    yield name
    drop_database(name)


@pytest.fixture(scope="module")
def update(old_database, mail_server, tmp_path_factory):
    """What was before and after, and the logs of the update and of what came after it."""
    folder = tmp_path_factory.mktemp("update")
    mail_server.refuse.update(first_version.REFUSED)
    before = first_version.read_seen(old_database)
    todays_path = os.environ["CRM_COLLECTION_ADDONS_PATH"]
    log = first_version.run_odoo(old_database, todays_path, "-u")
    after, later_log = first_version.ask(
        *(old_database, todays_path, folder, "look_and_go_on"),
        asked=before["asked"],
        smtp_port=mail_server.port,
    )
    return {"before": before, "after": after, "log": log, "later_log": later_log}


@pytest.fixture(scope="module")
def before(update):
    return update["before"]


@pytest.fixture(scope="module")
def after(update):
    return update["after"]


# ------------------------------------------------------------
# COMPARING
# ------------------------------------------------------------


def assert_nothing_lost(lines, what):
    """:param lines: what was lost, one by one"""
    lines = list(lines)
    shown = "\n".join(f"    {line}" for line in lines[:MAX_LINES])
    if lines:
        pytest.fail(f"{len(lines)} {what}:\n{shown}", pytrace=False)


def shorten(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 160 else f"{text[:157]}..."


def find_lost_rows(before, after):
    """Yield what is gone or different of the rows of the first version."""
    for table, rows in before.items():
        if table not in after:
            yield f"{table}: the table is gone"
            continue
        known = CHANGED.get(table, ())
        for key, row in rows.items():
            if is_stopped(row):
                continue
            if key not in after[table]:
                if not is_deleted(table, row, before):
                    yield f"{table} {key}: the row is gone"
                continue
            new = after[table][key]
            for column in row.keys() - set(known):
                if column not in new:
                    yield f"{table} {key}.{column}: the column is gone"
                elif row[column] != new[column]:
                    change = f"{shorten(row[column])} -> {shorten(new[column])}"
                    yield f"{table} {key}.{column}: {change}"


def is_deleted(table, row, tables):
    """Whether the row goes on purpose, itself or with what it is a part of."""
    if table == "ir_exports_line":
        table, row = "ir_exports", tables["ir_exports"][str(row["export_id"])]
    return row.get("name") in DELETED.get(table, ())


def is_stopped(row):
    """Whether it is a mail of a kind that does not leave any more."""
    return OF_GONE_PAGE in (row.get("headers") or "")


def find_added_rows(before, after):
    """Yield rows that the update added to tables of the first version, but for those that came
    with the module."""
    for table in before.keys() & after.keys() - CAME:
        for key in after[table].keys() - before[table].keys():
            row = after[table][key]
            came = table == "mail_template" and row["name"]["en_US"] in CAME_TEMPLATES
            came = came or (table == "ir_cron" and row["cron_name"] in CAME_JOBS)
            if not came:
                yield f"{table} {key}: {shorten(row)}"


def find_differences(old, new, path=""):
    """Yield where two values that came from JSON differ; what is only in the new one is no loss
    where both are objects."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            if key in new:
                yield from find_differences(value, new[key], f"{path} {key}")
            else:
                yield f"{path} {key}: gone, it was {shorten(value)}"
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for position, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from find_differences(one, other, f"{path}[{position}]")
    elif old != new:
        yield f"{path}: {shorten(old)} -> {shorten(new)}"


def find_changed_schema(old, new):
    """Yield definitions that are gone or different, and those that were added to tables of the
    first version, other than columns and what is about these."""
    columns = {}
    for name in new.keys() - old.keys():
        kind, table, column = split(name)
        if kind == "column":
            columns.setdefault(table, set()).add(column)
    for name, definition in old.items():
        if name not in CHANGED_SCHEMA and new.get(name) != definition:
            yield f"{name}: {definition} -> {new.get(name, 'gone')}"
    tables = {split(name)[1] for name in old}
    for name in sorted(new.keys() - old.keys() - CHANGED_SCHEMA):
        kind, table, _name = split(name)
        about = columns.get(table, ())
        is_new = any(re.search(rf"\b{column}\b", new[name]) for column in about)
        if table in tables and kind != "column" and not is_new:
            yield f"{name}: added, {new[name]}"


def split(name):
    """:return: kind, table and name of what the schema is made of"""
    kind, path = name.split(" ", 1)
    return kind, *path.split(".", 1)


# ------------------------------------------------------------
# TESTS
# ------------------------------------------------------------


def test_first_version_lived(before):
    """The test of the test: there is something of everything to lose."""
    assert Path(before["path"]).parent != ROOT
    tables = before["tables"]
    empty = {name for name, rows in tables.items() if name.startswith("crm_") and not rows}
    assert empty == EMPTY_TABLES

    for (table, column), expected in LIVED.items():
        found = {row[column] for row in tables[f"crm_collection_{table}"].values()}
        assert found >= expected, f"{table}.{column}"
    errors = [text for text in before["screens"].values() if isinstance(text, str)]
    assert not errors


def test_update_is_quiet(update):
    """Neither the update nor what today's version does with the data is worth a warning."""
    assert any("Loading module crm_collection" in line for line in update["log"])
    assert Path(update["after"]["path"]).parent == ROOT
    lines = filter(WARNING.search, update["log"] + update["later_log"])
    assert_nothing_lost(lines, "warnings in the log")


def test_rows(before, after):
    lost = find_lost_rows(before["tables"], after["tables"])
    assert_nothing_lost(lost, "values are not what they were")
    added = find_added_rows(before["tables"], after["tables"])
    assert_nothing_lost(added, "rows were added")


def test_xmlids(before, after):
    """What other modules and the customer's own data refer to."""
    lost = [
        f"{name} ({old[0]}): {old[1:]} -> {after['xmlids'].get(name, [0, 'gone'])[1:]}"
        for name, old in before["xmlids"].items()
        if not GONE_XMLIDS.fullmatch(name) and after["xmlids"].get(name) != old
    ]
    assert_nothing_lost(lost, "xml ids are gone or lead to something else")


def test_what_is_of_no_use_is_gone(before, after):
    """What users made of a model that went would only fail; a mail whose link leads nowhere does
    not leave."""
    for table, names in DELETED.items():
        rows = [tables["tables"][table].values() for tables in (before, after)]
        assert [{row["name"] for row in version} & names for version in rows] == [names, set()]
    mails = [tables["tables"]["mail_mail"].values() for tables in (before, after)]
    states = [{row["state"] for row in version if is_stopped(row)} for version in mails]
    assert states == [{"outgoing"}, {"cancel"}]


def test_schema(before, after):
    """Columns, indexes and constraints are there, as they were; new ones are about new columns."""
    lost = find_changed_schema(before["schema"], after["schema"])
    assert_nothing_lost(lost, "columns, indexes and constraints are not what they were")


def test_screens(before, after):
    """Screens open and tell the same, and so does what users made of them."""
    lost = find_differences(before["screens"], after["screens"])
    lost = [line for line in lost if not line.split(":")[0].endswith(CHANGED_SCREENS)]
    lost = [line for line in lost if OF_GONE_MODEL not in line]
    assert_nothing_lost(lost, "figures of screens are not what they were")


def test_letter_of_a_user(before, after):
    """Whoever wrote a letter of his own finds it says the same, and may still change it."""
    assert not before["letters"]["is unsafe"]
    lost = find_differences(before["letters"], after["letters"])
    lost = [line for line in lost if not line.split(":")[0].endswith(CHANGED_LETTERS)]
    assert_nothing_lost(lost, "parts of letters changed")


def test_simulation(before, after):
    lost = find_differences(before["simulation"], after["simulation"])
    lost = [line for line in lost if not line.split(":")[0].endswith(CHANGED_SIMULATION)]
    assert_nothing_lost(lost, "figures of the simulation are not what they were")


def test_next_run(before, after):
    """The run of the next day does what the first version would have done, and does it once."""
    simulated = before["simulation"].items()
    rows = {key: row for _id, company in simulated for key, row in company["moves"].items()}
    letters = [
        [int(company), row["partner_id"], row["phase_id"], row["names"]]
        for company, result in simulated
        for row in result["letters"]
    ]
    expected = {
        "moves": {key: row["phase_id"] for key, row in rows.items() if row["moves"]},
        "held": {key: row["blocker"] for key, row in rows.items()},
        "letters": sorted(letters),
    }
    assert all(expected.values())
    lost = [*find_differences(expected, after["next"])]
    lost += [
        f"{key}: moved to {phase_id}, which was not simulated"
        for key, phase_id in after["next"]["moves"].items()
        if key not in expected["moves"]
    ]
    assert_nothing_lost(lost, "things are not what was simulated")


def test_next_run_is_the_only_one(after):
    """Whatever it did is done: it does not write again the same day, and letters have left."""
    assert_nothing_lost(after["rewritten"], "tables are written by a second run of the same day")
    assert_nothing_lost(after["waiting"], "letters wait for the mail queue")


def test_queued_letters_leave(before, after):
    """What the first version put into the mail queue, today's hands over as it is."""
    letters = before["tables"]["crm_collection_letter"]
    queued = {key for key, row in letters.items() if row["state"] == "outgoing"}
    assert queued
    expected = dict.fromkeys(queued, "sent")
    assert_nothing_lost(find_differences(expected, after["delivered"]), "letters did not leave")
