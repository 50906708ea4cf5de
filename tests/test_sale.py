"""The module about orders is installed beside the first one, and its own tests are run there.

Here, in a process and a database of its own: everybody else's tests run without Odoo's sales.
To run one of them alone, say so: ``CRM_COLLECTION_SALE_TAGS=:TestOrders.test_warning``.
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


def test_orders(database):
    """Seen to fail with an error in one of its tests, a warning in its log, and without tests."""
    tags = "/crm_collection_sale" + os.environ.get("CRM_COLLECTION_SALE_TAGS", "")
    command = [sys.executable, "-m", "odoo", "-d", database, "-i", "crm_collection_sale"]
    command += ["--test-tags", tags, "--http-port", find_free_port()]
    command += ["--stop-after-init", "--max-cron-threads=0"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = result.stderr.splitlines()
    bad = [number for number, line in enumerate(lines) if WARNING.match(line)]
    told = "\n".join(lines[bad[0] : bad[0] + 60] if bad else lines[-5:])
    assert not bad, told
    assert not result.returncode, told
    [counts] = [match.groups() for line in lines if (match := RESULT.search(line))]
    assert counts[:2] == ("0", "0")
    assert int(counts[2]), told
