#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tidy.py - the house rules that no compiler checks, one function each. Prints PATH:LINE: RULE: MESSAGE.

Usage: scripts/tidy.py [ROOT]. Exit status: 0 tidy, 1 complaints, 2 nothing was found to look at.
A new rule is a function with @rule and its own bad example in tests/scripts/test-tidy.py, which fails without one.
"""

import functools
import os
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree may be read-only
import script

FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 120
TAB = 8

ROOMS = ("engine", "harness", "fuzz", "stress", "tests", "examples", "tools")
# Rooms whose headers a room may include; the others may include any.
MAY_INCLUDE = {"engine": ("engine",), "harness": ("engine", "harness"), "stress": ("engine", "harness", "stress")}
# The rooms of harness/, from the lowest up. A room includes itself and rooms before it. Other rooms, and the folders
# beside harness/, include its facade only: harness/ROOM/ROOM.h.
HARNESS_ROOMS = ("base", "program", "sim", "target", "gen", "check", "run", "explore", "shrink", "expect", "hunt",
    "show", "cli")
# Rooms of which no files may form a circle.
NO_CIRCLES = ("engine", "harness", "stress", "fuzz", "tools", "examples")
# The reference model is written from the documents alone: of the engine it sees the tables and the public numbers.
MODEL_MAY_INCLUDE = ("engine/ops.h", "engine/vm.h")

# A function, and what to use instead.
BANNED = {
    "strcpy": "strlcpy", "strcat": "strlcat", "sprintf": "snprintf or strbuf_printf", "vsprintf": "vsnprintf",
    "gets": "fgetln", "atoi": "strtonum", "atol": "strtonum", "atoll": "strtonum", "strtok": "strsep",
    "rand": "a seeded generator", "srand": "a seeded generator", "random": "a seeded generator",
    "arc4random": "a seeded generator", "arc4random_uniform": "a seeded generator",
    "arc4random_buf": "a seeded generator",
}
# Functions that engine code must not call: it uses env.h instead.
ENGINE_BANNED = ("printf", "fprintf", "vprintf", "vfprintf", "dprintf", "puts", "fputs", "putchar", "perror", "exit",
    "_exit", "quick_exit", "abort", "err", "errx", "warn", "warnx", "assert", "time", "clock", "clock_gettime",
    "gettimeofday", "getenv")
# The native world stands on the other side of env.h, though in the same folder.
ENGINE_WORLDS = ("engine/native.c", "engine/native.h")

# Functions whose next call gives another result: random draws, and reads from a cursor. A function that calls one of
# them with a generator or a cursor of its caller is one, too.
DRAWS = ("prng_next", "message_read_number", "message_read_text", "lex_next")

SPDX_LINES = 3  # the line is among the first few, behind a "#!"
MARKS = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
MACHINE_PATHS = ("/" + "work/", "/" + "home/", "/" + "tmp/wt")

RULES = {}
TOKEN = re.compile(r"\w+|->|\+\+|--|&&|\|\||[<>=!]=|<<=?|>>=?|[-+*/%&|^]=|\S")
CLOSING = {"(": ")", "[": "]", "{": "}"}
ASSIGNMENTS = ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=")


def rule(function):
    """Registers a rule: a generator of (line, message) for a File."""
    RULES[function.__name__.replace("_", "-")] = function
    return function


class File:
    def __init__(self, root, path):
        self.root = root
        self.path = path  # relative to the root, with "/"
        self.text = (root / path).read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.split("\n")
        self.name = path.rsplit("/", 1)[-1]
        self.room = path.split("/", 1)[0] if "/" in path else ""
        self.is_c = self.name.endswith((".c", ".h"))
        self.is_script = self.text.startswith("#!")
        self.is_source = (self.is_c or self.is_script or self.name.endswith((".def", ".py", ".yml", ".yaml", ".sh"))
            or self.name in ("meson.build", "meson_options.txt"))
        self.is_data = path.startswith("corpus/")
        self.code = strip_c(self.text).split("\n") if self.is_c else []


def strip_c(text):
    """C text with comments, strings and character constants blanked; every line stays where it is."""
    pattern = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)

    def blank(match):
        word = match.group()
        if word[0] in "\"'":
            return word[0] + " " * (len(word) - 2) + word[0]
        return re.sub(r"[^\n]", " ", word)

    return pattern.sub(blank, text)


def calls(file, names):
    """(line, name) of every call of one of the named functions; a member of that name is not one."""
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(map(re.escape, names)) + r")\s*\(")
    for number, line in enumerate(file.code, 1):
        for match in pattern.finditer(line):
            yield number, match.group(1)


@rule
def function_length(file):
    """A function's body, braces included; .clang-format puts both of them into column 0."""
    began = None
    for number, line in enumerate(file.code, 1):
        if line.startswith("{"):
            began = number
        elif line.startswith("}") and began is not None:
            if number - began + 1 > FUNCTION_LINES_MAX:
                yield began, f"the function is {number - began + 1} lines long, {FUNCTION_LINES_MAX} are allowed"
            began = None


