"""What editors make of muster's files; see README.md.

--part yaml   yaml-language-server on good and bad files, with the settings that `muster init` writes
--part lua    the type stubs are complete, and luacheck finds nothing
"""
import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Check:
    def __init__(self):
        self.problems, self.done = [], 0

    def that(self, truth, message):
        self.done += 1
        if not truth:
            self.problems.append(message)


def run(command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=280, **options)


def install(work):
    """npm ci into the build folder, once for each lock file."""
    folder = work / "node"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json", ".npmrc", "serve.mjs"):
        shutil.copy(HERE / name, folder)
        if name != "serve.mjs":
            digest.update((HERE / name).read_bytes())
    stamp = folder / "installed"
    if not (stamp.exists() and stamp.read_text() == digest.hexdigest()):
        result = run(["npm", "ci", "--ignore-scripts"], cwd=folder)
        if result.returncode != 0:
            sys.exit(f"npm ci failed in {folder}\n{result.stderr}")
        stamp.write_text(digest.hexdigest())
    return folder


def nested(flat):
    """{"yaml.schemas": …} as the server asks for it: {"yaml": {"schemas": …}}."""
    out = {}
    for key, value in flat.items():
        at = out
        *path, last = key.split(".")
        for part in path:
            at = at.setdefault(part, {})
        at[last] = value
    return out


# file name below the project, its text, the line on which a mark is wanted
SLIPS = [
    ("policies/slip-key.yaml", "policy: a\ntitle: t\nrules:\n  - {rule: keys.max_age, severty: low}\n", 4),
    ("policies/slip-word.yaml", "policy: a\nrules:\n  - rule: keys.max_age\n    severity: hihg\n", 4),
    ("policies/slip-type.yaml", "policy: a\nrules: keys\n", 2),
    ("policies/slip-missing.yaml", "title: no name\nrules: [keys.max_age]\n", 1),
    ("policies/slip-syntax.yaml", "policy: a\nrules: [keys.max_age\n", None),
]
BY_KIND = {"config": "muster", "policy": "policy", "waivers": "waivers", "attestations": "attestations", "links": "links", "nonhuman": "nonhuman"}


def check_yaml(arguments, check):
    node = install(arguments.work)
    project = arguments.work / "project"
    shutil.rmtree(project, ignore_errors=True)
    made = run([arguments.muster, "init", project])
    check.that(made.returncode == 0, f"muster init: {made.stderr}")
    settings = json.loads((project / ".vscode/settings.json").read_text())
    schemas = settings["yaml.schemas"]
    check.that(sorted(schemas) == sorted(f".muster/schema/{kind}.schema.json" for kind in BY_KIND), f"init maps {sorted(schemas)}")

    wanted = {}  # path → ("good" | "bad", line or None, what)
    for name in ("muster.yaml", "policies/access.yaml", "waivers.yaml", "attestations.yaml"):
        wanted[project / name] = ("good", None, name)
    for name, text, line in SLIPS:
        (project / name).write_text(text)
        wanted[project / name] = ("bad", line, name)
    # Many files of one kind: the same schemas under further names.
    cases = re.split(r"^### (\S+) (good|bad) (.+)\n", (arguments.source / "tests/policy/cases.txt").read_text(), flags=re.M)[1:]
    cases = [tuple(cases[i:i + 4]) for i in range(0, len(cases), 4)]
    for path in sorted(arguments.source.glob("fixtures/*/*.yaml")) + sorted(arguments.source.glob("policies/*.yaml")):
        kind = "config" if path.name == "muster.yaml" else path.stem if path.stem in BY_KIND else "policy"
        # The line that names a schema is relative to where the file was.
        cases.append((kind, "good", str(path.relative_to(arguments.source)), re.sub(r"^# yaml-language-server:.*\n", "", path.read_text())))
    (project / "cases").mkdir()
    for number, (kind, want, what, text) in enumerate(cases):
        if kind not in BY_KIND:
            continue
        path = project / f"cases/{kind}-{number}.yaml"
        path.write_text(text)
        wanted[path] = (want, None, f"{kind}, {what}")
    for kind in BY_KIND:
        key = f".muster/schema/{kind}.schema.json"
        own = schemas[key] if isinstance(schemas[key], list) else [schemas[key]]
        schemas[key] = own + [f"cases/{kind}-*.yaml"]
    settings["yaml.schemas"] = {(project / key).as_uri(): value for key, value in schemas.items()}
    settings |= {"yaml.validate": True, "yaml.completion": True, "yaml.schemaStore.enable": False, "yaml.kubernetesCRDStore.enable": False}

    unfinished = project / "policies/unfinished.yaml"
    unfinished.write_text("policy: a\nrules:\n  - rule: keys.max_age\n    \n")
    config = project / "cases/config-unfinished.yaml"
    config.write_text("muster: 1\n\n")
    task = {"root": str(project), "settings": nested(settings), "files": [str(path) for path in [*wanted, unfinished, config]],
            "complete": [{"path": str(unfinished), "line": 4, "character": 4}, {"path": str(config), "line": 2, "character": 0}]}
    result = run(["node", "serve.mjs"], cwd=node, input=json.dumps(task))
    check.that(result.returncode == 0, f"the language server: {result.stderr[-2000:]}")
    if result.returncode != 0:
        return
    said = json.loads(result.stdout)
    for path, (want, line, what) in wanted.items():
        marks = said["diagnostics"][str(path)]
        if want == "good":
            check.that(not marks, f"{what} is right, and marked: {marks}")
        else:
            check.that(marks, f"{what} is wrong, and not marked")
            check.that(line is None or any(mark["line"] == line for mark in marks), f"{what}: line {line} is wanted, marked are {marks}")
    policy, configuration = said["completions"]
    for name in ("severity", "params", "scope", "as", "on_unknown"):
        check.that(name in policy, f"a policy's entry is not completed with {name}: {policy}")
    for name in ("snapshot", "roster", "policies", "waivers"):
        check.that(name in configuration, f"muster.yaml is not completed with {name}: {configuration}")


