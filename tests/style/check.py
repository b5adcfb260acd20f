#!/usr/bin/env python3
"""Checks what the compiler cannot: layers, one library one door, foreign headers, machine paths.

usage: check.py [ROOT]    prints one line a problem; exit code 1 when there is one
"""
import os
import re
import subprocess
import sys
from pathlib import Path

# The layer picture (docs: design, section 3): what each module may include, besides itself. Arrows point down.
LAYERS = {
    "base": set(),
    "model": {"base"},
    "snapshot": {"base", "model"},
    "http": {"base"},
    "roster": {"base", "model", "snapshot"},
    "policy": {"base", "model", "snapshot"},
    "rule": {"base", "model", "snapshot"},
    "collect": {"base", "model", "snapshot", "http"},
    "evaluate": {"base", "model", "snapshot", "roster", "policy", "rule"},
    "reports": {"base", "model"},
    "evidence": {"base", "model", "snapshot"},
}
EVERYTHING = {"cli"}  # composes all others

# One library, one door: the header's name, and where it may be included.
DOORS = [
    (r"simdjson(\.h|/)", "engine/snapshot/"),
    (r"yaml-cpp/", "engine/policy/"),
    (r"(lua5\.4/)?(lua\.h|lua\.hpp|lualib\.h|lauxlib\.h|luaconf\.h)$", "engine/rule/"),
    (r"pugixml\.hpp|pugiconfig\.hpp", "reports/junit/"),
    (r"nlohmann/", "engine/base/"),
    (r"openssl/", "engine/base/"),
    (r"date/", "engine/base/"),
    (r"utf8proc\.h", "engine/base/"),
    (r"csv\.h$", "engine/roster/"),
    (r"csv\.h$", "reports/populations"),  # roster reads CSV, this one file writes it
    (r"CLI/", "engine/cli/"),
    (r"curl/", "engine/http/"),
    (r"archive(_entry)?\.h$", "engine/evidence/"),
    (r"libssh/|zlib\.h", "engine/evidence/"),
]
# Libraries that any source may use; only the last may stand in a header that other modules see.
COMMON = re.compile(r"fmt/|tl/expected\.hpp$")
VOCABULARY = re.compile(r"tl/expected\.hpp$")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
MACHINE_PATH = re.compile(r"(?<![\w.:/~-])/(work|home|root|tmp|Users)/[\w.]+")
MACHINE_PATH_IN_CODE = re.compile(r"(?<![\w.:/~-])/(work|home|Users)/\w+")
UNFINISHED = re.compile(r"\b(TODO|FIXME)\b")
# What `collect` is linked to reads only: the options of libcurl that its client may set, none of which sends a body or names a method,
# and the headers of `http` that it may include. A header that can write will be another one.
READ_OPTIONS = {f"CURLOPT_{name}" for name in """
    ACCEPT_ENCODING BUFFERSIZE CAINFO CONNECTTIMEOUT_MS ERRORBUFFER FOLLOWLOCATION HEADERDATA HEADERFUNCTION HEADEROPT HTTPGET HTTPHEADER
    LOW_SPEED_LIMIT LOW_SPEED_TIME NETRC NOPROGRESS NOSIGNAL PROTOCOLS_STR PROXY PROXYPASSWORD PROXYUSERNAME SSLVERSION SSL_VERIFYHOST
    SSL_VERIFYPEER TIMEOUT_MS URL USERAGENT WRITEDATA WRITEFUNCTION XFERINFODATA XFERINFOFUNCTION""".split()}
CURL_OPTION = re.compile(r"\bCURLOPT_\w+")
READ_HEADERS = {"engine/http/client.h", "engine/http/limiter.h", "engine/http/secret.h", "engine/http/session.h"}
LONG_FILE = 600


def module_of(path):
    """engine/base/x.h → base, reports/junit/x.cpp → reports, anything else → None."""
    parts = path.split("/")
    if parts[0] == "engine" and len(parts) > 2:
        return parts[1]
    return "reports" if parts[0] == "reports" and len(parts) > 1 else None


def tracked_files(root):
    """The files of the repository; without git, every file outside build folders."""
    try:
        listed = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True, check=True).stdout.decode()
        top = subprocess.run(["git", "-C", root, "rev-parse", "--show-toplevel"], capture_output=True, check=True).stdout.decode()
        if os.path.realpath(top.strip()) == os.path.realpath(root):
            return sorted(name for name in listed.split("\0") if name and (Path(root) / name).is_file())
    except (OSError, subprocess.CalledProcessError):
        pass
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in ("build", "out", "node_modules", ".git")]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in files]
    return sorted(found)


def resolve(include, modules):
    """The repository path of a project include, or None for a foreign one."""
    first = include.split("/")[0]
    if first == "reports":
        return include
    if first in modules and "/" in include:
        return "engine/" + include
    return None