@rule
def line_length(file):
    """The .def tables are exempt: a row is one line, whatever its text."""
    if not file.is_source or file.name.endswith(".def"):
        return
    for number, line in enumerate(file.lines, 1):
        width = len(line.expandtabs(TAB))
        if width > COLUMNS_MAX:
            yield number, f"{width} columns, {COLUMNS_MAX} are allowed"


@rule
def spdx(file):
    if file.is_source and not any("SPDX-License-Identifier: " in line for line in file.lines[:SPDX_LINES]):
        yield 1, f"no SPDX-License-Identifier in the first {SPDX_LINES} lines"


@rule
def mark(file):
    """Reports notes that must not stay in the tree."""
    if file.is_data:
        return
    pattern = re.compile(r"\b(" + "|".join(MARKS) + r")\b")
    for number, line in enumerate(file.lines, 1):
        for match in pattern.finditer(line):
            yield number, f"{match.group(1)} is left"


@rule
def misread(file):
    """clang-format takes "a < b && *c > 0" for a template, and writes "a<b && * c> 0"."""
    if not file.is_c:
        return
    for number, line in enumerate(file.lines, 1):
        if re.search(r"\w<\w.*(&&|\|\|) \* \w+> ", line):
            yield number, "clang-format misreads it: change the order of the comparisons"


@rule
def machine_path(file):
    """No path of the machine that something was written on."""
    pattern = re.compile(r"(?<![\w.$}-])(" + "|".join(map(re.escape, MACHINE_PATHS)) + ")")
    for number, line in enumerate(file.lines, 1):
        for match in pattern.finditer(line):
            yield number, f"{match.group(1)}... is a path of one machine"


@rule
def include(file):
    """Includes point one way, and name the room."""
    if file.room not in ROOMS or not (file.is_c or file.name.endswith(".def")):
        return
    allowed = MAY_INCLUDE.get(file.room, ROOMS)
    is_model = file.path.startswith("harness/target/model")
    for number, line in enumerate(file.lines, 1):
        match = re.match(r"\s*#\s*include\s+([<\"])([^>\"]+)[>\"]", line)
        if not match:
            continue
        quoted, what = match.group(1) == '"', match.group(2)
        room = what.split("/", 1)[0] if "/" in what else ""
        if quoted and room not in ROOMS:
            yield number, f'"{what}": name the room, as in "{file.room}/{what}"'
        elif room in ROOMS and room not in allowed:
            yield number, f"{what}: {file.room}/ may include {' and '.join(r + '/' for r in allowed)} only"
        elif is_model and room == "engine" and not what.endswith(".def") and what not in MODEL_MAY_INCLUDE:
            yield number, f"{what}: the model sees only {' and '.join(MODEL_MAY_INCLUDE)} of the engine"


