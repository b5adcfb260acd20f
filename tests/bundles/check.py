#!/usr/bin/env python3
"""Makes bundles with the real program and has them judged by the tools that auditors have.

usage: check.py --muster PROGRAM --source REPOSITORY [PART...]     a part is a file <part>_test.py; without one, all
"""
import argparse
import os
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).parent

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--muster", required=True, type=Path)
    parser.add_argument("--source", required=True, type=Path)
    parser.add_argument("-k", dest="pattern", help="only the tests whose name holds this")
    parser.add_argument("parts", nargs="*", default=sorted(path.name[:-8] for path in HERE.glob("*_test.py")))
    options = parser.parse_args()
    os.environ.update(MUSTER_PROGRAM=str(options.muster.resolve()), MUSTER_SOURCE=str(options.source.resolve()))
    sys.path.insert(0, str(HERE))
    loader = unittest.TestLoader()
    if options.pattern:
        loader.testNamePatterns = [f"*{options.pattern}*"]
    suite = loader.loadTestsFromNames([f"{part}_test" for part in options.parts])
    result = unittest.TextTestRunner().run(suite)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
