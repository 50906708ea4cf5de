"""Wait until the web client answers, then say where it is; give up when its process ends."""

import os
import sys
import time
import urllib.request

MESSAGE = """
The portfolio: {url}/odoo/collections
login admin, password admin; Ctrl-C stops it
"""


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def answers(url):
    try:
        urllib.request.urlopen(f"{url}/web/login", timeout=60).close()
    except OSError:
        return False
    return True


def main(url, process):
    while is_alive(process):
        if answers(url):
            print(MESSAGE.format(url=url), flush=True)
            return
        time.sleep(0.3)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
