"""Makes muster's HTML pages and has check.mjs look at them in Chromium; see README.md."""
import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(command, accepted=(0,), **options):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=280, **options)
    if result.returncode not in accepted:
        sys.exit(f"{command[0]}: exit {result.returncode}\n{result.stdout[-4000:]}{result.stderr[-4000:]}")
    return result


def install(work):
    """npm ci into the build folder, once for each lock file."""
    folder = work / "node"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder)
        digest.update((HERE / name).read_bytes())
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, folder)
    stamp = folder / "installed"
    if not (stamp.exists() and stamp.read_text() == digest.hexdigest()):
        run(["npm", "ci", "--ignore-scripts"], cwd=folder)
        stamp.write_text(digest.hexdigest())
    return folder


def main():
    parser = argparse.ArgumentParser()
    for name in ("muster", "samples", "work", "source"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    arguments = parser.parse_args()
    chromium = shutil.which("chromium")
    if not chromium:
        sys.exit("there is no chromium; `make setup` installs it")
    node = install(arguments.work)
    pages = arguments.work / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    run([arguments.samples, pages])
    report = pages / "fixture" / "report.html"
    config = arguments.source / "fixtures/northwind/muster.yaml"
    run([arguments.muster, "check", "-c", config, "--out", report.parent, "--report", f"html={report}"], accepted=(0, 1, 2, 3))
    run([arguments.muster, "rule", "doc", "--out", pages / "catalogue", "--format", "html"])
    plan = {
        "chromium": chromium,
        "shots": str(arguments.work / "shots"),
        "report": str(report),
        "reports": [str(path) for path in sorted(pages.glob("*/report.html"))],
        "hostile": str(pages / "hostile" / "report.html"),
        "results": str(report.parent / "results.json"),
        "catalogue": [str(pages / "catalogue/index.html"), str(pages / "catalogue/keys/max_age.html")],
    }
    result = subprocess.run(["node", "check.mjs"], cwd=node, input=json.dumps(plan), text=True, timeout=900)
    sys.exit(result.returncode)


main()
