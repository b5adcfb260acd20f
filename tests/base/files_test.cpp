#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_system.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string said(const Status& status) { return status ? "fine" : render_error(status.error()); }
template <class T>
std::string said(const Result<T>& result) {
  return result ? "fine" : render_error(result.error());
}

TEST(Paths, AreJoinedLexically) {
  EXPECT_EQ(join_path("a/b", "c"), "a/b/c");
  EXPECT_EQ(join_path("a/./b/../c", ""), "a/c");
  EXPECT_EQ(join_path("a", "/b"), "/b");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(join_path(".", "b"), "b");
  EXPECT_EQ(join_path("a", ".."), ".");
  EXPECT_EQ(join_path("a", "../../b"), "../b");
  EXPECT_EQ(join_path("../..", "../b"), "../../../b");
  EXPECT_EQ(join_path("/", "../../etc"), "/etc");
  EXPECT_EQ(join_path("/a//b/", "c/"), "/a/b/c");
  EXPECT_EQ(join_path("", ""), ".");
}

TEST(Paths, Parts) {
  EXPECT_EQ(parent_path("a/b"), "a");
  EXPECT_EQ(parent_path("b"), ".");
  EXPECT_EQ(parent_path("/"), "/");
  EXPECT_EQ(parent_path("/a"), "/");
  EXPECT_EQ(parent_path("a/b/"), "a");
  EXPECT_EQ(parent_path("."), "..");
  EXPECT_EQ(parent_path("../.."), "../../..");
  EXPECT_EQ(file_name("a/b.c"), "b.c");
  EXPECT_EQ(file_name("b"), "b");
  EXPECT_EQ(file_name("a/b/"), "b");
  EXPECT_EQ(file_name("/"), "/");
}

TEST(Paths, Relative) {
  EXPECT_EQ(relative_path("/org/conf/hr/roster.csv", "/org/conf"), "hr/roster.csv");
  EXPECT_EQ(relative_path("/org/policies/a.yaml", "/org/conf"), "../policies/a.yaml");
  EXPECT_EQ(relative_path("conf/a", "conf"), "a");
  EXPECT_EQ(relative_path("a", "."), "a");
  EXPECT_EQ(relative_path("./x/../a", "b/c"), "../../a");
  EXPECT_EQ(relative_path("/a", "/a"), ".");
  EXPECT_EQ(relative_path("/a", "b"), "/a");
  EXPECT_EQ(relative_path("a", "../b"), "a");  // no way back by names alone
  EXPECT_EQ(relative_path("../a", "../b"), "../a");
}

/// The same promises for the disk and for memory.
class BothFileSystems : public testing::TestWithParam<const char*> {
 public:
  void SetUp() override {
    if (std::string_view(GetParam()) == "disk") {
      std::string name = (std::filesystem::temp_directory_path() / "muster-files-XXXXXX").string();
      root_ = ::mkdtemp(name.data());
      files_ = make_os_file_system();
    } else {
      root_ = "root";
      files_ = std::make_unique<MemoryFileSystem>();
      ASSERT_TRUE(files_->make_folders(root_));
    }
  }
  void TearDown() override {
    if (std::string_view(GetParam()) == "disk") std::filesystem::remove_all(root_);
  }
  std::string at(std::string_view name) const { return join_path(root_, name); }
  /// With the temporary folder's name taken out.
  std::string plain(std::string text) const {
    for (std::size_t i = text.find(root_); i != std::string::npos; i = text.find(root_, i))
      text.replace(i, root_.size(), "R");
    return text;
  }

  std::string root_;
  std::unique_ptr<FileSystem> files_;
};
INSTANTIATE_TEST_SUITE_P(Each, BothFileSystems, testing::Values("disk", "memory"));

