"""The module about orders is installed beside the first one, and its own tests are run there.

Here, in a process and a database of its own: everybody else's tests run without Odoo's sales.
To run one of them alone, say so: ``CRM_COLLECTION_SALE_TAGS=:TestOrders.test_warning``. Beside it
is core's demonstration provider of online payments, with which ways to pay are tried once more.
"""

import os
import re
import socket
import subprocess
import sys

WARNING = re.compile(r"^[0-9-]+ [0-9:,]+ [0-9]+ (WARNING|ERROR|CRITICAL) ")
RESULT = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")


def find_free_port():
    """A server for the tests starts whatever is said, and another may have the usual port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def run(*arguments, **variables):
    """:return: what a process of its own says, line by line; without a warning"""
    command, env = [sys.executable, "-m", *arguments], {**os.environ, **variables}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    lines = result.stderr.splitlines()
    bad = [number for number, line in enumerate(lines) if WARNING.match(line)]
    told = "\n".join(lines[bad[0] : bad[0] + 60] if bad else lines[-5:])
    assert not bad, told
    assert not result.returncode, told + result.stdout[-4000:]
    return lines


def test_orders(database):
    """Seen to fail with an error in one of its tests, a warning in its log, and without tests."""
    tags = "/crm_collection_sale" + os.environ.get("CRM_COLLECTION_SALE_TAGS", "")
    lines = run(
        *("odoo", "-d", database, "-i", "crm_collection_sale,payment_demo", "--test-tags", tags),
        *("--http-port", find_free_port(), "--stop-after-init", "--max-cron-threads=0"),
    )
    [counts] = [match.groups() for line in lines if (match := RESULT.search(line))]
    assert counts[:2] == ("0", "0")
    assert int(counts[2]), lines[-5:]


def test_demonstration_provider(database):
    """What customers pay with core's demonstration provider arrives matched."""
    path = "crm_collection/tests/customer/test_ways_to_pay.py"
    run(
        *("pytest", "-n", "0", f"--odoo-database={database}", "--odoo-http"),
        *("--odoo-log-level=warn", path, "-k", "online_payment"),
        CRM_COLLECTION_PROVIDER="demo",
    )