@rule
def room(file):
    """A room of harness/ includes rooms before it, and of every other room only the facade."""
    if not (file.is_c or file.name.endswith(".def")) or file.room not in ROOMS:
        return
    parts = file.path.split("/")
    own = parts[1] if parts[0] in ("harness", "tests") and len(parts) > 2 and parts[1] in HARNESS_ROOMS else None
    if parts[0] == "harness" and len(parts) == 3 and own is None:
        yield 1, f"harness/{parts[1]}/ is not in HARNESS_ROOMS of scripts/tidy.py"
    for number, line in enumerate(file.lines, 1):
        match = re.match(r'\s*#\s*include\s+"harness/(\w+)/([\w.-]+)"', line)
        if not match or match.group(1) not in HARNESS_ROOMS or match.group(1) == own:
            continue
        what, header = match.groups()
        if parts[0] == "harness" and own is not None and HARNESS_ROOMS.index(what) > HARNESS_ROOMS.index(own):
            yield number, f"harness/{own}/ may not include harness/{what}/, which is after it in HARNESS_ROOMS"
        elif header != what + ".h" and not header.endswith(".def"):
            yield number, f"{header} is inside harness/{what}/: include harness/{what}/{what}.h"


def unit_of(path):
    """X.c and X.h are one file to a reader."""
    return path.rsplit(".", 1)[0]


@functools.lru_cache(maxsize=None)
def circles_of(root):
    """{first file: the others} of each circle. A file needs another if it includes its header or calls its function."""
    paths = [p for p in files_of(root) if p.endswith((".c", ".h")) and p.split("/", 1)[0] in NO_CIRCLES]
    texts = {p: (root / p).read_text(encoding="utf-8", errors="replace") for p in paths}
    code = {p: strip_c(texts[p]) for p in paths}
    units = {unit_of(p) for p in paths}
    homes, own = {}, {}
    for p in paths:
        names = list(functions_of(code[p]))
        own[p] = {name for name, _, _ in names}
        homes.update({name: unit_of(p) for name, static, _ in names if p.endswith(".c") and not static})
    needs = {unit: set() for unit in units}
    for p in paths:
        included = re.findall(r'^\s*#\s*include\s+"([^"]+)\.h"', texts[p], re.MULTILINE)
        needs[unit_of(p)] |= {unit for unit in included if unit in units}
        if p.endswith(".c"):
            called = set(re.findall(r"(?<![\w.>])(\w+)\s*\(", code[p])) - own[p]
            needs[unit_of(p)] |= {homes[name] for name in called if name in homes}
    return {min(circle): sorted(circle) for circle in knots(needs)}


def knots(needs):
    """The sets of more than one unit that all need each other, by what each of them reaches."""
    reach = {unit: set(after) - {unit} for unit, after in needs.items()}
    more = True
    while more:
        more = False
        for after in reach.values():
            new = set().union(*(reach[unit] for unit in after)) - after
            if new:
                after |= new
                more = True
    return {frozenset(other for other in after if unit in reach[other]) for unit, after in reach.items()
        if unit in after}


@rule
def circle(file):
    """No circle of files: each can be read, and tested, after those it needs."""
    if file.room in NO_CIRCLES and file.is_c:
        found = circles_of(file.root).get(unit_of(file.path))
        if found and file.path == min(p for p in files_of(file.root) if unit_of(p) == unit_of(file.path)):
            yield 1, "a circle of files: " + ", ".join(found)


@rule
def engine_way_out(file):
    """The engine does not print, end the program or read a clock: env.h is its only way out."""
    if file.room != "engine" or file.path in ENGINE_WORLDS:
        return
    for number, name in calls(file, ENGINE_BANNED):
        yield number, f"{name}() in engine/: go through env.h"


@rule
def banned(file):
    for number, name in calls(file, BANNED):
        yield number, f"{name}(): use {BANNED[name]}"