TEST_P(BothFileSystems, WriteReadListRemove) {
  EXPECT_EQ(said(files_->make_folders(at("a/b/c"))), "fine");
  EXPECT_EQ(said(files_->make_folders(at("a/b/c"))), "fine");
  const std::string bytes = std::string("nul \0 and \xFF", 11) + std::string(700'000, 'x');
  EXPECT_EQ(said(files_->write_file(at("a/z.txt"), bytes)), "fine");
  EXPECT_EQ(said(files_->write_file(at("a/B.txt"), "")), "fine");
  EXPECT_EQ(*files_->read_file(at("a/z.txt")), bytes);
  EXPECT_EQ(*files_->read_file(at("a/B.txt")), "");
  EXPECT_THAT(*files_->list(at("a")), ElementsAre("B.txt", "b", "z.txt"));
  EXPECT_EQ(files_->kind(at("a")), FileKind::folder);
  EXPECT_EQ(files_->kind(at("a/z.txt")), FileKind::file);
  EXPECT_EQ(files_->kind(at("a/none")), FileKind::none);
  EXPECT_EQ(files_->kind(at("a/z.txt/none")), FileKind::none);

  const auto file = files_->open(at("a/z.txt"));
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->size(), bytes.size());
  char buffer[6];
  EXPECT_EQ(*(*file)->read_at(4, buffer), 6U);
  EXPECT_EQ(std::string_view(buffer, 6), std::string_view("\0 and ", 6));
  EXPECT_EQ(*(*file)->read_at(bytes.size() - 2, buffer), 2U);
  EXPECT_EQ(*(*file)->read_at(bytes.size(), buffer), 0U);
  EXPECT_EQ(*(*file)->read_at(UINT64_MAX - 3, buffer), 0U);

  EXPECT_EQ(said(files_->rename(at("a"), at("moved"))), "fine");
  EXPECT_EQ(*files_->read_file(at("moved/z.txt")), bytes);
  EXPECT_EQ(*(*file)->read_at(0, buffer), 6U);  // an open file stays readable
  EXPECT_EQ(said(files_->remove_all(at("moved"))), "fine");
  EXPECT_EQ(said(files_->remove_all(at("moved"))), "fine");
  EXPECT_THAT(*files_->list(root_), IsEmpty());
}

TEST_P(BothFileSystems, AWriterIsAllOrNothing) {
  ASSERT_TRUE(files_->write_file(at("out.json"), "old"));
  {
    auto writer = *files_->create(at("out.json"));
    writer->write("half");
    EXPECT_EQ(*files_->read_file(at("out.json")), "old");  // not before commit
  }
  EXPECT_EQ(*files_->read_file(at("out.json")), "old");
  EXPECT_THAT(*files_->list(root_), ElementsAre("out.json"));
  {
    auto writer = *files_->create(at("out.json"));
    auto other = *files_->create(at("out.json"));
    writer->write("new ");
    writer->write("text");
    other->write("other");
    EXPECT_EQ(said(writer->commit()), "fine");
    EXPECT_EQ(*files_->read_file(at("out.json")), "new text");
    EXPECT_EQ(said(other->commit()), "fine");
  }
  EXPECT_EQ(*files_->read_file(at("out.json")), "other");
  EXPECT_THAT(*files_->list(root_), ElementsAre("out.json"));
}

TEST_P(BothFileSystems, SayWhatIsMissing) {
  ASSERT_TRUE(files_->make_folders(at("hr")));
  ASSERT_TRUE(files_->write_file(at("hr/roster.csv"), "x"));
  EXPECT_EQ(plain(said(files_->read_file(at("hr/rooster.csv")))),
            "error[file.not_found]: there is no file or folder R/hr/rooster.csv\n   = help: did you mean "
            "R/hr/roster.csv?\n");
  EXPECT_EQ(plain(said(files_->read_file(at("hq/roster.csv")))),
            "error[file.not_found]: there is no file or folder R/hq/roster.csv\n   = help: there is no "
            "folder R/hq\n");
  EXPECT_EQ(plain(said(files_->read_file(at("hr/other")))),
            "error[file.not_found]: there is no file or folder R/hr/other\n");
  EXPECT_EQ(plain(said(files_->read_file(at("hr")))),
            "error[file.unreadable]: cannot read R/hr: is a directory\n");
  EXPECT_EQ(plain(said(files_->list(at("hx")))), "error[file.not_found]: there is no folder R/hx\n");
  EXPECT_EQ(plain(said(files_->list(at("hr/roster.csv")))),
            "error[file.unreadable]: cannot read R/hr/roster.csv: not a directory\n");
  EXPECT_EQ(plain(said(files_->write_file(at("no/such/x"), ""))),
            "error[file.unwritable]: cannot write R/no/such/x: no such file or directory\n");
  EXPECT_EQ(plain(said(files_->write_file(at("hr/roster.csv/x"), ""))),
            "error[file.unwritable]: cannot write R/hr/roster.csv/x: not a directory\n");
  EXPECT_EQ(plain(said(files_->write_file(at("hr"), ""))),
            "error[file.unwritable]: cannot write R/hr: is a directory\n");
  EXPECT_EQ(plain(said(files_->make_folders(at("hr/roster.csv/x")))),
            "error[file.unwritable]: cannot write R/hr/roster.csv/x: not a directory\n");
  EXPECT_EQ(plain(said(files_->read_file(at("hr/roster.csv"), 0))),
            "error[file.too_large]: R/hr/roster.csv has 1 bytes; muster reads at most 0 of such a file\n");
}

