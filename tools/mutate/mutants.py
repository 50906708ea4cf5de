"""What can go wrong in a source file, one mistake at a time: in its SQL and in its Python."""

import ast
import hashlib
import re
from typing import NamedTuple

SQL_WORDS = re.compile(
    r"\b(SELECT|FROM|WHERE|AND|OR|CASE|COALESCE|COUNT|SUM|IS NULL|NOT|IN|EXISTS|JOIN)\b|[<>=]"
)
# (what is found, what stands there instead)
SQL_SWAPS = [
    (r"<=", "<"),
    (r">=", ">"),
    (r"(?<![<>!=:-])<(?![=>])", "<="),
    (r"(?<![<>!=:-])>(?![=>])", ">="),
    (r"(?<![<>!=:])=(?![=>])", "!="),
    (r"!=", "="),
    (r"\bIS NOT NULL\b", "IS NULL"),
    (r"\bIS NULL\b", "IS NOT NULL"),
    (r"\bNOT EXISTS\b", "EXISTS"),
    (r"(?<!NOT )\bEXISTS\b", "NOT EXISTS"),
    (r"\bIS NOT DISTINCT FROM\b", "IS DISTINCT FROM"),
    (r"\bIS DISTINCT FROM\b", "IS NOT DISTINCT FROM"),
    (r"\bAND\b", "OR"),
    (r"\bOR\b", "AND"),
    (r"\bAND NOT\b", "AND"),
    (r"\bMAX\b", "MIN"),
    (r"\bMIN\b", "MAX"),
    (r"\bGREATEST\b", "LEAST"),
    (r"\bLEAST\b", "GREATEST"),
    (r"\bDESC\b", "ASC"),
    (r"\bTRUE\b", "FALSE"),
    (r"\bFALSE\b", "TRUE"),
    (r" \+ ", " - "),
    (r" - ", " + "),
]
LIST = re.compile(r"\bIN \(('[^()]*')\)")
NUMBER = re.compile(r"(?<![\w.$'])\d+(?![\w.'])")
CONJUNCT_ENDS = re.compile(
    r"\b(AND|OR|THEN|ELSE|END|GROUP|ORDER|WHERE|LIMIT|RETURNING|UNION|LEFT|JOIN|CROSS|FOR|HAVING)\b"
    r"|[()]|\Z"
)
COMPARISONS = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}
OPERATORS = {ast.Add: "-", ast.Sub: "+", ast.BitAnd: "|", ast.BitOr: "&"}


class Mutant(NamedTuple):
    """A piece of a file, and what stands there instead."""

    start: int
    end: int
    text: str
    source: str

    @property
    def line(self):
        return self.source.count("\n", 0, self.start) + 1

    @property
    def old(self):
        return self.source[self.start : self.end]

    @property
    def mutated(self):
        return self.source[: self.start] + self.text + self.source[self.end :]

    @property
    def key(self):
        return hashlib.sha256(self.mutated.encode()).hexdigest()[:16]

    def __str__(self):
        old, text = (" ".join(part.split()) for part in (self.old, self.text))
        return f"{self.line}: {old} -> {text or '(nothing)'}"


def get_mutants(source):
    """:return: the mutants of a source file, in its order, each once"""
    tree = ast.parse(source)
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line.encode()))
    data = source.encode()

    def offset(line, column):
        return len(data[: lines[line - 1] + column].decode())

    def span(node):
        return offset(node.lineno, node.col_offset), offset(node.end_lineno, node.end_col_offset)

    docstrings = _get_docstrings(tree)
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in docstrings:
            changes = _of_constant(node, source, *span(node))
        else:
            changes = _of_python(node, source, span)
        for start, end, text in changes:
            mutant = Mutant(start, end, text, source)
            if _is_python(mutant.mutated):
                found.setdefault(mutant.key, mutant)
    return sorted(found.values())


def _is_python(source):
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _get_docstrings(tree):
    found = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            found.add(body[0].value)
    return found


def _of_constant(node, source, start, end):
    if isinstance(node.value, bool):
        return [(start, end, str(not node.value))]
    if isinstance(node.value, int):
        return [(start, end, str(node.value + 1))]
    if isinstance(node.value, str) and SQL_WORDS.search(node.value):
        return [
            (start + first, start + last, text) for first, last, text in _of_sql(source[start:end])
        ]
    return []


def _of_sql(text):
    for pattern, instead in SQL_SWAPS:
        for match in re.finditer(pattern, text):
            yield match.start(), match.end(), instead
    for match in re.finditer(r"\bAND\b", text):
        if end := _get_end(text, match.end()):
            yield match.start(), end, ""
    for match in LIST.finditer(text):
        members = match[1].split(",")
        for number in range(len(members)) if len(members) > 1 else ():
            left = ",".join(members[:number] + members[number + 1 :]).strip()
            yield match.start(1), match.end(1), left
    for match in NUMBER.finditer(text):
        yield match.start(), match.end(), str(int(match[0]) + 1)


def _get_end(text, start):
    """:return: where the condition that starts here ends, outside of its brackets"""
    depth = 0
    for match in CONJUNCT_ENDS.finditer(text, start):
        if match[0] == "(":
            depth += 1
        elif match[0] == ")" and depth:
            depth -= 1
        elif not depth:
            return match.start() if text[start : match.start()].strip(" \n\"'") else None
    return None


def _of_python(node, source, span):
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = span(node.left)[1], span(node.comparators[0])[0]
        yield left, right, f" {COMPARISONS[type(node.ops[0])]} "
    elif isinstance(node, ast.BoolOp):
        word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for first, second in zip(node.values, node.values[1:], strict=False):
            left, right = span(first)[1], span(second)[0]
            yield left, right, source[left:right].replace(word, other)
            yield span(first)[0], right, ""
            yield left, span(second)[1], ""
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield span(node)[0], span(node.operand)[0], ""
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield span(node.left)[1], span(node.right)[0], f" {OPERATORS[type(node.op)]} "
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key:
                end = span(value)[1]
                yield span(key)[0], end + (source[end : end + 1] == ","), ""
