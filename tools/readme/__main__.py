"""``./dev readme``: the README.md of each add-on, and the history that goes along."""

import argparse
import sys

from . import ROOT, build_files


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="./dev readme", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    check = parser.parse_args(arguments).check
    stale = []
    for path, text in build_files().items():
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(path.relative_to(ROOT))
            if not check:
                path.write_text(text, "utf-8")
    for path in stale:
        print(f"{path} {'is out of date: ./dev readme' if check else 'written'}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
