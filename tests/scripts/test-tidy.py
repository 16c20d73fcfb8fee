#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each rule of scripts/tidy.py reports its own bad examples, at their place, and nothing else; good ones pass."""

import importlib.util
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "tidy.py"
sys.path.insert(0, str(SCRIPT.parent))
SPEC = importlib.util.spec_from_file_location("tidy", SCRIPT)
tidy = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tidy)

C = "/* SPDX-License-Identifier: BSD-2-Clause */\n"
SH = "#!/bin/sh\n# SPDX-License-Identifier: BSD-2-Clause\n"
PATH = "/" + "home/someone"
NOTE = "TO" + "DO"


def function(lines):
    """A function whose body has so many lines, braces included."""
    return C + "int\nf(void)\n{\n" + "\tx();\n" * (lines - 2) + "}\n"


def body(statement):
    """A function of that statement, which is in its fourth line."""
    return "int\nf(void)\n{\n\t" + statement + "\n}\n"


# rule: [(path, text, line of the complaint, words of it)]
BAD = {
    "function-length": [
        ("engine/a.c", function(71), 4, "71 lines long"),
        ("tests/a.c", function(5) + function(90)[len(C):], 11, "90 lines long"),
    ],
    "line-length": [
        ("harness/a.c", C + "/*" + "-" * 119 + "\n */\n", 2, "121 columns"),
        ("harness/b.c", C + "\t" * 15 + "x\n", 2, "121 columns"),
        ("scripts/a", SH + "#" * 121, 3, "121 columns"),
    ],
    "spdx": [
        ("engine/a.c", "int x;\n", 1, "no SPDX"),
        ("engine/a.def", "VM_OP(a)\n", 1, "no SPDX"),
        ("meson.build", "project('x')\n", 1, "no SPDX"),
        ("scripts/a", "#!/bin/sh\ntrue\n", 1, "no SPDX"),
        ("scripts/a.py", "\n\n\n# SPDX-License-Identifier: BSD-2-Clause\n", 1, "no SPDX"),
    ],
    "mark": [
        ("engine/a.c", C + f"/* {NOTE}: later */\n", 2, "is left"),
        ("README.md", "# A\n\nFIX" + "ME\n", 3, "is left"),
        ("scripts/a", SH + "# XX" + "X\n", 3, "is left"),
    ],
    "misread": [
        ("engine/a.c", C + body("while (a<b && * c> 0)"), 5, "clang-format misreads it"),
    ],
    "plain": [
        ("engine/a.c", C + "/* Whoever sleeps is woken. */\n", 2, "name the thread"),
        ("harness/a.c", C + "/*\n * The thread lets\n * go of the lock.\n */\n", 3, "releases"),
        ("docs/a.md", "# A\n\nA hole in front of the end.\n", 3, "before"),
        ("tools/a.c", C + 'const char *a = "a mutant that is no more";\n', 2, "no longer exists"),
    ],
    "machine-path": [
        ("docs/a.md", f"see {PATH}\n", 1, "a path of one machine"),
        ("tests/a.c", C + f'#define A "{PATH}"\n', 2, "a path of one machine"),
        ("corpus/litmus/a.vmt", f"# from {PATH}\n", 1, "a path of one machine"),
    ],
    "include": [
        ("engine/a.c", C + '#include "harness/sim.h"\n', 2, "engine/ may include engine/ only"),
        ("engine/b.c", C + "#include <stdio.h>\n#include <tests/a.h>\n", 3, "engine/ may include engine/ only"),
        ("engine/c.c", C + '#include "vm.h"\n', 2, "name the room"),
        ("harness/a.h", C + '#include "stress/run.h"\n', 2, "engine/ and harness/ only"),
        ("harness/a.c", C + '  # include "tests/t.h"\n', 2, "engine/ and harness/ only"),
        ("harness/target/model.c", C + '#include "engine/map.h"\n', 2, "the model sees only"),
        ("harness/target/model-wire.c", C + '#include "engine/sync.h"\n', 2, "the model sees only"),
    ],
    "room": [
        ("harness/check/a.c", C + '#include "harness/run/run.h"\n', 2, "harness/check/ may not include harness/run/"),
        ("harness/run/a.c", C + '#include "harness/check/check-inside.h"\n', 2, "include harness/check/check.h"),
        ("stress/a.c", C + '#include "harness/sim/fiber.h"\n', 2, "include harness/sim/sim.h"),
        ("harness/attic/a.c", C, 1, "harness/attic/ is not in HARNESS_ROOMS"),
    ],
    "circle": [
        # A header that includes what includes it; two files that call each other.
        ("harness/base/a.h", {"harness/base/a.h": C + '#include "harness/base/b.h"\n',
            "harness/base/b.h": C + '#include "harness/base/a.h"\n'}, 1, "harness/base/a, harness/base/b"),
        ("stress/a.c", {"stress/a.c": C + "void\na(void)\n{\n\tb();\n}\n",
            "stress/b.c": C + "void\nb(void)\n{\n\ta();\n}\n"}, 1, "stress/a, stress/b"),
    ],
    "engine-way-out": [
        ("engine/a.c", C + '\tprintf("x");\n', 2, "printf() in engine/"),
        ("engine/b.c", C + "\n\texit (1);\n", 3, "exit() in engine/"),
        ("engine/c.c", C + "\tabort();\n", 2, "abort() in engine/"),
        ("engine/d.c", C + "\tx = time(NULL);\n", 2, "time() in engine/"),
        ("engine/e.c", C + "\tassert(x);\n", 2, "assert() in engine/"),
    ],
    "banned": [
        ("harness/a.c", C + "\tstrcpy(a, b);\n", 2, "use strlcpy"),
        ("stress/a.c", C + "\tx = rand();\n", 2, "use a seeded generator"),
        ("fuzz/a.c", C + "\tx = arc4random_uniform(3);\n", 2, "use a seeded generator"),
        ("tests/a.c", C + "\tx = atoi(s);\n", 2, "use strtonum"),
        ("engine/a.c", C + '\tsprintf(s, "");\n', 2, "use snprintf"),
        ("engine/b.c", C + "\tstrcat(s, t);\n", 2, "use strlcat"),
    ],
    "two-draws": [
        ("harness/a.c", C + body("put(m, prng_next(p), prng_next(p));"), 5, "two draws"),
        ("harness/b.c", C + body("x = prng_next(p) + 2 * prng_next(p);"), 5, "two draws"),
        ("harness/c.c", C + body("a[prng_next(p)] ^= 1 << prng_next(p);"), 5, "two draws"),
        ("harness/d.c", C + body("return (struct range){ prng_next(p), 1 + prng_next(p) };"), 5, "two draws"),
        ("harness/e.c", C + body("struct raw r = { .a = message_read_text(c), .b = message_read_text(c) };"), 5,
            "two draws"),
        ("harness/f.c", C + body("if (f(prng_next(p), y ? prng_next(p) : 0))\n\t\tx();"), 5, "two draws"),
        # What calls a function that draws draws itself, unless the generator is its own.
        ("tests/a.c", C
            + "static int\npick(struct prng *p)\n{\n\treturn prng_next(p);\n}\n\n"
            + body("put(pick(p), pick(p));"), 11, "two draws"),
    ],
    "litmus-head": [
        ("corpus/litmus/a.vmt", "map 16 80\n# late\n", 1, "begins with a comment"),
        ("corpus/litmus/b.vmt", "#\nmap 16 80\n", 1, "begins with a comment"),
        ("corpus/litmus/c.vmt", "", 1, "begins with a comment"),
    ],
}

