"""The hook of git's that looks at the first line of a commit message."""

import subprocess
from pathlib import Path

import pytest

HOOK = Path(__file__).resolve().parent.parent / "dev.d" / "commit_subject.sh"
START = "[IMP] crm_collection: "


def run_hook(folder, message):
    file = folder / "COMMIT_EDITMSG"
    file.write_text(message, encoding="utf-8")
    return subprocess.run([HOOK, file], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "message",
    [
        "[ADD] crm_collection: promises to pay\n\nWhy there are some.\n",
        "\n# a comment of git's\n[FIX] crm_collection: an e-mail too many",
        "[REF] crm_collection: one query\n\n" + "a long line of the body " * 9,
        START + "ç" * (60 - len(START)),
        "Merge branch 'main'",
        "fixup! [ADD] crm_collection: promises to pay",
    ],
)
def test_accepted(tmp_path, message):
    assert run_hook(tmp_path, message).returncode == 0


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("promises to pay", "another form"),
        ("[NEW] crm_collection: promises to pay", "another form"),
        ("[ADD] another_module: promises to pay", "another form"),
        ("[ADD] crm_collection:", "another form"),
        (START + "x" * (61 - len(START)), "61 characters"),
    ],
)
def test_refused(tmp_path, message, reason):
    done = run_hook(tmp_path, message)
    assert done.returncode == 1
    assert reason in done.stderr
