"""Archives that mean harm."""
import gzip
import io
import shutil
import tarfile
import zipfile
import zlib

from case import Case, SHARED, entry, muster, seal, seal_packed


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
        done = self.assert_exit(muster("verify", self.archive(lambda tar: [self.file(tar, f"top/{n:05}", b"") for n in range(20_001)])), 65)
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

    def raw(self, name=b"top/x", size=b"00000000001\0", kind=b"0", magic=b"ustar\x0000", data=b"x", link=b""):
        """An archive of one header that no tool would write, its checksum right."""
        header = bytearray(512)
        for at, field in ((0, name), (100, b"0000644\0"), (108, b"0000000\0"), (116, b"0000000\0"), (124, size), (136, b"00000000000\0"), (148, b" " * 8), (156, kind), (157, link), (257, magic)):
            header[at:at + len(field)] = field
        header[148:156] = b"%06o\0 " % sum(header)
        seal(bytes(header) + data.ljust(512, b"\0") + bytes(1024), self.work / "raw.tar.gz")
        return self.work / "raw.tar.gz"

    def test_headers_that_no_tool_writes(self):
        self.assertIn("SHA256SUMS is missing", self.assert_exit(muster("verify", self.raw()), 65).stderr)
        for why, call in (("larger than a bundle's files may be", {"size": b"\x80" + bytes(6) + b"\x7f" + bytes(4)}), ("it was made to fill the disk", {"size": b"77777777777\0"}),
                          ("it cannot be read|larger than", {"size": b"\xff" * 12}), ("it was made to fill the disk|larger than", {"size": b"74000000000\0"}),
                          ("cannot be read", {"size": b"00000100000\0"}), ("another format than plain ustar", {"magic": b"ustar  \0"}), ("another format than plain ustar", {"magic": bytes(8)}),
                          ("not a name that a bundle may hold", {"name": b"top/\x1b[2Jx"}), ("not a name that a bundle may hold", {"name": b"top/\xff\xfe"}), ("not a name that a bundle may hold", {"name": b"C:/x"}),
                          ("link, a device or a folder", {"kind": b"3"}), ("link, a device or a folder", {"kind": b"4"}), 
                          ("link, a device or a folder|another format|is not a name|cannot be read", {"kind": b"V"})):
            done = self.assert_exit(muster("verify", self.raw(**call)), 65)
            self.assertRegex(done.stderr, why, call)
            self.assertNotIn("\x1b", done.stderr)
            # Nor does anything of it reach the disk.
            done = muster("replay", self.work / "raw.tar.gz", "--work", self.work)
            self.assertEqual(done.returncode, 65, call)
            self.assertEqual([path.name for path in self.work.iterdir()], ["raw.tar.gz"])

    def test_what_stands_beside_names_and_bytes(self):
        for more in ({"mode": 0o755}, {"mode": 0o4644}, {"uid": 1000}, {"gid": 5}, {"uname": "rosa"}, {"gname": "staff"}):
            done = self.assert_exit(muster("verify", self.archive(lambda tar, more=more: self.file(tar, "top/x", **more))), 65)
            self.assertIn("top/x has an owner, a mode or holes that muster does not write", done.stderr)
        done = self.assert_exit(muster("verify", self.archive(lambda tar: (self.file(tar, "top/a", mtime=1), self.file(tar, "top/b", mtime=2)))), 65)
        self.assertIn("b has another time than the files before it", done.stderr)
        done = self.assert_exit(muster("verify", self.archive(lambda tar: (self.file(tar, "top/b"), self.file(tar, "top/a")))), 65)
        self.assertIn("a is out of order", done.stderr)

    def test_nothing_hides_in_a_sealed_archive(self):
        """Every file as it was signed, a seal that fits, and still something that was not there, or that another program would unpack otherwise."""
        folder = SHARED["folder"]
        members = [(path.relative_to(folder.parent).as_posix(), path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()]
        members.sort()
        plain = b"".join(entry(*member) for member in members)
        target = self.work / "s.tar.gz"

        def at_header(number, offset, field):
            begin = sum(len(entry(*member)) for member in members[:number])
            changed = bytearray(plain)
            changed[begin + offset:begin + offset + len(field)] = field
            changed[begin + 148:begin + 156] = b" " * 8
            changed[begin + 148:begin + 156] = b"%06o\0 " % sum(changed[begin:begin + 512])
            return bytes(changed)

        def at_time(mtime):
            return b"".join(entry(*member, mtime=mtime) for member in members)

        def packed(tar, level=6):
            packer = zlib.compressobj(level, zlib.DEFLATED, 31)
            return packer.compress(tar) + packer.flush()

        ragged = next(number for number, (_, data) in enumerate(members) if len(data) % 512)
        name = members[ragged][0].split("/", 1)[1]
        end, evil = bytes(1024), entry(f"{folder.name}/evil.txt", b"look at me")
        odd = f"{name} is not stored as muster stores it"
        sealed = {
            "as muster packs it": (plain + end, None),
            "a byte behind a file's last": (b"".join(entry(*member, tail=b"x" if number == ragged else b"\0") for number, member in enumerate(members)) + end, odd),
            "a device number": (at_header(ragged, 329, b"000007 \0") + end, odd),
            "a link's target on a plain file": (at_header(ragged, 157, b"/etc/passwd") + end, odd),
            "the old sign of a plain file": (at_header(ragged, 156, b"\0") + end, odd),
            "a contiguous file": (at_header(ragged, 156, b"7") + end, "stored|a link, a device"),
            "numbers written otherwise": (at_header(ragged, 108, b"0000000\0") + end, odd),
            "something behind the version": (at_header(ragged, 500, b"hidden") + end, odd),
            "the name in two fields": (at_header(0, 0, members[0][0].split("/", 1)[1].encode().ljust(100, b"\0"))[:345] + folder.name.encode().ljust(155, b"\0") + plain[500:] + end, "."),
            "a file behind the end": (plain + end + evil + end, "what stands behind .* is not stored as muster stores it"),
            "more blocks at the end": (plain + bytes(10240), "what stands behind"),
            "one block at the end": (plain + bytes(512), "what stands behind"),
            "no end": (plain, "what stands behind|cannot be read"),
            "all at another time": (at_time(1795161601) + end, "the files of the archive have another time than the run in run.json"),
        }
        for what, (tar, why) in sealed.items():
            with self.subTest(what):
                seal(tar, target)
                done = self.assert_exit(self.verify(target), 65 if why else 0)
                if why:
                    self.assertRegex(done.stderr, why)
        whole = packed(plain + end)
        members_of_gzip = {
            "a second member": whole + packed(evil + end),
            "a second member of nothing": whole + packed(b""),
            "split in two": packed(plain) + packed(end),
            "a name in the header": b"\x1f\x8b\x08\x08\0\0\0\0\0\x03hidden\0" + whole[10:],
            "a comment in the header": b"\x1f\x8b\x08\x10\0\0\0\0\0\x03hidden\0" + whole[10:],
            "another time in the header": whole[:4] + b"\1" + whole[5:],
            "another system in the header": whole[:9] + b"\0" + whole[10:],
            "a wrong size at the end": whole[:-1] + bytes([whole[-1] ^ 1]),
            "a wrong sum at the end": whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:],
            "something behind the member": whole + b"hidden",
        }
        for what, data in members_of_gzip.items():
            with self.subTest(what):
                seal_packed(data, target)
                self.assertIn("s.tar.gz", self.assert_exit(self.verify(target), 65).stderr)
                self.assert_exit(muster("replay", target), 65)
        seal_packed(whole, target)
        self.assert_exit(self.verify(target), 0)

    def test_long_names(self):
        for name in ("top/" + "x" * 96 + "/" + "y" * 99, "top/" + "/".join("abcdefgh" * 2 for _ in range(8)) + "/" + "z" * 90):
            done = self.assert_exit(muster("verify", self.archive(lambda tar, name=name: self.file(tar, name))), 65)
            self.assertRegex(done.stderr, "is not a name that a bundle may hold|is not in SHA256SUMS|SHA256SUMS is missing")
        done = self.assert_exit(muster("replay", self.archive(lambda tar: self.file(tar, "../" * 30 + "evil")), "--work", self.work), 65)
        self.assertEqual([path.name for path in self.work.iterdir()], ["h.tar.gz"])

    def test_a_bomb_in_a_bomb_and_other_packers(self):
        seal(gzip.compress(gzip.compress(bytes(50 << 20))), self.work / "twice.tar.gz")
        self.assert_exit(muster("verify", self.work / "twice.tar.gz"), 65)
        with zipfile.ZipFile(self.work / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("../evil", b"x")
        for name, pack in (("x.tar.xz", "xz"), ("x.tar.bz2", "bz2"), ("x.tar", "")):
            with tarfile.open(self.work / name, f"w:{pack}", format=tarfile.USTAR_FORMAT) as tar:
                self.file(tar, "top/x")
        for name in ("x.zip", "x.tar.xz", "x.tar.bz2", "x.tar"):
            self.assert_exit(muster("verify", self.work / name), 65)
        # Two archives, one behind the other, each whole.
        both = (self.base / "b.tar.gz").read_bytes()
        (self.work / "both.tar.gz").write_bytes(both + both)
        self.assert_exit(self.verify(self.work / "both.tar.gz"), 65)
