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


def run_tests(database, tags, *options):
    """Run tests of modules in a process of its own: no warning, no failure, and at least one."""
    command = [sys.executable, "-m", "odoo", "-d", database, "--test-tags", tags, *options]
    command += ["--http-port", find_free_port(), "--stop-after-init", "--max-cron-threads=0"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = result.stderr.splitlines()
    bad = [number for number, line in enumerate(lines) if WARNING.match(line)]
    told = "\n".join(lines[bad[0] : bad[0] + 60] if bad else lines[-5:])
    assert not bad, told
    assert not result.returncode, told
    [counts] = [match.groups() for line in lines if (match := RESULT.search(line))]
    assert counts[:2] == ("0", "0")
    assert int(counts[2]), told


def test_orders(database):
    """Seen to fail with an error in one of its tests, a warning in its log, and without tests."""
    tags = "/crm_collection_sale" + os.environ.get("CRM_COLLECTION_SALE_TAGS", "")
    run_tests(database, tags, "-i", "crm_collection_sale,payment_demo")


def test_demonstration_provider(database):
    """What customers pay with core's demonstration provider arrives matched."""
    run_tests(database, "/crm_collection:TestWaysToPay.test_online_payment_settles_what_it_was_for")
