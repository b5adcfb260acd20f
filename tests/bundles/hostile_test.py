"""Archives that mean harm."""
import gzip
import io
import shutil
import tarfile

from case import Case, muster, seal


class Hostile(Case):
    def archive(self, build, compress=True):
        """An archive with a right seal, built by `build(tar)`."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            build(tar)
        seal(out.getvalue(), self.work / "h.tar.gz")
        return self.work / "h.tar.gz"

    @staticmethod
    def file(tar, name, data=b"x", **more):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        for key, value in more.items():
            setattr(info, key, value)
        tar.addfile(info, io.BytesIO(data) if info.isreg() else None)

    def test_an_archive_cannot_leave_its_folder(self):
        for name in ("../evil", "/etc/evil", "top/../../evil", "top/./x", "top//x", "top", "top/.ssh", "top/-rf", "top/a b", "top/caf\u00e9", "top/a\\b", "top/con\n"):
            done = self.assert_exit(muster("verify", self.archive(lambda tar, name=name: self.file(tar, name))), 65)
            self.assertIn("is not a name that a bundle may hold", done.stderr, name)
        done = self.assert_exit(muster("verify", self.archive(lambda tar: (self.file(tar, "a/x"), self.file(tar, "b/x")))), 65)
        self.assertIn("b/x stands outside the folder a", done.stderr)

    def test_links_devices_and_repeats(self):
        for kind, more in (("symlink", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}), ("hard link", {"type": tarfile.LNKTYPE, "linkname": "top/a"}),
                           ("pipe", {"type": tarfile.FIFOTYPE}), ("device", {"type": tarfile.CHRTYPE}), ("folder", {"type": tarfile.DIRTYPE})):
            done = self.assert_exit(muster("verify", self.archive(lambda tar: (self.file(tar, "top/a"), self.file(tar, "top/b", b"", **more)))), 65)
            self.assertRegex(done.stderr, "top/b/? is a link, a device or a folder", kind)
        for second in ("top/a", "top/A"):
            done = self.assert_exit(muster("verify", self.archive(lambda tar: (self.file(tar, "top/a"), self.file(tar, second)))), 65)
            self.assertIn("is there twice", done.stderr)

    def test_bombs(self):
        # A gigabyte of nothing in a megabyte.
        done = self.assert_exit(muster("verify", self.archive(lambda tar: self.file(tar, "top/results.json", bytes(300 << 20)))), 65)
        self.assertIn("it was made to fill the disk", done.stderr)
        done = self.assert_exit(muster("verify", self.archive(lambda tar: [self.file(tar, f"top/{n}", b"") for n in range(20_001)])), 65)
        self.assertIn("it holds more than 20000 files", done.stderr)

    def test_other_formats(self):
        (self.work / "x.tar.gz").write_bytes(b"not an archive")
        self.assert_exit(muster("verify", self.work / "x.tar.gz"), 65)
        (self.work / "x.tar.gz").write_bytes(b"")
        self.assert_exit(muster("verify", self.work / "x.tar.gz"), 65)
        with tarfile.open(self.work / "pax.tar", "w", format=tarfile.PAX_FORMAT) as tar:
            self.file(tar, "top/x", pax_headers={"comment": "x"})
        seal((self.work / "pax.tar").read_bytes(), self.work / "pax.tar.gz")
        self.assertIn("is stored in another format than plain ustar", self.assert_exit(muster("verify", self.work / "pax.tar.gz"), 65).stderr)
        with tarfile.open(self.work / "gnu.tar", "w", format=tarfile.GNU_FORMAT) as tar:
            self.file(tar, "top/" + "x" * 150)
        seal((self.work / "gnu.tar").read_bytes(), self.work / "gnu.tar.gz")
        self.assert_exit(muster("verify", self.work / "gnu.tar.gz"), 65)
        seal(gzip.compress(b"x" * 1000), self.work / "twice.tar.gz")
        self.assert_exit(muster("verify", self.work / "twice.tar.gz"), 65)
        shutil.copy(self.base / "b.tar.gz", self.work / "long.tar.gz")
        with open(self.work / "long.tar.gz", "ab") as file:
            file.write(b"more")
        self.assert_exit(self.verify(self.work / "long.tar.gz"), 65)
