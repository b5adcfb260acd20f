"""What the tests of bundles share: the program, a run and a signed bundle of it, and how a bundle is packed."""
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import tarfile
import tempfile
import unittest
import zlib
from pathlib import Path

MUSTER, SOURCE = Path(os.environ["MUSTER_PROGRAM"]), Path(os.environ["MUSTER_SOURCE"])
SHARED = {}  # made once: a run, a key, a signed bundle


def run(*args, cwd=None, env=None, stdin=None):
    """The finished process, its output as text."""
    changed = dict(os.environ, **(env or {}))
    return subprocess.run([str(arg) for arg in args], cwd=cwd, env=changed, input=stdin, capture_output=True, timeout=120, encoding="utf-8", errors="replace")


def muster(*args, **options):
    return run(MUSTER, *args, **options)


def repack(source, target, change=None, name=None):
    """Packs a folder as muster does, seal included; `change` may alter the members."""
    members = [(path.relative_to(source).as_posix(), path.read_bytes()) for path in Path(source).rglob("*") if path.is_file()]
    members = sorted(change(members) if change else members)
    seal(b"".join(entry(f"{name or Path(source).name}/{member}", data) for member, data in members) + bytes(1024), target)


def entry(path, data, mtime=1795161600, tail=b"\0"):
    """A header and its file in the one form that muster writes; `tail` fills the last block."""
    header = bytearray(512)
    prefix = b""
    raw = path.encode()
    if len(raw) > 100:
        at = raw.index(b"/", len(raw) - 101)
        prefix, raw = raw[:at], raw[at + 1:]
    for at, field in ((0, raw), (100, b"000644 \0" + 2 * b"000000 \0" + b"%011o %011o " % (len(data), mtime)), (148, b" " * 8), (156, b"0"), (257, b"ustar\x0000"),
                      (329, 2 * b"000000 \0"), (345, prefix)):
        header[at:at + len(field)] = field
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + data + tail * (-len(data) % 512)


def seal(tar, target, head=b"\x1f\x8b\x08\0\0\0\0\0\0\x03"):
    """What anybody can make: gzip, and a seal that fits."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    seal_packed(head + packer.compress(tar) + packer.flush() + struct.pack("<II", zlib.crc32(tar), len(tar) & 0xFFFFFFFF), target)


def seal_packed(packed, target):
    head = b"\x1f\x8b\x08\x10\0\0\0\0\0\x03muster-seal sha256="
    Path(target).write_bytes(packed + head + hashlib.sha256(packed).hexdigest().encode() + b"\0\x03\0\0\0\0\0\0\0\0\0")


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="muster-bundles-")
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name)

    def assert_exit(self, done, code):
        self.assertEqual(done.returncode, code, f"\n{' '.join(done.args)}\n--- stdout\n{done.stdout[-3000:]}\n--- stderr\n{done.stderr[-3000:]}")
        return done

    @classmethod
    def setUpClass(cls):
        if SHARED:
            return
        folder = tempfile.TemporaryDirectory(prefix="muster-bundle-")
        SHARED["keep"] = folder
        base = SHARED["base"] = Path(folder.name)
        shutil.copytree(SOURCE / "fixtures/northwind", base / "northwind")
        done = muster("check", "-c", "northwind/muster.yaml", "--out", "run", "--quiet", cwd=base)
        assert done.returncode == 1, done.stderr
        assert muster("key", "new", "evidence.key", cwd=base).returncode == 0
        shown = muster("key", "show", "evidence.key", cwd=base).stdout
        (base / "signers").write_text(next(line.strip() for line in shown.splitlines() if line.startswith("  evidence ")) + "\n")
        done = muster("bundle", "run", "-o", "b.tar.gz", "--key", "evidence.key", "--minisign", "--statement", cwd=base)
        assert done.returncode == 0, done.stderr
        with tarfile.open(base / "b.tar.gz") as tar:
            tar.extractall(base / "unpacked")
        SHARED["folder"] = next((base / "unpacked").iterdir())

    @property
    def base(self):
        return SHARED["base"]

    def copy(self):
        """A copy of the unpacked bundle that a test may damage."""
        target = self.work / SHARED["folder"].name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(SHARED["folder"], target)
        return target

    @staticmethod
    def stands_beside(folder, *names):
        """What a forger writes into run.json, so that it names what is there."""
        path = folder / "run.json"
        path.write_text(re.sub(r'"beside_sums": \[[^]]*\]', '"beside_sums": ' + json.dumps(names), path.read_text()))

    def verify(self, bundle, *more):
        return muster("verify", bundle, "--allowed-signers", self.base / "signers", *more)
