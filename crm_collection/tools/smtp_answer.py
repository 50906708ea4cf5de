"""What a mail server answered to a letter, and whose fault it is: by the code of the reply, the
enhanced status (RFC 3463), what was being said when it came, and the words where those are all.

Nothing here asks the database.
"""

import ast
import re
from typing import NamedTuple

# smtplib's exceptions say a reply as "(550, b'5.1.1 no such user')", others as "550 no such user".
REPLY = re.compile(r"""\((-?\d{1,3}), (b?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))[,)]""", re.DOTALL)
BARE = re.compile(r"(?<![\w.#-])([45]\d\d)(?:[ -](.*)|$)", re.DOTALL)
STATUS = re.compile(r"(?<![\w.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
STAGE = re.compile(
    r"SMTP(RecipientsRefused|SenderRefused|DataError|AuthenticationError|ConnectError|HeloError)"
)
# What says nothing of the cause: addresses, numbers, names of machines in brackets.
OWN_PART = re.compile(r"<[^>]*>|\[[^\]]*\]|\S+@\S+|\S*\d\S*|[^\w\s]")

OUR_WORDS = re.compile(
    r"relay|authenticat|sender|spam|black ?list|block(ed|list)|polic(y|ies)|spf\b|dkim|dmarc"
    r"|reputation|rate limit|too many|message (size|too)|too (large|big)|not permitted|banned",
    re.IGNORECASE,
)
THEIR_WORDS = re.compile(
    r"(no such|unknown|invalid|bad|unrouteable|nonexist\w*|inactive|disabled)"
    r" ?(local )?(e-?mail )?(user|recipient|address|mailbox|account|domain|host)"
    r"|(user|recipient|address|mailbox|account|domain|host)( name)?( is)?"
    r" ?(unknown|not (found|exist|known|available)|does ?n[o']t exist|rejected|disabled|invalid"
    r"|unavailable|inactive|doesn't have)",
    re.IGNORECASE,
)
FULL_WORDS = re.compile(r"(mailbox|inbox|recipient|user|account)\b.*\b(full|quota)", re.IGNORECASE)
SIZE_WORDS = re.compile(r"\bsize\b|too (large|big|long)|length exceeds", re.IGNORECASE)
LOGIN_CODES = (530, 534, 535, 538)
# Replies to a recipient that are about him, where nothing else is said.
ADDRESS_CODES = (501, 510, 511, 512, 513, 521, 550, 551, 553, 556)

# What the mail system found out by itself, by its name for it.
FAILURES = {
    "mail_smtp": ("server", "connection"),
    "mail_from_missing": ("server", "sender"),
    "mail_from_invalid": ("server", "sender"),
    "mail_spam": ("server", "policy"),
    "mail_email_invalid": ("address", "invalid"),
}
# Before a recipient was named, the reply is about us.
BY_STAGE = {
    "AuthenticationError": "login",
    "ConnectError": "connection",
    "HeloError": "connection",
    "SenderRefused": "sender",
}
# By subject and detail of the enhanced status; a subject alone for the rest of it.
BY_STATUS = {
    (1, 7): ("server", "sender"),
    (1, 8): ("server", "sender"),
    (1, 9): ("server", "sender"),
    (1,): ("address", "unknown"),
    (2, 2): ("address", "full"),
    (2, 3): ("server", "size"),
    (2,): ("address", "unknown"),
    (3, 4): ("server", "size"),
    (3,): ("server", "refused"),
    (4, 4): ("address", "unknown"),  # nobody answers for the domain of the address
    (4, 310): ("address", "unknown"),
    (4,): ("server", "refused"),
    (5,): ("server", "refused"),
    (6,): ("server", "refused"),
    (7, 8): ("server", "login"),
    (7,): ("server", "policy"),
}


class Answer(NamedTuple):
    """One reply: ``code`` and ``status`` may be ``None``, ``words`` are the server's own."""

    fault: str  # "server" or "address"
    kind: str
    code: int | None
    status: tuple | None
    words: str
    is_open: bool = False  # neither yes nor no to all of the message: it may have been taken

    def is_same(self, other):
        """Whether another letter got the same answer, whatever names and numbers are in it."""
        own = (self.code, self.status, OWN_PART.sub("", self.words).lower().split())
        return own == (other.code, other.status, OWN_PART.sub("", other.words).lower().split())

    def describe(self):
        """:return: the reply as the server's log has it"""
        said = self.words if self.code is None else f"{self.code} {self.words}"
        return " ".join(said.split())[:1000]


def judge(text, failure_type=None):
    """Read what is known of a letter that was not taken.

    :param str text: of the exception, as the mail system kept it
    :param str failure_type: what the mail system takes it for
    :return: the :class:`Answer`; of several recipients the one that is least their fault
    """
    text = text or ""
    stages = STAGE.findall(text)
    stage = stages[-1] if stages else None
    replies = [(int(code), _decode(words)) for code, words in REPLY.findall(text)]
    if not replies and (bare := BARE.search(text)):
        replies = [(int(bare[1]), bare[2] or "")]
    answers = [_judge_reply(code, words, stage, failure_type) for code, words in replies]
    if not answers:
        return _judge_words(text, failure_type)
    return min(answers, key=lambda answer: (answer.fault == "address", not answer.is_open))


def _decode(literal):
    try:
        value = ast.literal_eval(literal)
    except (SyntaxError, ValueError):
        return literal
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _judge_words(text, failure_type):
    fault, kind = FAILURES.get(failure_type, ("server", "refused"))
    if failure_type not in FAILURES and THEIR_WORDS.search(text):
        fault, kind = "address", "unknown"
    return Answer(fault, kind, None, None, text)


def _judge_reply(code, words, stage, failure_type):
    found = [status for status in STATUS.findall(words) if status[0] == str(code)[:1]]
    status = tuple(map(int, found[0])) if found else None
    fault, kind = _find_fault(code, status, words, stage, failure_type)
    return Answer(fault, kind, code, status, words, stage == "DataError" and not 400 <= code < 600)


def _find_fault(code, status, words, stage, failure_type):
    """:return: whose fault a reply is, and of what kind"""
    if code in LOGIN_CODES:
        return "server", "login"
    if failure_type in FAILURES and failure_type != "mail_email_invalid":
        return FAILURES[failure_type]
    if code < 500:
        return "server", "later"
    if stage in BY_STAGE and not SIZE_WORDS.search(words):
        return "server", BY_STAGE[stage]
    if status and status[1] and stage not in BY_STAGE:
        return _find_fault_by_status(status, words)
    return _find_fault_by_code(code, words, stage)


def _find_fault_by_status(status, words):
    _class, subject, detail = status
    if (subject, detail) == (4, 1) and THEIR_WORDS.search(words):
        return "address", "unknown"
    if (subject, detail) == (1, 0) and OUR_WORDS.search(words):
        return "server", "policy"
    default = ("server", "refused")
    return BY_STATUS.get((subject, detail)) or BY_STATUS.get((subject,), default)


def _find_fault_by_code(code, words, stage):
    """Without an enhanced status: what the words say, else what the code means of a recipient."""
    if FULL_WORDS.search(words):
        return "address", "full"
    if code == 552 or SIZE_WORDS.search(words):
        return "server", "size"
    if OUR_WORDS.search(words):  # before theirs: "sender address rejected: domain not found"
        return "server", "policy"
    if THEIR_WORDS.search(words):
        return "address", "unknown"
    if code in ADDRESS_CODES and stage != "DataError":
        return "address", "unknown"
    return "server", "refused"


# === Addresses === #

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LOCAL = re.compile(rf"{ATOM}(\.{ATOM})*")
LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def is_address(text):
    """:return: whether a mail server can be asked to deliver to it: one address, nothing else"""
    local, at, domain = (text or "").rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError:
        return False
    labels = ascii_domain.split(".")
    return bool(
        at
        and len(local) <= 64
        and len(ascii_domain) <= 253
        and LOCAL.fullmatch(local)
        and len(labels) > 1
        and all(map(LABEL.fullmatch, labels))
        and not labels[-1].isdigit()
    )


def has_address(text):
    """:return: whether one of the addresses in a field can be written to as it stands there.
    Core takes the last word for one: "not an address@customer.example" is a stranger's."""
    for part in re.split(r"[,;\n]", text or ""):
        named = re.search(r"<([^<>]*)>\s*$", part)
        if is_address(re.sub(r"\s*@\s*", "@", named[1] if named else part).strip()):
            return True
    return False
