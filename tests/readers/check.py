"""Tries real readers on muster's reports and compares what they count with results.json.

--part schemas   xmllint with the two public JUnit schemas on the strict files; exits 77 (skipped) when the schemas are not at hand.
--part readers   well-formedness, python3-junitparser, two npm readers, ajv on results.json, sha256sum on the output folders.
"""
import argparse
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys

SKIPPED = 77


class Check:
    def __init__(self):
        self.problems = []
        self.done = 0

    def that(self, truth, message):
        self.done += 1
        if not truth:
            self.problems.append(message)

    def run(self, command, message, **options):
        result = subprocess.run(command, capture_output=True, text=True, **options)
        self.that(result.returncode == 0, f"{message}: exit {result.returncode}\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
        return result


def expected_outcome(rule):
    """The outcome of a rule's case, from results.json alone: worked out here a second time, on purpose."""
    counts, whole = rule["counts"], rule.get("whole", {}).get("verdict")
    if counts["unknown"] or counts["error"] or rule.get("undecided") or whole in ("unknown", "error"):
        return "error"
    if counts["fail"] or whole == "fail":
        return "failure"
    return "passed" if counts["pass"] else "skipped"


def expected_counts(results, by_subject):
    counts = {"tests": 0, "failure": 0, "error": 0, "skipped": 0}

    def add(outcome, n=1):
        counts["tests"] += n
        if outcome != "passed":
            counts[outcome] += n

    word = {"pass": "passed", "fail": "failure", "waived": "skipped", "not_applicable": "skipped", "unknown": "error", "error": "error"}
    for rule in results["rules"]:
        if not by_subject:
            add(expected_outcome(rule))
            continue
        if rule["population"] == 0:
            add(expected_outcome(rule))
        elif rule.get("undecided"):
            add("error")
        for count, verdict, _ in rule["verdicts"]:
            add(word[verdict], count)
    if not results["rules"]:
        add("error")
    return counts


def parts_of(path):
    """A report's file, or its shards."""
    stem, extension = os.path.splitext(path)
    return [path] if os.path.exists(path) else sorted(glob.glob(f"{stem}-[0-9][0-9][0-9]{extension}"))


def samples(arguments):
    """(name, results.json, [(files, by subject, strict)]) for each run."""
    root = os.path.join(arguments.work, f"samples-{arguments.part}")
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run([arguments.samples, root], check=True)
    found = []
    for name in sorted(os.listdir(root)):
        folder = os.path.join(root, name)
        reports = [("junit.xml", False, False), ("junit-timed.xml", False, False), ("by-subject.xml", True, False),
                   ("junit-strict.xml", False, True), ("junit-strict-timed.xml", False, True), ("by-subject-strict.xml", True, True)]
        found.append((name, os.path.join(folder, "results.json"), [(parts_of(os.path.join(folder, f)), s, t) for f, s, t in reports]))
    config = os.path.join(arguments.source, "fixtures", "northwind", "muster.yaml")
    if arguments.muster and os.path.exists(config):
        out = os.path.join(root, "check")
        strict, subject = os.path.join(root, "check-strict.xml"), os.path.join(root, "check-subject.xml")
        check = [arguments.muster, "check", "-c", config, "--out", out]
        for command in (check + ["--report", f"junit-strict={strict}"], check + ["--junit-cases", "subject", "--report", f"junit={subject}"]):
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode not in (0, 1, 2, 3):
                sys.exit(f"muster check did not finish: exit {result.returncode}\n{result.stderr}")
        # The second run wrote the folder's own junit.xml by subject.
        reports = [(parts_of(os.path.join(out, "junit.xml")), True, False), (parts_of(strict), False, True), (parts_of(subject), True, False)]
        found.append(("muster check", os.path.join(out, "results.json"), reports))
    return found


def check_schemas(arguments, check):
    folder = os.path.join(arguments.source, "..", "shared", "schemas")
    schemas = [os.path.join(folder, name) for name in ("junit-10.xsd", "junit-ant.xsd")]
    missing = [path for path in schemas if not os.path.exists(path)]
    if missing:
        print("*" * 100 + f"\nSKIPPED: the strict JUnit files were NOT validated, for want of {', '.join(missing)}\n" + "*" * 100)
        sys.exit(SKIPPED)
    for name, _, reports in samples(arguments):
        for files, _, is_strict in reports:
            for schema in schemas if is_strict else []:
                check.that(files, f"{name}: no strict file")
                for path in files:
                    check.run(["xmllint", "--noout", "--nonet", "--schema", schema, path], f"{name}: {path} is not valid under {os.path.basename(schema)}")


def install_node_readers(arguments):
    """npm ci into the build folder, once for each lock file; the tests that want it may start together."""
    import fcntl
    here = os.path.dirname(os.path.abspath(__file__))
    folder = os.path.join(arguments.work, "node")
    os.makedirs(folder, exist_ok=True)
    lock = open(os.path.join(folder, "lock"), "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json", ".npmrc", "read.mjs", "formats.mjs"):
        shutil.copy(os.path.join(here, name), folder)
        if not name.endswith(".mjs"):
            with open(os.path.join(here, name), "rb") as file:
                digest.update(file.read())
    stamp = os.path.join(folder, "installed")
    if not (os.path.exists(stamp) and open(stamp).read() == digest.hexdigest()):
        result = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"npm ci failed in {folder}: the npm readers could not be tried\n{result.stderr}")
        with open(stamp, "w") as file:
            file.write(digest.hexdigest())
    return folder


