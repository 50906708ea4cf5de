"""Replay a file of receivables, day by day, on a real database with the real jobs.

Every invoice of the file is posted; then each day of the file is lived: in the morning the
allocation job, the letters job and the mail queue run as Odoo's cron runs them, afterwards that
day's payments are registered. What came out is compared, item by item, with what the file
alone says. Started by ./dev replay.

Exit status: 0 the replay agrees with the file, 1 it does not, 2 it could not be done.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from . import expect, receivables, result
from .clerk import ClerkError, run_clerk
from .database import DatabaseError, open_database
from .expect import Plan
from .run import Replay, ReplayError, real_clock

TOOLS = Path(__file__).resolve().parents[1]
SHOWN_DIFFERENCES = 20
MAX_STEP = 3650


class ReplayProblem(Exception):
    """The replay cannot be done."""


def parse_arguments(argv):
    parser = argparse.ArgumentParser(
        prog="./dev replay",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "file",
        type=Path,
        help="receivables: invoiceNumber, customerID, InvoiceDate, DueDate, "
        "InvoiceAmount, SettledDate, in any order; dates are month/day/year",
    )
    add(
        "--steps",
        type=parse_steps,
        default=(1, 6, 16, 31),
        metavar="DAYS,...",
        help="days after the due date, a phase for each (default: 1,6,16,31)",
    )
    add(
        "--resend",
        type=parse_count,
        default=0,
        metavar="DAYS",
        help="send the letter of a phase again every so many days",
    )
    add(
        "--max-resends",
        type=parse_count,
        metavar="N",
        help="at most so many times in a phase (default: until it is settled)",
    )
    add("--json", type=Path, metavar="OUT", help="write the figures")
    add(
        "--titles",
        dest="items",
        type=Path,
        metavar="OUT.csv",
        help="write each item's phases and letters",
    )
    add("--no-mail", action="store_true", help="leave the letters in the mail queue")
    add("--mail", type=Path, metavar="FOLDER", help="keep the messages that arrive there")
    add("--database", metavar="NAME", help="make and keep this database (default: a passing one)")
    return parser.parse_args(join_negative(argv))


def join_negative(argv):
    """Let `--steps -3,5` be a value, where argparse sees an option."""
    joined = []
    for argument in argv:
        if joined and joined[-1] == "--steps" and re.match(r"-\d", argument):
            joined[-1] = f"--steps={argument}"
        else:
            joined.append(argument)
    return joined


def parse_steps(text):
    try:
        steps = tuple(sorted(int(part) for part in text.split(",")))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of days") from error
    if len(set(steps)) < len(steps) or max(map(abs, steps)) > MAX_STEP:
        raise argparse.ArgumentTypeError(f"'{text}': each day once, at most {MAX_STEP}")
    return steps


def parse_count(text):
    if not re.fullmatch(r"\d{1,4}", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 to 9999")
    return int(text)


# ------------------------------------------------------------
# SURROUNDINGS
# ------------------------------------------------------------


def say(text=""):
    print(text, file=sys.stderr, flush=True)


PROBLEMS = (
    ReplayProblem,
    ReplayError,
    ClerkError,
    DatabaseError,
    receivables.ReceivablesError,
)


class Progress:
    """Tells how far the replay is, at most every few seconds, on one line of a terminal."""

    def __init__(self, clock):
        self.clock = clock
        self.is_terminal = sys.stderr.isatty()
        self.interval = 0.5 if self.is_terminal else 10
        self.last = clock()

    def __call__(self, day, share, text):
        if self.clock() - self.last < self.interval:
            return
        self.last = self.clock()
        line = f"    {day} {share:4.0%}  {text}"
        if self.is_terminal:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        else:
            say(line)

    def close(self):
        if self.is_terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


@contextmanager
def run_sink(folder):
    """Yield the port of a local mail server that keeps all messages in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in [*folder.glob("[0-9]*.eml"), *folder.glob("messages.jsonl")]:
        path.unlink()
    command = [sys.executable, TOOLS / "smtp_sink.py", "--port", "0", "--dir", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            match = re.search(r":(\d+),", process.stdout.readline())
            if not match:
                raise ReplayProblem("the local mail server does not start")
            yield int(match[1])
        finally:
            process.terminate()


# ------------------------------------------------------------
# REPLAY
# ------------------------------------------------------------


def replay(args, rows, plan, mail_folder):
    """:return: items, figures and how long each part took"""
    with (
        open_database(args.database, say) as env,
        run_clerk(env.cr.dbname) as clerk,
        run_sink(mail_folder) as port,
    ):
        start = real_clock()
        progress = Progress(real_clock)
        run = Replay(env, rows, plan, clerk, None if args.no_mail else port, progress)
        say(f"Replaying {len(rows):,} receivables")
        try:
            run.set_up()
            run.run()
        finally:
            progress.close()
        numbers = {line_id: number for number, line_id in run.books.item_ids.items()}
        items = result.read_items(env, numbers, run.step_days)
        figures = result.summarize(env, items, plan)
        figures["seconds"] = round(real_clock() - start, 1)
        figures["seconds_by_part"] = {part: round(s, 1) for part, s in run.seconds.items()}
        figures["mornings"] = run.mornings
        figures["letter_states"] = result.count_states(env)
        figures["letters_without_pdf"] = result.count_without_pdf(env)
    return items, figures


def count_messages(folder):
    """:return: messages that arrived, and how many of them carry a PDF"""
    index = folder / "messages.jsonl"
    lines = index.read_text("utf-8").splitlines() if index.exists() else []
    attachments = [json.loads(line)["attachments"] for line in lines]
    with_pdf = sum(any(name.lower().endswith(".pdf") for name in names) for names in attachments)
    return {"messages": len(lines), "messages_with_pdf": with_pdf}


def find_problems(args, figures, expected, differences):
    """Yield what does not agree with the file, the figures first."""
    for key, value in expected.items():
        if figures[key] != value:
            yield f"{key}: {figures[key]}; the file says {value}"
    if not args.no_mail:
        for key in ("messages", "messages_with_pdf"):
            if figures[key] != expected["letters"]:
                yield f"{key}: {figures[key]}; the file says {expected['letters']}"
        if set(figures["letter_states"]) - {"sent"}:
            yield f"letters by state: {figures['letter_states']}; all should be sent"
    yield from differences[:SHOWN_DIFFERENCES]
    if len(differences) > SHOWN_DIFFERENCES:
        yield f"and {len(differences) - SHOWN_DIFFERENCES:,} items more"


def format_table(figures, plan):
    """Yield the lines of the table that is printed at the end."""
    yield f"{'Phase':<10}{'entered':>10}{'ended':>10}   median days from letter to settlement"
    for step in map(str, plan.steps):
        days = figures["median_days_to_settlement"][step]
        days = "-" if days is None else f"{days:g}"
        counts = f"{figures['entered'][step]:>10,}{figures['ended'][step]:>10,}"
        yield f"{'day ' + step:<10}{counts}{days:>10}"
    yield ""
    for key in ("items", "letters", "letter_lines", "settled", "messages", "messages_with_pdf"):
        yield f"{key.replace('_', ' ').capitalize():<20}{figures[key]:>10,}"
    parts = ", ".join(f"{part} {s:g}" for part, s in figures["seconds_by_part"].items())
    yield f"{'Seconds':<20}{figures['seconds']:>10,}   {parts}"


def run(args, mail_folder):
    if args.max_resends is not None and not args.resend:
        raise ReplayProblem("--max-resends needs --resend")
    plan = Plan(args.steps, args.resend, args.max_resends)
    found = receivables.read(args.file)
    for line in receivables.format_report(found):
        say(line)
    if not found.rows:
        raise ReplayProblem("the file has no receivable to replay")
    expected_items = expect.expect(found.rows, plan)
    items, figures = replay(args, found.rows, plan, mail_folder)
    figures.update(count_messages(mail_folder))
    figures["skipped"] = [vars(row) for row in found.skipped]
    expected = expect.summarize(expected_items, plan)
    differences = list(expect.compare(items, expected_items))
    problems = list(find_problems(args, figures, expected, differences))
    figures["agrees"] = not problems
    if args.items:
        expect.write_items(args.items, items)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print("\n".join(format_table(figures, plan)))
    print(
        "\n"
        + "\n".join(
            ["DIFFERS from the file:", *problems]
            if problems
            else ["Agrees with the file, item by item."]
        )
    )
    return 1 if problems else 0


def main(argv=None):
    args = parse_arguments(sys.argv[1:] if argv is None else argv)
    try:
        if args.mail:
            return run(args, args.mail)
        with tempfile.TemporaryDirectory(prefix="crm_collection_replay_") as folder:
            return run(args, Path(folder))
    except PROBLEMS as error:
        say(f"replay: {error}")
        return 2
    except KeyboardInterrupt:
        say("replay: interrupted")
        return 130
