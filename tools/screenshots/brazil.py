"""The pictures in Portuguese, of the Brazilian demonstration: each as who works with that page.

./dev demo --country br --fresh    # in one terminal, then in another:
./dev screenshots --country br
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from .page import IMAGES, call, go, keep, session, snap

COLLECTOR, MANAGER, APPROVER = "camila", "marina", "helena"
# of what is in the demonstration
WORKED = "Hotel Fazenda Águas Claras Ltda."
ASKED_ABOUT = "Atacado Paulista de Alimentos S.A."
WRITTEN_TO = "Construtora Horizonte Engenharia S.A."
ZONE = "America/Sao_Paulo"
DOTS_PER_INCH = 90
LINE = ".o_crm_desk_line"
COCKPIT = ".o_crm_cockpit_page canvas"


def as_user(options, login, **kwargs):
    """:return: a session of somebody of the demonstration, whose login is the password"""
    options = type(options)(**{**vars(options), "login": login, "password": login})
    return session(options, lang="pt_BR", zone=ZONE, **kwargs)


def take(options):
    url = options.url
    with as_user(options, COLLECTOR) as page:
        go(page, url, "collection-work", LINE)
        snap(page, "my-work-pt_BR")
        page.locator(LINE, has_text=WORKED).locator(".o_crm_desk_name").click()
        page.wait_for_selector(".o_crm_customer_timeline li")
        page.wait_for_timeout(1000)
        snap(page, "customer-pt_BR")
    with as_user(options, MANAGER) as page:
        go(page, url, "collection-cockpit", COCKPIT)
        snap(page, "cockpit-pt_BR")
        go(page, url, "collections", ".o_kanban_record, .o_list_view")
        page.click(".o_switch_view.o_kanban")
        page.wait_for_selector(".o_kanban_record")
        page.wait_for_timeout(1500)
        snap(page, "portfolio-kanban-pt_BR")
        take_letter(page, options)
    with as_user(options, APPROVER) as page:
        domain = [["state", "=", "pending"], ["partner_id.name", "=", ASKED_ABOUT]]
        requests = call(page, options, "crm.collection.approval", "search", [domain])
        go(page, url, f"collection-approvals/{requests[0]}")
        snap(page, "approval-request-pt_BR")


def take_letter(page, options):
    """The first sheet of the last letter to a customer, as it left."""
    domain = [["partner_id.name", "=", WRITTEN_TO], ["state", "=", "sent"]]
    letters = call(
        *(page, options, "crm.collection.letter", "search_read"),
        [domain, ["pdf_attachment_id"], 0, 1, "id desc"],
    )
    (attachment, _name) = letters[0]["pdf_attachment_id"]
    content = page.request.get(f"{options.url}/web/content/{attachment}").body()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "letter.pdf"), Path(folder, "letter")
        source.write_bytes(content)
        command = [
            "pdftoppm",
            "-r",
            str(DOTS_PER_INCH),
            "-f",
            "1",
            "-l",
            "1",
            "-singlefile",
            "-png",
        ]
        subprocess.run([*command, source, target], check=True)
        path = IMAGES / "letter-pdf-pt_BR.png"
        shutil.copyfile(target.with_suffix(".png"), path)
    keep(path)