def counts_by_junitparser(path):
    import junitparser
    counts = {"tests": 0, "failure": 0, "error": 0, "skipped": 0}
    root = junitparser.JUnitXml.fromfile(path)
    attributes = {"tests": 0, "failure": 0, "error": 0, "skipped": 0}
    for suite in root:
        for key, attribute in (("tests", "tests"), ("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            attributes[key] += int(getattr(suite, attribute) or 0)
        for case in suite:
            counts["tests"] += 1
            if len(case.result) > 1:
                raise ValueError(f"{path}: {case.name} has {len(case.result)} outcomes")
            for outcome in case.result:
                counts[outcome._tag] += 1
    if attributes != counts:
        raise ValueError(f"{path}: the attributes say {attributes}, the cases {counts}")
    return counts


def add_up(all_counts):
    return {key: sum(counts[key] for counts in all_counts) for key in ("tests", "failure", "error", "skipped")}


def check_shape(path, check):
    """What no schema says: unique names, no nesting, message = first line of the body, a plain type word."""
    import xml.etree.ElementTree as ElementTree
    root = ElementTree.parse(path).getroot()
    names = [case.get("name") for case in root.iter("testcase")]
    check.that(names and len(names) == len(set(names)), f"{path}: names are not unique, or there is no case")
    check.that(not root.findall("testsuite/testsuite"), f"{path}: nested suites")
    for case in root.iter("testcase"):
        for outcome in case:
            if outcome.tag not in ("failure", "error", "skipped"):
                continue
            message, text = outcome.get("message"), outcome.text or ""
            check.that(message and text.split("\n")[0] == message, f"{path}: {case.get('name')}: the text does not begin with the message")
            check.that(len(text.encode()) < 65536, f"{path}: {case.get('name')}: the text has {len(text.encode())} bytes")
            check.that(outcome.tag == "skipped" or "." in outcome.get("type", ""), f"{path}: {case.get('name')}: type {outcome.get('type')}")


def check_readers(arguments, check):
    node = install_node_readers(arguments)
    for name, results_path, reports in samples(arguments):
        with open(results_path, encoding="utf-8") as file:
            results = json.load(file)
        schema = os.path.join(arguments.source, "reports", "json", "results.schema.json")
        check.run(["node", "read.mjs", "validate", schema, results_path], f"{name}: results.json does not follow its schema", cwd=node)
        for folder in (os.path.join(os.path.dirname(results_path), "out"), os.path.dirname(results_path)):
            if os.path.exists(os.path.join(folder, "SHA256SUMS")):
                check.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], f"{name}: SHA256SUMS", cwd=folder)
        for files, by_subject, is_strict in reports:
            what = f"{name}: {os.path.basename(files[0]) if files else 'no file'}"
            check.that(files, f"{what}: nothing was written")
            wanted = expected_counts(results, by_subject)
            for path in files:
                check.run(["xmllint", "--noout", "--nonet", path], f"{what}: not well-formed")
                check_shape(path, check)
            try:
                got = add_up([counts_by_junitparser(path) for path in files])
                check.that(got == wanted, f"{what}: junitparser counts {got}, results.json says {wanted}")
            except ValueError as problem:
                check.that(False, str(problem))
            read = check.run(["node", "read.mjs", "count", *files], f"{what}: the npm readers", cwd=node)
            if read.returncode != 0:
                continue
            for reader, got in json.loads(read.stdout).items():
                # test-results-parser knows no errors: they are failed cases to it.
                merged = {"tests": wanted["tests"], "failed": wanted["failure"] + wanted["error"], "skipped": wanted["skipped"]}
                check.that(got == (wanted if "error" in got else merged), f"{what}: {reader} counts {got}, results.json says {wanted}")


def main():
    parser = argparse.ArgumentParser()
    for name in ("part", "samples", "work", "source"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--muster")
    arguments = parser.parse_args()
    check = Check()
    {"schemas": check_schemas, "readers": check_readers}[arguments.part](arguments, check)
    for problem in check.problems:
        print("FAILED:", problem)
    print(f"{check.done} checks, {len(check.problems)} failed")
    sys.exit(1 if check.problems or check.done == 0 else 0)


if __name__ == "__main__":
    main()
