#!/usr/bin/env python3
"""The benchmark: muster and its peers answer the same eight questions on the same files, in turns, and must find the same subjects.

    make bench                              everything at full size
    bench/run.py --users 100000 --rounds 2  smaller, for a first look

Prints a table of ratios with the project's targets, and writes it to <data>/report.json. A target that is missed is printed as such and changes nothing: how
fast this machine is today is no test. Peers that disagree, or a program that breaks, do end with exit code 1. Standard library only.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
MIB = 1024


class Measured:
    def __init__(self, wall, cpu, rss_mib, code):
        self.wall, self.cpu, self.rss, self.code = wall, cpu, rss_mib, code


def run(command, stdout=subprocess.DEVNULL, codes=(0, 1)):
    """One run of a program: wall time, CPU time, peak resident memory (mapped pages counted, as the kernel does)."""
    started = time.monotonic()
    # A file, not a pipe: a pipe that fills up would stop the program.
    with open(HERE.parent / "build" / "bench-errors.txt", "w+b") as errors:
        process = subprocess.Popen([str(part) for part in command], stdout=stdout, stderr=errors, cwd=HERE)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = code = os.waitstatus_to_exitcode(status)
        if code not in codes:
            errors.seek(0)
            sys.exit(f"{' '.join(map(str, command))}: exit code {code}\n{errors.read(20000).decode(errors='replace')}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / MIB, code)


class Data:
    def __init__(self, arguments, users):
        self.users = users
        self.folder = arguments.data / f"{users}"
        self.config = self.folder / "muster.yaml"
        stamp = self.folder / ".complete"
        if not stamp.exists() or stamp.stat().st_mtime < arguments.generator.stat().st_mtime:
            subprocess.run(["rm", "-rf", str(self.folder)], check=True)
            subprocess.run([str(arguments.generator), str(self.folder), "--users", str(users)], check=True)
            stamp.touch()
        manifest = json.loads((self.folder / "snapshot" / "manifest.json").read_text())
        self.rows = {d["name"]: d["rows"] for d in manifest["datasets"] if d["rows"]}
        self.files = sorted((self.folder / "snapshot" / "data").iterdir()) + [self.folder / "hr" / "roster.csv"]
        self.megabytes = sum(f.stat().st_size for f in self.files) / 1e6
        self.roster_rows = sum(chunk.count(b"\n") for chunk in self.chunks(self.folder / "hr" / "roster.csv")) - 1

    @staticmethod
    def chunks(path):
        with open(path, "rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk

    def warm(self):
        """All files in the page cache: the benchmark is about programs, not about disks."""
        for path in self.files:
            for _ in self.chunks(path):
                pass


def check(arguments, data, *, config=None, jobs=2):
    """One run of muster, with its own account of the phases."""
    out = arguments.data / "out"
    out.mkdir(parents=True, exist_ok=True)
    measured = run([arguments.muster, "check", "-c", config or data.config, "--jobs", jobs, "--quiet", "--report", f"json={out / 'results.json'}",
                    "--report", f"junit={out / 'junit.xml'}", "--timings-to", out / "run.json"])
    measured.times = json.loads((out / "run.json").read_text())["times"]
    return measured


def compare(data_folder, results, peers):
    """Do all programs name the same subjects? In a process of its own: what it needs must not count as a peer's memory."""
    program = """
import json, sys
found = {}
for f in json.load(open(sys.argv[1]))["findings"]:
    if f["verdict"] == "fail": found.setdefault(f["as"], set()).add(f["subject"]["id"])
    elif f["verdict"] != "waived": sys.exit(f"muster is undecided about {f['subject']['id']}: {f['reason']}")
code = 0
for path in sys.argv[2:]:
    theirs = {rule: set(ids) for rule, ids in json.load(open(path)).items() if ids}
    for rule in sorted(set(found) | set(theirs)):
        ours, other = found.get(rule, set()), theirs.get(rule, set())
        if ours != other:
            code = 1
            print(f"{path}: {rule}: only muster {sorted(ours - other)[:3]} ({len(ours - other)}), only the peer {sorted(other - ours)[:3]} ({len(other - ours)})")
print(json.dumps({rule: len(ids) for rule, ids in found.items()}))
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", program, str(results), *map(str, peers)], stdout=subprocess.PIPE, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0:
        sys.exit("The programs do not agree:\n" + "\n".join(lines) + f"\nData: {data_folder}")
    return json.loads(lines[-1])


def median(values):
    return statistics.median(values)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--muster", type=pathlib.Path, default=ROOT / "build/release/muster")
    parser.add_argument("--generator", type=pathlib.Path, default=ROOT / "build/release/muster_bench_generate")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "build/bench-data")
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5, help="turns of muster and DuckDB")
    parser.add_argument("--python-rounds", type=int, default=1, help="turns that the Python peer takes part in (it needs a minute and 5 GB each)")
    arguments = parser.parse_args()
    arguments.muster, arguments.generator, arguments.data = (p.resolve() for p in (arguments.muster, arguments.generator, arguments.data))
    (ROOT / "build").mkdir(exist_ok=True)
    for program in (arguments.muster, arguments.generator):
        if not program.exists():
            sys.exit(f"{program} is not there: build it first (`make bench` does)")
    if not (HERE / "node_modules" / "@duckdb").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, check=True)

    large, small = Data(arguments, arguments.users), Data(arguments, arguments.users // 10)
    out = arguments.data / "out"
    out.mkdir(parents=True, exist_ok=True)
    large.warm()
    peers = {"duckdb": ["node", HERE / "peers/duckdb.mjs", large.folder], "python": [sys.executable, HERE / "peers/engineer.py", large.folder]}
    runs = {"muster": [], "duckdb": [], "python": []}
    for turn in range(arguments.rounds):
        runs["muster"].append(check(arguments, large))
        for name, command in peers.items():
            if name == "python" and turn >= arguments.python_rounds:
                continue
            with open(out / f"{name}.json", "wb") as file:
                runs[name].append(run(command, file))
        print(f"turn {turn + 1}: " + ", ".join(f"{name} {r[-1].wall:.2f} s" for name, r in runs.items() if len(r) > turn), flush=True)
    check(arguments, large)
    found = compare(large.folder, out / "results.json", [out / f"{name}.json" for name in peers if runs[name]])

    small.warm()
    large.warm()
    smalls, ones, tens, startups, helps = [], [], [], [], []
    for _ in range(max(3, arguments.rounds - 2)):
        smalls.append(check(arguments, small))
        ones.append(check(arguments, large, jobs=1))
        tens.append(check(arguments, large, config=large.folder / "muster-x10.yaml"))
    for _ in range(21):
        startups.append(run([arguments.muster, "check", "-c", ROOT / "fixtures/northwind/muster.yaml", "--quiet"]))
        helps.append(run([arguments.muster, "--help"], codes=(0,)))

    def wall(name):
        return median([r.wall for r in runs[name]])

    def rss(name):
        return median([r.rss for r in runs[name]])

    def phase(measured, name):
        return median([r.times[name] for r in measured]) / 1e6

    rows = sum(large.rows.values()) + large.roster_rows
    rules = 8
    judged = sum(large.rows[d] * n for d, n in (("users", 3), ("organizations", 1), ("api_keys", 3), ("workspaces", 1)))
    print(f"\n{large.users:,} users, {large.rows['workspace_members']:,} memberships, {large.rows['api_keys']:,} keys, {large.roster_rows:,} roster rows: "
          f"{rows:,} rows, {large.megabytes:,.0f} MB; {rules} rules, {judged:,} subject-rules, {sum(found.values()):,} failures; medians of {arguments.rounds} turns\n")
    print(f"{'':10} {'time':>9} {'CPU':>9} {'peak memory':>13}")
    for name, measured in runs.items():
        if measured:
            print(f"{name:10} {wall(name):7.2f} s {median([r.cpu for r in measured]):7.2f} s {rss(name):9.0f} MiB")
    phases = {name: phase(runs["muster"], key) for name, key in (("parse", "load_us"), ("index", "index_us"), ("evaluate", "evaluate_us"), ("write", "write_us"))}
    print("\nphases     " + ", ".join(f"{name} {seconds:.3f} s" for name, seconds in phases.items()))
    print(f"speed      {rows / wall('muster') / 1e6:.2f} million rows/s, {judged / wall('muster') / 1e6:.2f} million subject-rules/s "
          f"({judged / max(phases['evaluate'], 1e-6) / 1e6:.1f} million/s in evaluation alone)\n")

    table = [("time / DuckDB", wall("muster") / wall("duckdb"), "<=", 1.0, "x")]
    if runs["python"]:
        table.append(("time / Python", wall("muster") / wall("python"), "<=", 1 / 6, "x"))
    table += [
        ("peak memory", rss("muster"), "<=", 700, "MiB"),
        ("growth of time, 10 x the users", wall("muster") / median([r.wall for r in smalls]), "<=", 11, "x"),
        ("growth of memory, 10 x the users", rss("muster") / median([r.rss for r in smalls]), "<=", 11, "x"),
        ("growth of evaluation, 10 x the rules", phase(tens, "evaluate_us") / phases["evaluate"], "<=", 10, "x"),
        ("two jobs evaluate faster than one", phase(ones, "evaluate_us") / phases["evaluate"], ">=", 1.5, "x"),
        ("check on the fixture", median([r.wall for r in startups]) * 1000, "<=", 50, "ms"),
        ("--help", median([r.wall for r in helps]) * 1000, "<=", 20, "ms"),
    ]
    print(f"{'':38} {'measured':>12} {'target':>12}")
    for label, value, sense, target, unit in table:
        good = value <= target if sense == "<=" else value >= target
        print(f"{label:38} {value:8.2f} {unit:3} {sense:>4} {target:5.3g} {unit:3}  {'met' if good else 'MISSED'}")
    report = {"users": large.users, "rows": rows, "megabytes": round(large.megabytes), "failures": found, "phases_s": phases,
              "runs": {name: [{"wall_s": r.wall, "cpu_s": r.cpu, "rss_mib": r.rss} for r in measured] for name, measured in runs.items()},
              "table": [{"what": label, "measured": value, "target": f"{sense} {target:.4g}", "unit": unit} for label, value, sense, target, unit in table]}
    (arguments.data / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
