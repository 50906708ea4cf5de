"""The pictures in Portuguese, of the Brazilian demonstration: each as who works with that page.

./dev demo --country br --fresh    # in one terminal, then in another:
./dev screenshots --country br
"""

import html
import re
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
LINK = re.compile(r"/collections/letter/\d+\?token=[\w-]+")
ZONE = "America/Sao_Paulo"
DOTS_PER_INCH = 90
PAGE_SIZE = {"width": 1280, "height": 960}
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
        letter = find_letter(page, options)
        take_letter(page, options, letter)
        take_page(page, options, letter)
    with as_user(options, APPROVER) as page:
        domain = [["state", "=", "pending"], ["partner_id.name", "=", ASKED_ABOUT]]
        requests = call(page, options, "crm.collection.approval", "search", [domain])
        go(page, url, f"collection-approvals/{requests[0]}")
        snap(page, "approval-request-pt_BR")


def find_letter(page, options):
    """:return: the last letter that left to a customer"""
    domain = [["partner_id.name", "=", WRITTEN_TO], ["state", "=", "sent"]]
    names = ["pdf_attachment_id", "mail_message_id"]
    arguments = [domain, names, 0, 1, "id desc"]
    return call(page, options, "crm.collection.letter", "search_read", arguments)[0]


def take_letter(page, options, letter):
    """The first sheet of the letter, as it left."""
    content = page.request.get(f"{options.url}/web/content/{letter['pdf_attachment_id'][0]}").body()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "letter.pdf"), Path(folder, "letter")
        source.write_bytes(content)
        command = ["pdftoppm", "-r", str(DOTS_PER_INCH), "-f", "1", "-l", "1"]
        subprocess.run([*command, "-singlefile", "-png", source, target], check=True)
        path = IMAGES / "letter-pdf-pt_BR.png"
        shutil.copyfile(target.with_suffix(".png"), path)
    keep(path)


def take_page(page, options, letter):
    """The page behind the link in the letter, as its reader has it: without a login."""
    arguments = [[letter["mail_message_id"][0]], ["body"]]
    [message] = call(page, options, "mail.message", "read", arguments)
    link = LINK.search(html.unescape(message["body"])).group()
    reader = page.context.browser.new_page(viewport=PAGE_SIZE, locale="pt-BR", timezone_id=ZONE)
    reader.goto(f"{options.url}{link}")
    reader.wait_for_selector("details")
    reader.wait_for_timeout(1000)
    path = IMAGES / "portal-letter-pt_BR.png"
    reader.screenshot(path=path)
    keep(path)
