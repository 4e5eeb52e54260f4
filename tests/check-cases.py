#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the Python tests to their library, and finds those that nothing runs.

- each class with test methods in a test-*.py is named by a test of the build, or its whole file is run;
- each class that a test names exists;
- there is one base class, sqnstest.case.Case, and one place that says where modules are: no other file changes sys.path.

usage: check-cases.py SOURCE_ROOT BUILD_ROOT
       check-cases.py --self-test
"""
import ast
import json
import pathlib
import sys
import tempfile

LIBRARY = "sqnstest"


def is_case(name):
    """Whether a base class of this name makes test cases."""
    return name.endswith(("Case", "TestCase"))


def classes(path):
    """The classes of a test program that have test methods: their own, or those of a class in the same file."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            bases = [base.id if isinstance(base, ast.Name) else base.attr for base in node.bases]
            cases = any(is_case(base) or found.get(base, (False, False))[0] for base in bases)
            tests = any(isinstance(part, ast.FunctionDef) and part.name.startswith("test_") for part in node.body)
            found[node.name] = (cases, tests or any(found.get(base, (False, False))[1] for base in bases))
    return {name for name, (cases, tests) in found.items() if cases and tests}


def run_by_meson(build):
    """For each test program: the classes that tests name, None when one runs them all."""
    runs = {}
    for test in json.loads((build / "meson-info/intro-tests.json").read_text(encoding="utf-8")):
        words = test["cmd"]
        program = next((word for word in words if pathlib.PurePath(word).match("test-*.py")), None)
        if program is not None:
            path = pathlib.Path(build, program).resolve()
            named = [word for word in words[words.index(program) + 1:] if not word.startswith("-")]
            before = runs.get(path, set())
            runs[path] = None if before is None or not named else before | set(named)
    return runs


def problems(root, build):
    tests = (root / "tests").resolve()
    runs = run_by_meson(build)
    for path in sorted(tests.rglob("*.py")):
        name = path.relative_to(tests)
        text = path.read_text(encoding="utf-8")
        if path.match("test-*.py"):
            there, named = classes(path), runs.get(path, set())
            if named is not None:
                yield from (f"{name}: no test runs {case}" for case in sorted(there - named))
                yield from (f"{name}: a test names {case}, which has no cases" for case in sorted(named - there))
        if name.parts[0] != LIBRARY and path != pathlib.Path(__file__).resolve():
            if "sys.path" in text:
                yield f"{name}: sys.path is set by meson and by tests/run"
            if "unittest.TestCase" in text and name != pathlib.Path("side-by-side.py"):
                yield f"{name}: the base class of all cases is {LIBRARY}.case.Case"


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        build = root / "build"
        (root / "tests").mkdir()
        (build / "meson-info").mkdir(parents=True)
        path = root / "tests/test-x.py"
        path.write_text("class Base(Case):\n    def test_a(self): pass\n"
                        "class B(Base): pass\nclass Helper: pass\nclass C(Case): pass\n", encoding="utf-8")

        def judge(*commands):
            tests = [{"cmd": ["python3", "side-by-side.py", "3", str(path), *words]} for words in commands]
            (build / "meson-info/intro-tests.json").write_text(json.dumps(tests), encoding="utf-8")
            return list(problems(root, build))
        assert judge(["Base"]) == ["test-x.py: no test runs B"]
        assert judge(["-v", "Base"], ["B"]) == []
        assert judge([]) == []
        assert judge() == ["test-x.py: no test runs B", "test-x.py: no test runs Base"]
        assert judge(["Base"], ["B"], ["C"]) == ["test-x.py: a test names C, which has no cases"]
        path.write_text("sys.path.insert(0, '')\nclass A(unittest.TestCase): pass\n", encoding="utf-8")
        assert len(judge([])) == 2
    return []


def main():
    found = self_test() if sys.argv[1:] == ["--self-test"] else list(problems(*map(pathlib.Path, sys.argv[1:])))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
