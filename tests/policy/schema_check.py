#!/usr/bin/env python3
"""Holds the files of cases.txt, the fixtures and the shipped policies against policies/schema, as an editor does.

usage: schema_check.py ROOT    prints one line a disagreement; exit code 1 when there is one
"""
import json
import re
import sys
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator


class EditorLoader(yaml.SafeLoader):
    """YAML 1.2 as editors read it: dates and words such as `no` stay texts."""


EditorLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"true|false|True|False|TRUE|FALSE", list("tTfF")),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("tag:yaml.org,2002:float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+0123456789.")),
):
    EditorLoader.add_implicit_resolver(tag, re.compile(f"^(?:{pattern})$"), first)


def main():
    root = Path(sys.argv[1])
    schemas = {}
    for path in sorted((root / "policies/schema").glob("*.schema.json")):
        schema = json.loads(path.read_text())
        Draft202012Validator.check_schema(schema)
        schemas[path.name.split(".")[0]] = Draft202012Validator(schema)

    problems, done = [], 0
    cases = re.split(r"^### (\S+) (good|bad) (.+)\n", (root / "tests/policy/cases.txt").read_text(), flags=re.M)[1:]
    cases = [tuple(cases[i:i + 4]) for i in range(0, len(cases), 4)]
    for path in sorted(root.glob("fixtures/*/*.yaml")) + sorted(root.glob("policies/*.yaml")):
        kind = "config" if path.name == "muster.yaml" else path.stem if path.stem in schemas else "policy"
        cases.append((kind, "good", str(path.relative_to(root)), path.read_text()))
    for kind, want, what, text in cases:
        errors = [error.message for error in schemas[kind].iter_errors(yaml.load(text, Loader=EditorLoader))]
        done += 1
        if want == "good" and errors:
            problems.append(f"{kind}, {what}: refused: {errors[0]}")
        if want == "bad" and not errors:
            problems.append(f"{kind}, {what}: accepted")
    for problem in problems:
        print(problem)
    print(f"{done} files, {len(problems)} problems")
    return 1 if problems or done == 0 else 0


sys.exit(main())
