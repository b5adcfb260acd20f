"""Tries real readers and public schemas on every format for programs, on sample runs and on `muster check` of the fixtures.

Counts must be those of results.json, and nothing undecided may look like a success to a reader. The checks are in formats.mjs; exits 77 (skipped) when
nothing is wrong but the public schemas are not at hand.
"""
import argparse
import os
import shutil
import subprocess
import sys

import check


def fixture_runs(arguments, root):
    """`muster check` of each fixture's config in every format."""
    folder = os.path.join(arguments.source, "fixtures")
    formats = sorted(os.listdir(os.path.join(root, "northwind", "formats")))
    for name in sorted(os.listdir(folder)):
        config = os.path.join(folder, name, "muster.yaml")
        if not os.path.exists(config):
            continue
        out = os.path.join(root, f"check-{name}")
        command = [arguments.muster, "check", "-q", "-c", config, "--out", out]
        for each in formats:
            command += ["--report", f"{each}={out}/formats/{each}"]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode not in (0, 1, 2, 3):
            sys.exit(f"muster check did not finish: exit {result.returncode}\n{result.stderr}")


def main():
    parser = argparse.ArgumentParser()
    for name in ("part", "samples", "work", "source"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--muster")
    arguments = parser.parse_args()
    node = check.install_node_readers(arguments)
    root = os.path.join(arguments.work, "samples-formats")
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run([arguments.samples, root], check=True)
    if arguments.muster:
        fixture_runs(arguments, root)
    schemas = os.path.join(arguments.source, "..", "shared", "schemas")
    if not os.path.isdir(schemas):
        print("*" * 100 + f"\nSKIPPED: OSCAL and SARIF were NOT validated, for want of {schemas}\n" + "*" * 100)
    sys.exit(subprocess.run(["node", "formats.mjs", os.path.abspath(schemas), root], cwd=node).returncode)


main()
