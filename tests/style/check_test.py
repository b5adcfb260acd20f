#!/usr/bin/env python3
"""Tests of check.py on small made-up trees."""
import tempfile
import unittest
from pathlib import Path

import check


class Check(unittest.TestCase):
    def problems(self, files, with_readmes=True):
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = Path(root) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                if with_readmes and check.module_of(name):
                    folder = "reports" if name.startswith("reports/") else "/".join(name.split("/")[:2])
                    (Path(root) / folder / "README.md").write_text("A module.\n")
            return check.check(root)[0]

    def test_arrows_point_down(self):
        self.assertEqual(self.problems({
            "engine/evaluate/a.cpp": '#include "rule/rule.h"\n#include "base/json.h"\n#include <vector>\n#include <sys/stat.h>\n',
            "engine/cli/main.cpp": '#include "reports/report.h"\n#include "evaluate/evaluate.h"\n',
            "reports/report.h": '#include "model/run.h"\n',
        }), [])

    def test_no_arrow_points_up_or_sideways(self):
        self.assertEqual(self.problems({
            "engine/base/a.cpp": '\n#include "model/run.h"\n',
            "engine/rule/a.cpp": '#include "policy/policy.h"\n',
            "engine/roster/a.h": '#  include "collect/page.h"\n',
            "reports/text/a.cpp": '#include "evaluate/evaluate.h"\n',
        }), [
            "engine/base/a.cpp:2: base may not include model/run.h: model is not below it",
            "engine/roster/a.h:1: roster may not include collect/page.h: collect is not below it",
            "engine/rule/a.cpp:1: rule may not include policy/policy.h: policy is not below it",
            "reports/text/a.cpp:1: reports may not include evaluate/evaluate.h: evaluate is not below it",
        ])

    def test_a_new_module_needs_a_place(self):
        self.assertEqual(self.problems({"engine/misc/a.cpp": ""}),
                         ["engine/misc/a.cpp: the module misc has no place in the layers of check.py"])

    def test_one_library_one_door(self):
        self.assertEqual(self.problems({
            "engine/rule/a.cpp": "#include <lua.hpp>\n#include <lua5.4/lauxlib.h>\n",
            "engine/evaluate/a.cpp": "#include <lua.hpp>\n#include <nlohmann/json.hpp>\n",
            "reports/json/a.cpp": "#include <pugixml.hpp>\n",
            "engine/policy/a.cpp": "#include <boost/any.hpp>\n",
        }), [
            "engine/evaluate/a.cpp:1: lua.hpp may be included in engine/rule/ only",
            "engine/evaluate/a.cpp:2: nlohmann/json.hpp may be included in engine/base/ only",
            "engine/policy/a.cpp:1: boost/any.hpp belongs to no library that check.py knows",
            "reports/json/a.cpp:1: pugixml.hpp may be included in reports/junit/ only",
        ])

    def test_foreign_types_stay_inside(self):
        files = {
            "engine/rule/state.h": "#include <lua.hpp>\n",
            "engine/rule/inner.h": '#include "rule/state.h"\n',
            "engine/rule/a.cpp": '#include "rule/inner.h"\n',
        }
        self.assertEqual(self.problems(files), [])
        files["engine/evaluate/a.cpp"] = '#include "rule/inner.h"\n'
        self.assertEqual(self.problems(files),
                         ["engine/rule/state.h:1: lua.hpp is foreign, and engine/evaluate/a.cpp includes this header"])

    def test_no_path_of_one_machine(self):
        self.assertEqual(self.problems({
            "README.md": "See /work/main and ../work/x and https://a.example/tmp/x\nand /tmp/out.\n",
            "tests/a.cpp": 'open("/tmp/x"); open("/home/dana/x");\n',
        }), [
            "README.md:1: /work/main is a path of one machine",
            "README.md:2: /tmp/out. is a path of one machine",
            "tests/a.cpp:1: /home/dana is a path of one machine",
        ])

    def test_nothing_is_unfinished(self):
        self.assertEqual(self.problems({"rules/a.lua": "-- x\n-- TODO: y\n"}), ["rules/a.lua:2: unfinished: TODO"])

    def test_collect_reads_only(self):
        self.assertEqual(self.problems({
            "engine/http/a.cpp": "set(CURLOPT_HTTPGET, 1L);\nset(CURLOPT_POSTFIELDS, body);\nset(CURLOPT_CUSTOMREQUEST, word);\n",
            "engine/collect/b.cpp": '#include "http/session.h"\n#include "http/writer.h"\nset(CURLOPT_UPLOAD, 1L);\n',
            "engine/collect/d.cpp": '#include "http/post/post.h"\n',
            "engine/http/e.cpp": '#include "http/post/post.h"\n',
            "engine/http/post/post.cpp": '#include "http/post/post.h"\nset(CURLOPT_POST, 1L);\n',
            "engine/http/post/post.h": "",
            "engine/cli/f.cpp": '#include "http/post/post.h"\n#include "http/writer.h"\n',
            "tests/simulator/c.cpp": "CURLOPT_POST\n",
        }), [
            "engine/collect/d.cpp:1: http/post/post.h: only cli may do anything but GET",
            "engine/http/e.cpp:1: http/post/post.h: only cli may do anything but GET",
            "engine/collect/b.cpp:3: CURLOPT_UPLOAD: what collect is linked to knows GET alone",
            "engine/http/a.cpp:2: CURLOPT_POSTFIELDS: what collect is linked to knows GET alone",
            "engine/http/a.cpp:3: CURLOPT_CUSTOMREQUEST: what collect is linked to knows GET alone",
            "engine/collect/b.cpp:2: collect may not include http/writer.h: it reads only",
        ])

    def test_every_module_has_a_readme(self):
        self.assertEqual(self.problems({"engine/base/a.cpp": ""}, with_readmes=False), ["engine/base: there is no README.md"])


if __name__ == "__main__":
    unittest.main()