def check_lua(arguments, check):
    stubs = (arguments.source / "rules/meta/muster.lua").read_text()
    classes, name = {}, None
    for line in stubs.splitlines():
        if match := re.match(r"---@class (?:\(exact\) )?(\S+)", line):
            name = match[1]
            classes[name] = set()
        elif (match := re.match(r"---@field (\w+)\??", line)) and name:
            classes[name].add(match[1])
        elif not line.startswith("---"):
            name = None
    globals_ = set(re.findall(r"^(\w+) = (?:nil|\{\})$", stubs, flags=re.M))

    # Against the page of datasets: every field of each.
    of_dataset = dict(re.findall(r"^---@field (\w+) fun\(self: muster\.Org, .*\): fun\(\): (muster\.\w+)", stubs, flags=re.M))
    text = (arguments.source / "docs/datasets.md").read_text()
    sections = re.split(r"^## ", text, flags=re.M)[1:]
    check.that(len(sections) > 15, f"docs/datasets.md has {len(sections)} datasets")
    for section in sections:
        dataset = section.split("\n")[0].strip().strip("`").split(" ")[0].strip("`")
        fields = re.findall(r"^\| `([a-z_0-9]+)` \|", section, flags=re.M)
        singular = of_dataset.get(dataset)
        if not fields:
            continue
        check.that(singular is not None, f"no class for the dataset {dataset}")
        for field in fields:
            check.that(singular is None or field in classes[singular], f"{dataset}.{field} is not in the stubs ({singular})")
            check.that(dataset in classes["muster.Org"], f"org:{dataset}() is not in the stubs")

    # Against the program: a rule that names everything that the stubs have, and lint, which knows what is there.
    probe = arguments.work / "probe/rules/probe"
    shutil.rmtree(arguments.work / "probe", ignore_errors=True)
    probe.mkdir(parents=True)
    uses = [f"    local g_{name} = {name}" for name in sorted(globals_ - {"null", "pass", "fail", "not_applicable", "unknown"})]
    for library in ("math", "string", "table"):
        check.that(library + "lib" in classes, f"no class for {library}")
        uses += [f"    local {library}_{member} = {library}.{member}" for member in sorted(classes.get(library + "lib", ()))]
    uses += [f"    local user_{member} = user.{member}" for member in sorted(classes["muster.User"])]
    kept = ", ".join(re.findall(r"local (\w+) =", "\n".join(uses)))
    rule = ("return { id = 'probe.all', title = 't', severity = 'low', subject = 'user', reads = { " +
            ", ".join(f"'{name}'" for name in sorted(classes["muster.Org"]) if f"## {name}" in text or f"## `{name}`" in text) +
            " }, why = 'w', fix = 'f',\n  check = function(user)\n" + "\n".join(uses) + f"\n    return pass(type({{ {kept} }}))\n  end }}\n")
    (probe / "all.lua").write_text(rule)
    lint = run([arguments.muster, "rule", "lint", "probe.all", "--rules", probe.parent], cwd=arguments.work)
    check.that(lint.returncode in (0, 1), f"muster rule lint: {lint.stderr}")
    unknown = [line for line in lint.stdout.splitlines() if "[unknown_" in line]
    check.that(not unknown, "the stubs name what rules do not have:\n" + "\n".join(unknown))

    # What luacheck is told is what the stubs have.
    rc = (arguments.source / ".luacheckrc").read_text().split("files[")[0]
    listed = {}
    for library, body in re.findall(r"(\w+) = \{ fields = \{(.*?)\} \}", rc, flags=re.S):
        listed[library] = set(re.findall(r'"(\w+)"', body))
    outside = re.sub(r"\w+ = \{ fields = \{.*?\} \}", "", rc.split("read_globals = {")[1].split("\n  },\n}")[0], flags=re.S)
    names = set(re.findall(r'"(\w+)"', outside)) | set(listed)
    check.that(names == globals_, f"luacheck's globals and the stubs disagree: {sorted(names ^ globals_)}")
    for library, members in listed.items():
        check.that(members == classes[library + "lib"], f"{library}: {sorted(members ^ classes[library + 'lib'])}")
    if shutil.which("luacheck") is None:
        sys.exit("luacheck is not installed; cmake/packages.txt lists its package")
    rules = [path for path in sorted((arguments.source / "rules").rglob("*.lua")) if "meta" not in path.parts]
    check.that(len(rules) >= 12, f"{len(rules)} rules")
    linted = run(["luacheck", "--no-color", "--quiet", "rules"], cwd=arguments.source)
    check.that(linted.returncode == 0, f"luacheck: {linted.stdout}{linted.stderr}")
    # It does see what is wrong.
    bad = arguments.work / "bad.lua"
    bad.write_text("local x = os.time()\nreturn string.gmtch(fial, math.random)\n")
    found = run(["luacheck", "--no-color", "--config", arguments.source / ".luacheckrc", bad]).stdout
    for word in ("unused variable 'x'", "'os'", "'gmtch'", "'fial'", "'random'"):
        check.that(word.strip("'") in found, f"luacheck does not mark {word}: {found}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", required=True)
    for name in ("muster", "work", "source"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    check = Check()
    {"yaml": check_yaml, "lua": check_lua}[arguments.part](arguments, check)
    for problem in check.problems:
        print("FAILED:", problem)
    print(f"{check.done} checks, {len(check.problems)} failed")
    sys.exit(1 if check.problems or check.done == 0 else 0)


main()