def functions_of(code):
    """(name, is static, body) of each function that C text without comments defines, by .clang-format's layout."""
    pattern = re.compile(r"^([^\n;{}]*)\n(\w+)\([^;{}]*\)[^;{}]*\n\{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
    for match in pattern.finditer(code):
        yield match.group(2), "static" in match.group(1), match.group(3)


def draws_in(body, draws):
    """Does the body call one of draws with something that is not a variable of the body?"""
    for match in re.finditer(r"\b(" + "|".join(draws) + r")\s*\(\s*(?:&(\w+)\s*[,)])?", body):
        own = match.group(2)
        if own is None or not re.search(rf"\bstruct \w+ (?:\w+, )*{own}\b", body):
            return True
    return False


def draws_of(code, known):
    """({function: is static}) of the functions that draw, in C text of which known functions do."""
    functions, found = list(functions_of(code)), {}
    more = True
    while more:
        new = {name: static for name, static, body in functions
            if name not in found and name not in known and draws_in(body, [*known, *found])}
        found.update(new)
        more = bool(new)
    return found


@functools.lru_cache(maxsize=None)
def draws_of_tree(root):
    """The functions that draw and can be called from other files."""
    known = set(DRAWS)
    texts = [(path, strip_c((root / path).read_text(encoding="utf-8", errors="replace"))) for path in files_of(root)
        if path.split("/", 1)[0] in ROOMS and path.endswith((".c", ".h"))]
    more = True
    while more:
        new = {name for path, text in texts for name, static in draws_of(text, known).items()
            if path.endswith(".h") or not static} - known
        known |= new
        more = bool(new)
    return frozenset(known)


class Draws:
    """Looks for two draws of one expression, the order of which the compiler chooses."""

    def __init__(self, code, draws):
        self.draws = draws
        self.found = []
        # Directives are no expressions.
        code = re.sub(r"^[ \t]*#(?:\\\n|.)*", lambda m: "\n" * m.group().count("\n"), code, flags=re.MULTILINE)
        self.tokens = [(m.group(), code.count("\n", 0, m.start()) + 1) for m in TOKEN.finditer(code)]
        self.at = 0
        self.list(None, False)

    def list(self, end, unsequenced):
        """Does it draw? Up to the closing token: expressions between commas, statements between semicolons."""
        began = self.tokens[self.at][1] if self.at < len(self.tokens) else 0
        parts, part = [], []
        while self.at < len(self.tokens) and self.tokens[self.at][0] != end:
            word = self.tokens[self.at][0]
            if word in (",", ";"):
                parts.append(self.expression(part))
                part = []
                self.at += 1
            else:
                part.append((word, self.tokens[self.at][1], self.item()))
        parts.append(self.expression(part))
        self.at += 1
        if unsequenced and sum(parts) > 1:
            self.found.append(began)
        return any(parts)

    def item(self):
        """Does the word, or all that its bracket holds, draw?"""
        word, _ = self.tokens[self.at]
        before = self.tokens[self.at - 1][0] if self.at > 0 else ""
        self.at += 1
        if word not in CLOSING:
            return word in self.draws and self.at < len(self.tokens) and self.tokens[self.at][0] == "("
        call = word == "(" and re.match(r"[A-Za-z_]\w*$|\)$|\]$", before) and before not in ("return", "if", "while",
            "for", "switch", "sizeof")
        values = word == "{" and before in ("=", ")", ",", "{") and not self.is_block()
        return self.list(CLOSING[word], bool(call or values))

    def is_block(self):
        """Is the brace just passed that of a block? .clang-format ends its line there, and begins with a statement."""
        if self.at >= len(self.tokens):
            return True
        word, line = self.tokens[self.at]
        return line > self.tokens[self.at - 1][1] and self.tokens[self.at - 2][0] == ")" and word not in (".", "{", "[")

    def expression(self, part):
        """Does it draw? @part: (word, line, does it draw)."""
        side, total = [], False
        for word, line, draws in [*part, ("&&", 0, False)]:
            if word in ("&&", "||", "?", ":", "{"):
                self.judge(side)
                side = []
            else:
                side.append((word, line, draws))
                if word == "(" and len(side) > 1 and side[-2][0] in ("if", "while", "for", "switch"):
                    self.judge(side)
                    side = []
            total = total or draws
        return total

    def judge(self, side):
        """A stretch without a sequence point; a call and its arguments are one draw."""
        drawing, line = 0, 0
        for i, (word, at, draws) in enumerate(side):
            called = word == "(" and i > 0 and re.match(r"[A-Za-z_]\w*$", side[i - 1][0])
            if draws and not (called and side[i - 1][2]):
                drawing += 1
                line = line or at
        if drawing > 1:
            self.found.append(line)


@rule
def two_draws(file):
    """Of two calls in one expression the compiler chooses the first: with gcc and clang, other numbers are drawn."""
    if not file.is_c or file.room not in ROOMS:
        return
    code = "\n".join(file.code)
    known = draws_of_tree(file.root)
    draws = known | set(draws_of(code, known))
    for line in sorted(set(Draws(code, draws).found)):
        yield line, "two draws in one expression: the compiler chooses their order; draw into variables"


# A phrase that a reader has to read twice, and its plain form.
PLAIN = {
    "whoever": "name the thread, the caller or the entry",
    "let go of": "release", "lets go of": "releases", "letting go of": "releasing",
    "in front of": "before",
    "is no more": "no longer exists", "are no more": "no longer exist",
    "in the midst of": "in the middle of",
    "for want of": "because there is no",
    "is come to": "is reached", "are come to": "are reached",
    "sends it away": "disables it", "is sent away": "is disabled",
    "is due": "say what to call, or what happens",
    "of which that is so": "say what they have in common", "as long as that is so": "say while what holds",
    "say what is so": "return the truth", "nobody is left": "no thread remains", "to begin with": "at the start",
}
# What is quoted or recorded, and the list itself.
NOT_PLAIN = ("scripts/tidy.py", "tests/scripts/test-tidy.py", "LICENSE", "corpus/freebsd/", "corpus/freebsd-main/")


@rule
def plain(file):
    """Comments, messages and documents use plain English."""
    if file.path.startswith(NOT_PLAIN):
        return
    words = r"(?:\s+(?:(?:\*|#|//)\s+)?)"  # a phrase may go on in the next line of a comment
    phrases = "|".join(re.escape(phrase).replace(r"\ ", words) for phrase in PLAIN)
    for match in re.finditer(rf"\b(?:{phrases})\b", file.text, re.IGNORECASE):
        phrase = re.sub(words, " ", match.group()).lower()
        yield file.text.count("\n", 0, match.start()) + 1, f'"{phrase}": {PLAIN[phrase]}'


@rule
def litmus_head(file):
    """A litmus says in its first line what it shows."""
    if file.path.startswith("corpus/litmus/") and file.name.endswith(".vmt"):
        if not re.match(r"#\s*\S", file.lines[0]):
            yield 1, "a litmus begins with a comment that says what it shows"


def files_of(root):
    """Paths of all text files below root, sorted. Build directories, and hidden ones but the CI's, are left out."""
    found = []
    for folder, folders, names in os.walk(root):
        top = Path(folder) == root
        folders[:] = sorted(f for f in folders if f != "__pycache__" and not (top and f.startswith("build"))
            and (not f.startswith(".") or f in (".ci", ".github", ".clusterfuzzlite")))
        for name in names:
            path = Path(folder, name)
            if path.is_symlink() or name == ".git" or b"\0" in path.read_bytes()[:4096]:
                continue
            found.append(path.relative_to(root).as_posix())
    return sorted(found)


def complaints(root):
    """(number of files, list of complaints) for the tree at root."""
    found = []
    paths = files_of(root)
    for path in paths:
        file = File(root, path)
        for name, function in RULES.items():
            found += [f"{path}:{line}: {name}: {message}" for line, message in function(file)]
    return len(paths), found


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    nr_files, found = complaints(root)
    print("\n".join(found + [f"tidy: {nr_files} files, {len(RULES)} rules, {len(found)} complaints"]))
    if nr_files == 0:
        return 2
    return 1 if found else 0


if __name__ == "__main__":
    script.run("tidy", main)