# Nothing to complain about: the near misses of the rules above.
GOOD = {
    "engine/a.c": function(70) + "/* printf() and strcpy(): in a comment */\n",
    "engine/b.c": C + '#include <stdio.h>\n#include "engine/vm.h"\n#define A "abort() \\" exit()"\n',
    "engine/c.c": C + "\tenv->abort();\n\tmap.time(1);\n\tvm_assert(a);\n\tmy_exit(1);\n\tsnprintf(b, 1, c);\n",
    "engine/native.c": C + "\tabort();\n",
    "engine/t.def": C + "VM_OP(" + "x" * 200 + ")\n",
    "engine/s.h": C + "struct a {\n" + "\tint x;\n" * 100 + "};\n",
    "harness/a.c": C + '#include "engine/map.h"\n#include "harness/sim.h"\n\tprintf("x");\n\tstrlcpy(a, b, 3);\n',
    "harness/run/a.c": C + '#include "harness/check/check.h"\n#include "harness/run/run-step.h"\n',
    "harness/base/a.h": C + '#include "harness/base/b.h"\n',
    "harness/base/c.c": C + '#include "harness/base/a.h"\n',
    "harness/base/b.h": C,
    "harness/target/model.c": C + '#include "engine/ops.h"\n#include "engine/vm.h"\n#include "engine/ops.def"\n',
    "stress/a.c": C + '#include "harness/sim.h"\n#include "stress/run.h"\n' + "\t" * 15 + "\n",
    "stress/b.c": C + body("if (prng_next(p) && prng_next(p))\n\t\tx = prng_next(p);")
        + body("uint64_t a = prng_next(p), b = prng_next(p), c = y ? prng_next(p) : 1 + prng_next(p);")
        + body("for (n = prng_next(p); n > prng_next(p); n--)\n\t\tx[prng_next(prng_next(p))] = 0;")
        + "static int\nown(void)\n{\n\tstruct prng p = { 1 };\n\n\treturn prng_next(&p);\n}\n\n"
        + body("x(own(), own()); /* prng_next(p) + prng_next(p) */"),
    "corpus/freebsd/seq/000.vmt": "map 16 80\n",
    "corpus/litmus/a.vmt": "# shows a hole\nmap 16 80\n",
    "docs/a.md": "# A\n\n" + "long " * 50 + "\n$HOME/x, $ROOT/" + "home/x and a method\n",
    "build/a.c": "int x;\n",
    "build-tsan/a.c": "int x;\n",
    "scripts/mk": SH + "mktemp a." + "X" * 6 + "\n",
}


def complaints(files):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            where = Path(folder, path)
            where.parent.mkdir(parents=True, exist_ok=True)
            where.write_text(text, encoding="utf-8")
        return tidy.complaints(Path(folder))


class Tidy(unittest.TestCase):
    def test_every_rule_has_a_bad_example(self):
        self.assertEqual(sorted(tidy.RULES), sorted(BAD))

    def test_each_bad_example_is_reported_once_where_it_is(self):
        for rule, examples in BAD.items():
            for path, text, line, words in examples:
                with self.subTest(rule=rule, path=path):
                    _, found = complaints(text if isinstance(text, dict) else {path: text})
                    self.assertEqual(len(found), 1, found)
                    self.assertTrue(found[0].startswith(f"{path}:{line}: {rule}: "), found[0])
                    self.assertIn(words, found[0])

    def test_good_examples_pass(self):
        nr_files, found = complaints(GOOD)
        self.assertEqual(found, [])
        self.assertEqual(nr_files, len(GOOD) - 2)  # the build directories are not looked at

    def test_nothing_to_look_at_fails(self):
        self.assertEqual(complaints({}), (0, []))


if __name__ == "__main__":
    unittest.main()