def is_standard(include):
    """<vector>, <sys/stat.h>, <unistd.h>: the language's and the system's."""
    return re.fullmatch(r"[a-z_0-9]+|c[a-z]+|(sys|netinet|arpa)/[a-z]+\.h|(unistd|fcntl|errno|signal|stdlib|string|time|sched|pthread)\.h",
                        include) is not None


def check(root):
    """All problems and notices, as two lists of lines."""
    problems, notices = [], []
    texts = {}
    for path in tracked_files(root):
        data = (Path(root) / path).read_bytes()
        if b"\0" not in data:
            texts[path] = data.decode("utf-8", "replace")

    sources = {p: t for p, t in texts.items() if module_of(p) and p.endswith((".cpp", ".h"))}
    modules = {module_of(p) for p in sources} | set(LAYERS) | EVERYTHING
    includes = {}  # path → [(line, text between the brackets, project path or None)]
    for path, text in sources.items():
        rows = []
        for match in INCLUDE.finditer(text):
            rows.append((text.count("\n", 0, match.start(2)) + 1, match.group(2), resolve(match.group(2), modules)))
        includes[path] = rows

    for path, rows in includes.items():
        module = module_of(path)
        if module not in LAYERS and module not in EVERYTHING:
            problems.append(f"{path}: the module {module} has no place in the layers of {Path(__file__).name}")
            continue
        for line, include, target in rows:
            if target is not None:
                other = module_of(target)
                if other != module and module not in EVERYTHING and other not in LAYERS[module]:
                    problems.append(f"{path}:{line}: {module} may not include {include}: {other} is not below it")
                continue
            doors = [folder for pattern, folder in DOORS if re.match(pattern, include)]
            if doors and not path.startswith(tuple(doors)):
                problems.append(f"{path}:{line}: {include} may be included in {doors[0]} only")
            if not doors and not is_standard(include) and not COMMON.match(include) and "/" in include:
                problems.append(f"{path}:{line}: {include} belongs to no library that {Path(__file__).name} knows")

    for path, rows in includes.items():
        for line, include, _ in rows:
            if include.startswith("http/post/") and not path.startswith(("engine/http/post/", "engine/cli/")):
                problems.append(f"{path}:{line}: {include}: only cli may do anything but GET")
    for path, text in texts.items():
        if not path.startswith(("engine/", "reports/")) or path.startswith("engine/http/post/") or not path.endswith((".cpp", ".h")):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for found in CURL_OPTION.finditer(line):
                if found.group(0) not in READ_OPTIONS:
                    problems.append(f"{path}:{number}: {found.group(0)}: what collect is linked to knows GET alone")
    for path, rows in includes.items():
        for line, include, target in rows:
            if module_of(path) == "collect" and target is not None and module_of(target) == "http" and target not in READ_HEADERS and not include.startswith("http/post/"):
                problems.append(f"{path}:{line}: collect may not include {include}: it reads only")

    # Whoever includes a header sees what it includes: a foreign header must not be reachable from another module.
    includers = {}
    for path, rows in includes.items():
        for _, _, target in rows:
            if target is not None:
                includers.setdefault(target, set()).add(path)
    for path, rows in includes.items():
        if not path.endswith(".h"):
            continue
        foreign = [(line, include) for line, include, target in rows
                   if target is None and not is_standard(include) and not VOCABULARY.match(include)]
        if not foreign:
            continue
        reached, queue = set(), [path]
        while queue:
            for user in includers.get(queue.pop(), ()):
                if user not in reached:
                    reached.add(user)
                    queue.append(user)
        outside = sorted(user for user in reached if module_of(user) != module_of(path))
        if outside:
            for line, include in foreign:
                problems.append(f"{path}:{line}: {include} is foreign, and {outside[0]} includes this header")

    here = "tests/style/"
    for path, text in texts.items():
        is_document = path.endswith((".md", ".txt", ".html"))
        pattern = MACHINE_PATH if is_document else MACHINE_PATH_IN_CODE
        for number, line in enumerate(text.splitlines(), 1):
            found = pattern.search(line)
            if found and not path.startswith(here):
                problems.append(f"{path}:{number}: {found.group(0)} is a path of one machine")
        if path.endswith((".cpp", ".h", ".lua", ".cmake")) and not path.startswith(here):
            for match in UNFINISHED.finditer(text):
                problems.append(f"{path}:{text.count(chr(10), 0, match.start()) + 1}: unfinished: {match.group(0)}")
        if path.endswith((".cpp", ".h", ".py", ".lua")) and text.count("\n") > LONG_FILE:
            notices.append(f"{path}: {text.count(chr(10))} lines; more than {LONG_FILE} are hard to read")

    for module in sorted({module_of(p) for p in sources}):
        folder = module if module == "reports" else f"engine/{module}"
        if f"{folder}/README.md" not in texts:
            problems.append(f"{folder}: there is no README.md")
    return problems, notices


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).resolve().parents[2])
    problems, notices = check(root)
    for notice in notices:
        print("notice:", notice)
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problems.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
