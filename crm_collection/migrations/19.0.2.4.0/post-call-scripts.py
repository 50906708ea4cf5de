"""From 19.0.2.3.0 to 19.0.2.4.0: phases have a script for whoever calls their customers."""

from lxml import etree

from odoo import SUPERUSER_ID, api
from odoo.tools import file_open

DATA = "crm_collection/data/phase_data.xml"


def migrate(cr, version):
    """Called by Odoo after the module is updated, with the version it had."""
    if version:
        write_scripts(api.Environment(cr, SUPERUSER_ID, {}))


def write_scripts(env):
    """The module's own phases get the scripts that a new database has: data that is not updated
    brings them nowhere else."""
    for name, script in read_scripts().items():
        phase = env.ref(f"crm_collection.{name}", raise_if_not_found=False)
        if phase and not phase.call_script:
            phase.call_script = script


def read_scripts():
    """:return: {name of a phase in the data: its script}"""
    with file_open(DATA, "rb") as source:
        records = etree.parse(source).getroot().iterfind("record")
        return {
            record.get("id"): "".join(
                etree.tostring(node, method="html", encoding="unicode") for node in field
            )
            for record in records
            for field in record.iterfind("field[@name='call_script']")
        }
