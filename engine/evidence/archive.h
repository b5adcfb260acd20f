// Archives: one folder of plain files as a reproducible .tar.gz. Written: ustar, names sorted by the caller,
// owner 0, mode 0644, one time for all, gzip without name and time, and at the end a seal: an empty gzip
// member whose comment holds the SHA-256 of all bytes before it, so that damage shows, also of bytes that no
// file's contents depend on. Anybody can make a seal, so the ustar inside must be, byte for byte, what would
// be written of the same files: two programs cannot unpack it in two ways, and nothing hides in padding,
// headers or behind the end. Read: archives are hostile until read to the end. Refused are every format but
// ustar in gzip, links, devices, folders' escape, unsafe names, names that come twice (also in other
// capitals), and sizes beyond the limits. Behind this header is libarchive.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "base/result.h"
#include "base/time.h"

namespace muster::evidence {

/// Writes one archive; appears whole at commit(). Errors are kept and come out of commit().
class ArchiveWriter {
 public:
  /// `folder` is the name of the one folder that holds all files; `time` is every file's, in whole seconds.
  ArchiveWriter(std::unique_ptr<FileWriter> out, std::string folder, Instant time);
  ~ArchiveWriter();
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  /// Then exactly `size` bytes by write().
  void begin_file(const std::string& name, std::uint64_t size);
  void write(std::string_view bytes);
  /// Error: file_unwritable. On success the SHA-256 of the archive.
  [[nodiscard]] Result<std::string> commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct ArchiveLimits {
  std::uint64_t files = 20'000;
  std::uint64_t bytes = 64ull << 30;       // of all files
  std::uint64_t file_bytes = 8ull << 30;   // of one: what ustar can say
  std::uint64_t free_bytes = 64ull << 20;  // up to here any compression is fine
  std::uint64_t ratio = 400;               // then at most so many bytes for each byte of the archive
};

/// What reads an archive: begin(name, size), then pieces, then end().
struct ArchiveReader {
  std::function<Status(const std::string& name, std::uint64_t size)> begin;
  std::function<Status(std::string_view bytes)> write;
  std::function<Status()> end;
};

/// What all files of an archive have in common.
struct ArchiveTop {
  std::string folder;  // that holds them
  Instant time;
};

/// Reads all files of an archive in its order; `top` is what was seen until the end or the error. Errors:
/// evidence_archive naming the archive and the file at which it stopped; what `reader` returns.
[[nodiscard]] Status read_archive(const FileSystem& files, const std::string& path,
                                  const ArchiveLimits& limits, const ArchiveReader& reader, ArchiveTop& top);

}  // namespace muster::evidence