TEST_P(BothFileSystems, RenameReplacesFilesAndNothingElse) {
  ASSERT_TRUE(files_->make_folders(at("full")));
  ASSERT_TRUE(files_->make_folders(at("empty")));
  ASSERT_TRUE(files_->make_folders(at("source")));
  ASSERT_TRUE(files_->write_file(at("full/x"), "x"));
  ASSERT_TRUE(files_->write_file(at("a"), "a"));
  ASSERT_TRUE(files_->write_file(at("b"), "b"));
  EXPECT_EQ(said(files_->rename(at("a"), at("b"))), "fine");
  EXPECT_EQ(*files_->read_file(at("b")), "a");
  EXPECT_EQ(plain(said(files_->rename(at("source"), at("full")))),
            "error[file.unwritable]: cannot write R/full: directory not empty\n");
  EXPECT_EQ(plain(said(files_->rename(at("b"), at("full")))),
            "error[file.unwritable]: cannot write R/full: is a directory\n");
  EXPECT_EQ(plain(said(files_->rename(at("source"), at("b")))),
            "error[file.unwritable]: cannot write R/b: not a directory\n");
  EXPECT_EQ(plain(said(files_->rename(at("full"), at("full/inner")))),
            "error[file.unwritable]: cannot write R/full/inner: invalid argument\n");
  EXPECT_EQ(plain(said(files_->rename(at("nobody"), at("c")))),
            "error[file.not_found]: there is no file or folder R/nobody\n");
  EXPECT_EQ(said(files_->rename(at("full"), at("empty"))), "fine");
  EXPECT_EQ(*files_->read_file(at("empty/x")), "x");
}

TEST_P(BothFileSystems, AreSafeToUseFromManyThreads) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([this, i] {
        for (int n = 0; n < 20; ++n) {
          EXPECT_TRUE(files_->write_file(at("shared"), std::string(1000, static_cast<char>('a' + i))));
          const auto text = files_->read_file(at("shared"));
          EXPECT_TRUE(text && text->size() == 1000 &&
                      text->find_first_not_of(text->front()) == std::string::npos);
        }
      });
    }
  }
  EXPECT_THAT(*files_->list(root_), ElementsAre("shared"));
}

TEST(MemoryFileSystem, AFullDiskLeavesNothingHalfWritten) {
  MemoryFileSystem files;
  files.add("out/results.json", "old");
  files.fail_writes_after(10);
  EXPECT_EQ(said(files.write_file("out/small", "12345")), "fine");
  auto writer = *files.create("out/results.json");
  EXPECT_THAT(files.paths(), ElementsAre("out/.results.json.0.tmp", "out/results.json", "out/small"));
  writer->write("123");
  writer->write("456");
  writer->write("");
  EXPECT_EQ(said(writer->commit()),
            "error[file.unwritable]: cannot write out/results.json: no space left on device\n");
  EXPECT_THAT(files.paths(), ElementsAre("out/results.json", "out/small"));
  EXPECT_EQ(*files.read_file("out/results.json"), "old");
}

TEST(MemoryFileSystem, ADeniedFolderIsShut) {
  MemoryFileSystem files;
  files.add("secret/a.txt", "x");
  files.deny("secret");
  EXPECT_EQ(said(files.read_file("secret/a.txt")),
            "error[file.unreadable]: cannot read secret/a.txt: permission denied\n");
  EXPECT_EQ(said(files.list("secret")), "error[file.unreadable]: cannot read secret: permission denied\n");
  EXPECT_EQ(said(files.write_file("secret/b", "")),
            "error[file.unwritable]: cannot write secret/b: permission denied\n");
  EXPECT_EQ(said(files.make_folders("secret/b")),
            "error[file.unwritable]: cannot write secret/b: permission denied\n");
  EXPECT_EQ(said(files.remove_all("secret")),
            "error[file.unwritable]: cannot remove secret: permission denied\n");
  EXPECT_EQ(said(files.write_file("secrets", "")), "fine");  // another name
}

