import hashlib
import io
import json
import zipfile
from typing import NamedTuple

from odoo import api, models
from odoo.tools import format_date, format_datetime

from ...tools.text import get_file_name

PAGE = "crm_collection.retention_kept"


class Made(NamedTuple):
    """A file that was made to be handed over."""

    name: str
    content: bytes


class CrmCollectionRetention(models.Model):
    """What is kept of a customer as a file: a page to read, the same for programs, and what was
    sent and received, as it was."""

    _inherit = "crm.collection.retention"

    def _hand_over(self, partner, company):
        """Make the file with what is kept of a customer, and note that it was made.

        :param partner: the customer; that the user may see him was checked, and the company, too
        :return: :class:`Made`
        """
        sections = self._describe_kept(partner, company)
        paths = self._get_kept_paths(sections)
        content = self._write_archive(partner, company, sections, paths)
        today = company._get_collection_today()
        self._note(
            *("handed_over", company),
            partner_id=partner.id,
            customer_count=1,
            record_count=sum(len(section["records"]) for section in sections),
            message_count=sum(
                len(record["messages"]) for section in sections for record in section["records"]
            ),
            file_count=len(paths),
            months=company.sudo().collection_retention_months,
            note=f"SHA-256 {hashlib.sha256(content).hexdigest()}",
        )
        return Made(f"{get_file_name(partner.display_name)} {today}.zip", content)

    @api.model
    def _get_kept_paths(self, sections):
        """:return: {attachment: its place in the archive}, each once"""
        paths = {}
        for section in sections:
            for record in section["records"]:
                for file in record["files"]:
                    name = get_file_name(file.name or "") or str(file.id)
                    paths.setdefault(file, f"files/{file.id} {name}")
        return paths

    def _write_archive(self, partner, company, sections, paths):
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("data.json", self._write_json(partner, company, sections, paths))
            archive.writestr("data.html", self._write_page(partner, company, sections, paths))
            for file, path in paths.items():
                archive.writestr(path, file.raw or b"")
        return written.getvalue()

    @api.model
    def _write_json(self, partner, company, sections, paths):
        return json.dumps(
            {
                "customer": partner.display_name,
                "company": company.name,
                "date": str(company._get_collection_today()),
                "records": {
                    section["model"]: [
                        {
                            "id": record["id"],
                            **record["values"],
                            "messages": record["messages"],
                            "files": [paths[file] for file in record["files"]],
                        }
                        for record in section["records"]
                    ]
                    for section in sections
                },
            },
            default=str,
            ensure_ascii=False,
            indent=1,
        )

    def _write_page(self, partner, company, sections, paths):
        values = {
            "partner": partner,
            "company": company.sudo(),
            "lang": (self.env.lang or "en_US").replace("_", "-"),
            "day": format_date(self.env, company._get_collection_today()),
            "sections": [section for section in sections if section["records"]],
            "paths": paths,
            "format_moment": lambda moment: moment and format_datetime(self.env, moment) or "",
        }
        return "<!DOCTYPE html>\n" + str(self.env["ir.qweb"]._render(PAGE, values))
