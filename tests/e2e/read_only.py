#!/usr/bin/env python3
"""Proves that what `muster collect` is linked to can send nothing but GET.

usage: read_only.py --muster PROGRAM --nm NM LIBRARY.a...    the archives of http and collect

Three nets: of libcurl, the objects and the program use only functions that set up and perform a request (no uploads, no raw sends); of the
system, collect's own objects reach nothing that opens a connection or starts a program; and no object of theirs holds another method's name.
That no option of a request names another method or sends a body is tests/style's business (READ_OPTIONS), that none is seen on the wire
collect.py's (test_only_gets_and_no_request_too_many).
"""
import argparse
import re
import subprocess
import sys
from pathlib import Path

ALLOWED_CURL = {"curl_easy_init", "curl_easy_setopt", "curl_easy_perform", "curl_easy_getinfo", "curl_easy_cleanup", "curl_easy_strerror",
                "curl_global_init", "curl_slist_append", "curl_slist_free_all", "curl_getdate", "curl_version_info"}
REACHES_OUT = re.compile(r"^(curl_.*|socket|connect|send|sendto|sendmsg|sendmmsg|SSL_.*|BIO_.*|system|popen|exec[lv].*|posix_spawnp?|fork|vfork|dlopen|_ZN6muster4http4postE.*)$")
METHOD = re.compile(rb"(?<![A-Za-z_])(POST|PUT|PATCH|DELETE)\0")


def undefined(nm, path, *options):
    """By object file: the names that it takes from elsewhere."""
    text = subprocess.run([nm, *options, "--undefined-only", "--format=posix", path], capture_output=True, text=True, check=True).stdout
    objects, here = {}, str(path)
    for line in text.splitlines():
        if line.endswith(":"):
            here = line[:-1]
        elif line:
            objects.setdefault(here, set()).add(line.split()[0].split("@")[0])
    return objects


def problems(nm, muster, archives):
    found, seen = [], set()
    for archive in archives:
        objects = undefined(nm, archive)
        if not objects:
            found.append(f"{archive}: no objects in it")
        for name, wanted in objects.items():
            seen |= {each for each in wanted if each.startswith("curl_")}
            found += [f"{name}: takes {each} of libcurl" for each in sorted(wanted) if each.startswith("curl_") and each not in ALLOWED_CURL]
            if "collect" in Path(archive).name:
                found += [f"{name}: reaches out by {each}" for each in sorted(wanted) if REACHES_OUT.match(each)]
        found += [f"{archive}: holds the word {match.group(1).decode()}" for match in METHOD.finditer(archive.read_bytes())]
    if "curl_easy_perform" not in seen:
        found.append("no archive performs a request: these are the wrong ones")
    of_program = set().union(*undefined(nm, muster, "--dynamic").values())
    if "curl_easy_perform" not in of_program:
        found.append(f"{muster}: takes nothing of libcurl, so this test sees nothing")
    found += [f"{muster}: takes {each} of libcurl" for each in sorted(of_program) if each.startswith("curl_") and each not in ALLOWED_CURL]
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--muster", required=True, type=Path)
    parser.add_argument("--nm", required=True)
    parser.add_argument("archives", nargs="+", type=Path)
    options = parser.parse_args()
    found = problems(options.nm, options.muster, options.archives)
    print("\n".join(found) or "reads only")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