class Disk : public BothFileSystems {};
INSTANTIATE_TEST_SUITE_P(Only, Disk, testing::Values("disk"));

TEST_P(Disk, AFullDiskLeavesNothingHalfWritten) {
  // A limit on the size of files fails like a full disk does: in the middle of a write.
  ASSERT_TRUE(files_->write_file(at("out"), "old"));
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small { 4096, before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = files_->write_file(at("out"), std::string(1'000'000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(plain(said(status)), "error[file.unwritable]: cannot write R/out: file too large\n");
  EXPECT_EQ(*files_->read_file(at("out")), "old");
  EXPECT_THAT(*files_->list(root_), ElementsAre("out"));
}

TEST_P(Disk, PermissionsCount) {
  // Root may do everything, so it becomes somebody else for this test.
  const bool is_root = ::geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(::chown(root_.c_str(), 65534, 65534), 0);
    ASSERT_EQ(::seteuid(65534), 0);
  }
  ASSERT_TRUE(files_->make_folders(at("shut")));
  ASSERT_TRUE(files_->write_file(at("shut/a"), "x"));
  ASSERT_EQ(::chmod(at("shut/a").c_str(), 0), 0);
  EXPECT_EQ(plain(said(files_->read_file(at("shut/a")))),
            "error[file.unreadable]: cannot read R/shut/a: permission denied\n");
  EXPECT_EQ(plain(said(files_->write_file(at("shut/a"), ""))),
            "error[file.unwritable]: cannot write R/shut/a: permission denied\n");
  ASSERT_EQ(::chmod(at("shut").c_str(), 0500), 0);
  EXPECT_EQ(plain(said(files_->write_file(at("shut/b"), ""))),
            "error[file.unwritable]: cannot write R/shut/b: permission denied\n");
  ASSERT_EQ(::chmod(at("shut").c_str(), 0), 0);
  EXPECT_EQ(plain(said(files_->list(at("shut")))),
            "error[file.unreadable]: cannot read R/shut: permission denied\n");
  EXPECT_EQ(plain(said(files_->make_folders(at("shut/sub")))),
            "error[file.unwritable]: cannot write R/shut/sub: permission denied\n");
  ASSERT_EQ(::chmod(at("shut").c_str(), 0700), 0);
  if (is_root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
}

TEST_P(Disk, ReplacedFilesKeepTheirModeAndLinks) {
  ASSERT_TRUE(files_->write_file(at("real"), "old"));
  ASSERT_EQ(::chmod(at("real").c_str(), 0640), 0);
  ASSERT_EQ(::symlink("real", at("link").c_str()), 0);
  EXPECT_EQ(said(files_->write_file(at("link"), "new")), "fine");
  EXPECT_EQ(*files_->read_file(at("real")), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(at("link")));
  struct stat about {};
  ASSERT_EQ(::stat(at("real").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0640U);
  ASSERT_EQ(::symlink("nowhere", at("dangling").c_str()), 0);
  EXPECT_EQ(files_->kind(at("dangling")), FileKind::none);
  EXPECT_EQ(said(files_->write_file(at("dangling"), "new")), "fine");
}

TEST_P(Disk, PipesAndDevicesAreReadAndWrittenAsTheyAre) {
  EXPECT_EQ(*files_->read_file("/dev/null"), "");
  EXPECT_EQ(said(files_->write_file("/dev/null", "gone")), "fine");
  EXPECT_EQ(files_->kind("/dev/null"), FileKind::other);
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  const std::string bytes(300'000, 'p');
  {
    const std::jthread writer([&] { EXPECT_EQ(said(files_->write_file(at("pipe"), bytes)), "fine"); });
    EXPECT_EQ(*files_->read_file(at("pipe")), bytes);
  }
  EXPECT_EQ(files_->kind(at("pipe")), FileKind::other);
  EXPECT_THAT(*files_->list(root_), ElementsAre("pipe"));
}

TEST_P(Disk, LongNamesGetShorterTemporaryOnes) {
  const std::string name(250, 'n');
  EXPECT_EQ(said(files_->write_file(at(name), "x")), "fine");
  EXPECT_THAT(*files_->list(root_), ElementsAre(name));
}

}  // namespace
}  // namespace muster
