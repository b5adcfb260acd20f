#include "evidence/archive.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <set>
#include <utility>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <zlib.h>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/text.h"
#include "evidence/sums.h"

namespace muster::evidence {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kPieceBytes = 256 * 1024;
constexpr std::size_t kBlockBytes = 512;  // of tar
// How the one member begins: deflate, no flags, no time, Unix (RFC 1952).
constexpr std::string_view kGzipHead = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"sv;

// The seal, a gzip member of no bytes (RFC 1952): header with a comment, an empty deflate block, CRC 0, size
// 0. Every reader of gzip skips it.
constexpr std::string_view kSealHead = "\x1f\x8b\x08\x10\x00\x00\x00\x00\x00\x03muster-seal sha256="sv;
constexpr std::string_view kSealTail = "\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"sv;
constexpr std::size_t kSealBytes = kSealHead.size() + 64 + kSealTail.size();

std::string make_seal(std::string_view digest) {
  return std::string(kSealHead).append(digest).append(kSealTail);
}

struct FreeWriter {
  void operator()(archive* a) const { archive_write_free(a); }
};
struct FreeReader {
  void operator()(archive* a) const { archive_read_free(a); }
};
struct FreeEntry {
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};

std::string reason_of(archive* a) {
  const char* text = archive_error_string(a);
  return text == nullptr ? "no reason given" : make_visible(text);
}

/// A ustar without compression into `put`, in the one form that a bundle has.
void open_tar(archive* tar, void* self, archive_write_callback* put, const auto& check) {
  check(archive_write_set_format_ustar(tar));
  check(archive_write_set_bytes_per_block(tar, 10240));
  check(archive_write_set_bytes_in_last_block(tar, 1));
  check(archive_write_open(tar, self, nullptr, put, nullptr));
}

int write_header(archive* tar, const std::string& path, std::uint64_t size, std::int64_t seconds) {
  const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), path.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_mtime(entry.get(), seconds, 0);
  return archive_write_header(tar, entry.get());
}

}  // namespace

struct ArchiveWriter::Impl {
  std::unique_ptr<FileWriter> out;
  std::string folder;
  Instant time;
  std::unique_ptr<archive, FreeWriter> tar;
  Sha256 before_seal;
  Sha256 whole;
  Status status;

  static la_ssize_t put(archive*, void* self, const void* bytes, std::size_t count) {
    auto& writer = *static_cast<Impl*>(self);
    const std::string_view piece(static_cast<const char*>(bytes), count);
    writer.out->write(piece);
    writer.before_seal.update(piece);
    writer.whole.update(piece);
    return static_cast<la_ssize_t>(count);
  }
  void check(int code) {
    if (code == ARCHIVE_OK || !status) return;
    status =
        fail(ErrorCode::file_unwritable, fmt::format("cannot write the archive: {}", reason_of(tar.get())));
  }
};

ArchiveWriter::ArchiveWriter(std::unique_ptr<FileWriter> out, std::string folder, Instant time)
    : impl_(std::make_unique<Impl>()) {
  impl_->out = std::move(out);
  impl_->folder = std::move(folder);
  impl_->time = time;
  impl_->tar.reset(archive_write_new());
  archive* tar = impl_->tar.get();
  if (tar == nullptr) throw std::bad_alloc();
  impl_->check(archive_write_add_filter_gzip(tar));
  impl_->check(archive_write_set_filter_option(tar, "gzip", "timestamp", nullptr));
  impl_->check(archive_write_set_filter_option(tar, "gzip", "compression-level", "6"));
  open_tar(tar, impl_.get(), &Impl::put, [&](int code) { impl_->check(code); });
}

ArchiveWriter::~ArchiveWriter() = default;

void ArchiveWriter::begin_file(const std::string& name, std::uint64_t size) {
  if (!impl_->status) return;
  impl_->check(
      write_header(impl_->tar.get(), impl_->folder + "/" + name, size, impl_->time.us / kMicrosPerSecond));
}

void ArchiveWriter::write(std::string_view bytes) {
  if (!impl_->status || bytes.empty()) return;
  if (archive_write_data(impl_->tar.get(), bytes.data(), bytes.size()) !=
      static_cast<la_ssize_t>(bytes.size()))
    impl_->check(ARCHIVE_FATAL);
}

Result<std::string> ArchiveWriter::commit() {
  impl_->check(archive_write_close(impl_->tar.get()));
  if (!impl_->status) return tl::unexpected(impl_->status.error());
  const std::string seal = make_seal(impl_->before_seal.finish_hex());
  impl_->out->write(seal);
  impl_->whole.update(seal);
  if (const Status committed = impl_->out->commit(); !committed) return tl::unexpected(committed.error());
  return impl_->whole.finish_hex();
}

namespace {

/// The archive's bytes on their way to libarchive, without the seal.
struct Source {
  const RandomAccessFile& file;
  std::uint64_t end = 0;
  std::uint64_t at = 0;
  std::vector<char> buffer = std::vector<char>(kPieceBytes);
  std::optional<Error> error;

  static la_ssize_t get(archive* a, void* self, const void** bytes) {
    auto& source = *static_cast<Source*>(self);
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(source.buffer.size(), source.end - source.at));
    const auto got = source.file.read_at(source.at, std::span(source.buffer).first(wanted));
    if (!got) {
      source.error = got.error();
      archive_set_error(a, EIO, "%s", got.error().message.c_str());
      return -1;
    }
    source.at += *got;
    *bytes = source.buffer.data();
    return static_cast<la_ssize_t>(*got);
  }
};

/// The ustar as it comes out of gzip, beside what would be written of the files that are read from it.
class Twin {
 public:
  explicit Twin(archive* gzip) : gzip_(gzip), tar_(archive_write_new()) {
    if (tar_ == nullptr) throw std::bad_alloc();
    open_tar(tar_.get(), this, &Twin::put, [&](int code) { check(code); });
  }

  /// For libarchive's reader of tar: the next bytes out of gzip.
  static la_ssize_t get(archive* reader, void* self, const void** bytes) {
    auto& twin = *static_cast<Twin*>(self);
    const auto piece = twin.next();
    if (!piece) {
      archive_set_error(reader, EINVAL, "%s", reason_of(twin.gzip_).c_str());
      return -1;
    }
    *bytes = piece->data();
    return static_cast<la_ssize_t>(piece->size());
  }
  void begin_file(const std::string& path, std::uint64_t size, std::int64_t seconds) {
    files_.emplace_back(expected_, path);
    expected_ += kBlockBytes + (size + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
    check(write_header(tar_.get(), path, size, seconds));
  }
  void write(std::string_view bytes) {
    if (archive_write_data(tar_.get(), bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size()))
      is_same_ = false;
  }
  /// Reads to the end, or beyond what may be there.
  void finish() {
    check(archive_write_close(tar_.get()));
    expected_ += 2 * kBlockBytes;
    while (given_ <= expected_) {
      const auto piece = next();
      if (!piece) is_same_ = false;
      if (!piece || piece->empty()) break;
    }
    if (given_ != expected_ || !read_.empty() || !written_.empty()) is_same_ = false;
  }
  [[nodiscard]] bool is_same() const { return is_same_; }
  /// Where the first difference is: the path of a file; empty behind the last.
  [[nodiscard]] std::string_view odd() const {
    std::string_view found;
    if (different_ < expected_ - 2 * kBlockBytes)
      for (const auto& [begin, path] : files_)
        if (begin <= different_) found = path;
    return found;
  }
  [[nodiscard]] std::uint32_t crc() const { return crc_; }
  [[nodiscard]] std::uint64_t bytes() const { return given_; }

 private:
  std::optional<std::string_view> next() {
    const void* bytes = nullptr;
    std::size_t count = 0;
    la_int64_t offset = 0;
    const int code = archive_read_data_block(gzip_, &bytes, &count, &offset);
    if (code == ARCHIVE_EOF) return std::string_view();
    if (code != ARCHIVE_OK) return std::nullopt;
    const std::string_view piece(static_cast<const char*>(bytes), count);
    given_ += count;
    crc_ = static_cast<std::uint32_t>(crc32_z(crc_, static_cast<const unsigned char*>(bytes), count));
    read_ += piece;
    compare();
    return piece;
  }
  static la_ssize_t put(archive*, void* self, const void* bytes, std::size_t count) {
    auto& twin = *static_cast<Twin*>(self);
    twin.written_.append(static_cast<const char*>(bytes), count);
    twin.compare();
    return static_cast<la_ssize_t>(count);
  }
  void compare() {
    const std::size_t both = std::min(read_.size(), written_.size());
    const auto end = read_.begin() + static_cast<std::ptrdiff_t>(both);
    const auto at = std::mismatch(read_.begin(), end, written_.begin()).first;
    if (at != end) {
      is_same_ = false;
      different_ = std::min(different_, compared_ + static_cast<std::uint64_t>(at - read_.begin()));
    }
    compared_ += both;
    read_.erase(0, both);
    written_.erase(0, both);
  }
  void check(int code) {
    if (code != ARCHIVE_OK) is_same_ = false;
  }

  archive* gzip_;
  std::string read_, written_;  // what the other has not come to yet
  std::uint64_t given_ = 0, expected_ = 0, compared_ = 0, different_ = UINT64_MAX;
  std::uint32_t crc_ = 0;                                     // of RFC 1952
  std::vector<std::pair<std::uint64_t, std::string>> files_;  // where each begins
  bool is_same_ = true;
  std::unique_ptr<archive, FreeWriter> tar_;  // its end writes
};

/// Whether the archive ends in a seal that fits; `end` gets where it begins (the whole file when there is
/// none).
Status check_seal(const RandomAccessFile& file, const std::string& path, std::uint64_t& end) {
  const auto refuse = [&](std::string_view why, std::string hint) {
    return fail(ErrorCode::evidence_archive, fmt::format("{}: {}", path, why), {}, std::move(hint));
  };
  const auto unsealed = [&] {
    return refuse(
        "the seal at the end is missing or damaged: the archive was cut off, changed or packed anew",
        "to verify contents that were packed by another tool, unpack them and verify the folder");
  };
  end = file.size();
  if (file.size() <= kSealBytes) return unsealed();
  std::array<char, kSealBytes> seal{};
  const auto got = file.read_at(file.size() - kSealBytes, seal);
  if (!got) return tl::unexpected(got.error());
  const std::string_view text(seal.data(), seal.size());
  if (!text.starts_with(kSealHead) || !text.ends_with(kSealTail)) return unsealed();
  end = file.size() - kSealBytes;
  Sha256 digest;
  std::vector<char> buffer(kPieceBytes);
  for (std::uint64_t at = 0; at < end;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at));
    const auto piece = file.read_at(at, std::span(buffer).first(wanted));
    if (!piece) return tl::unexpected(piece.error());
    if (*piece == 0) return unsealed();
    digest.update(std::string_view(buffer.data(), *piece));
    at += *piece;
  }
  if (digest.finish_hex() != text.substr(kSealHead.size(), 64))
    return refuse("bytes of the archive were changed after it was made", "");
  return {};
}

/// One gzip member, whose header says nothing and whose end says the sum and the size of what it held, which
/// libarchive does not look at; a second member would say others.
Status check_gzip(const RandomAccessFile& file, const std::string& path, std::uint64_t end, std::uint32_t sum,
                  std::uint64_t unpacked) {
  constexpr std::size_t kEndBytes = 8;
  std::array<char, kGzipHead.size()> head{};
  std::array<char, kEndBytes> tail{};
  for (const auto& got : {file.read_at(0, head), file.read_at(end - kEndBytes, tail)})
    if (!got) return tl::unexpected(got.error());
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(tail[at + i]);
    return value;
  };
  if (std::string_view(head.data(), head.size()) != kGzipHead || number(0) != sum ||
      number(4) != static_cast<std::uint32_t>(unpacked))
    return fail(ErrorCode::evidence_archive,
                fmt::format("{}: its gzip member is not the one that muster writes", path));
  return {};
}

/// The entry's name below the one folder, or why it is refused.
Result<std::string> checked_name(archive* tar, archive_entry* entry, std::string& folder,
                                 const auto& refuse) {
  const char* raw = archive_entry_pathname(entry);
  const std::string_view path = raw == nullptr ? std::string_view() : std::string_view(raw);
  if (archive_format(tar) != ARCHIVE_FORMAT_TAR_USTAR)
    return refuse(fmt::format("{} is stored in another format than plain ustar", make_visible(path)));
  if (archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr ||
      archive_entry_filetype(entry) != AE_IFREG)
    return refuse(fmt::format("{} is a link, a device or a folder; a bundle holds plain files only",
                              make_visible(path)));
  const std::size_t slash = path.find('/');
  const std::string_view top = path.substr(0, slash);
  if (slash == std::string_view::npos || !is_safe_name(top) || !is_safe_name(path.substr(slash + 1)))
    return refuse(fmt::format("{} is not a name that a bundle may hold", make_visible(path)));
  // What stands beside the name and the bytes could be changed by anybody who makes a new seal.
  const auto is_said = [](const char* text) { return text != nullptr && *text != '\0'; };
  if (archive_entry_perm(entry) != 0644 || archive_entry_uid(entry) != 0 || archive_entry_gid(entry) != 0 ||
      is_said(archive_entry_uname(entry)) || is_said(archive_entry_gname(entry)) ||
      archive_entry_sparse_count(entry) > 0)
    return refuse(fmt::format("{} has an owner, a mode or holes that muster does not write", path));
  if (folder.empty()) folder = top;
  if (folder != top) return refuse(fmt::format("{} stands outside the folder {}", path, folder));
  return std::string(path.substr(slash + 1));
}

}  // namespace

Status read_archive(const FileSystem& files, const std::string& path, const ArchiveLimits& limits,
                    const ArchiveReader& reader, ArchiveTop& top) {
  auto file = files.open(path);
  if (!file) return tl::unexpected(file.error());
  Source source{.file = **file, .end = (*file)->size(), .error = {}};
  const Status seal = check_seal(**file, path, source.end);
  if (!seal && seal.error().code != ErrorCode::evidence_archive) return seal;

  const std::unique_ptr<archive, FreeReader> gzip(archive_read_new()), tar(archive_read_new());
  if (gzip == nullptr || tar == nullptr) throw std::bad_alloc();
  std::string last;  // the file at which reading stopped
  // The seal's complaint names the archive; together with the place where the reading stops it names the file
  // as well.
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorCode::evidence_archive,
                fmt::format("{}: {}{}{}", path, why, last.empty() ? "" : fmt::format(" (after {})", last),
                            seal ? "" : "; " + seal.error().message.substr(path.size() + 2)));
  };
  archive_read_support_format_raw(gzip.get());
  archive_read_support_filter_gzip(gzip.get());
  archive_read_support_format_tar(tar.get());
  archive_entry* entry = nullptr;
  if (archive_read_open(gzip.get(), &source, nullptr, &Source::get, nullptr) != ARCHIVE_OK ||
      archive_read_next_header(gzip.get(), &entry) != ARCHIVE_OK) {
    if (source.error) return tl::unexpected(*source.error);
    return refuse(fmt::format("it is no archive of ustar in gzip: {}", reason_of(gzip.get())));
  }
  if (archive_filter_count(gzip.get()) != 2 || archive_filter_code(gzip.get(), 0) != ARCHIVE_FILTER_GZIP)
    return refuse("it is not packed once by gzip");
  Twin twin(gzip.get());
  if (archive_read_open(tar.get(), &twin, nullptr, &Twin::get, nullptr) != ARCHIVE_OK) {
    if (source.error) return tl::unexpected(*source.error);
    return refuse(fmt::format("it is no archive of ustar in gzip: {}", reason_of(tar.get())));
  }
  std::set<std::string> seen;
  std::uint64_t total = 0, count = 0;
  std::time_t time = 0;
  std::vector<char> buffer(kPieceBytes);
  while (true) {
    const int code = archive_read_next_header(tar.get(), &entry);
    if (source.error) return tl::unexpected(*source.error);
    if (code == ARCHIVE_EOF) break;
    if (code != ARCHIVE_OK) return refuse(fmt::format("it cannot be read: {}", reason_of(tar.get())));
    auto name = checked_name(tar.get(), entry, top.folder, refuse);
    if (!name) return tl::unexpected(name.error());
    if (!seen.insert(fold_case(*name)).second) return refuse(fmt::format("{} is there twice", *name));
    if (!last.empty() && *name < last) return refuse(fmt::format("{} is out of order", *name));
    if (count > 0 && archive_entry_mtime(entry) != time)
      return refuse(fmt::format("{} has another time than the files before it", *name));
    time = archive_entry_mtime(entry);
    top.time = Instant{std::int64_t{time} * kMicrosPerSecond};
    if (++count > limits.files) return refuse(fmt::format("it holds more than {} files", limits.files));
    const la_int64_t declared = archive_entry_size(entry);
    if (declared < 0 || archive_entry_size_is_set(entry) == 0 ||
        static_cast<std::uint64_t>(declared) > limits.file_bytes)
      return refuse(fmt::format("{} is larger than a bundle's files may be", *name));
    const auto size = static_cast<std::uint64_t>(declared);
    total += size;
    if (total > limits.bytes || (total > limits.free_bytes && total / limits.ratio > (*file)->size()))
      return refuse(
          fmt::format("its files are too large for its size, at {}: it was made to fill the disk", *name));
    twin.begin_file(fmt::format("{}/{}", top.folder, *name), size, time);
    if (const Status begun = reader.begin(*name, size); !begun) return begun;
    std::uint64_t read = 0;
    while (true) {
      const la_ssize_t got = archive_read_data(tar.get(), buffer.data(), buffer.size());
      if (source.error) return tl::unexpected(*source.error);
      if (got < 0) return refuse(fmt::format("{} cannot be read: {}", *name, reason_of(tar.get())));
      if (got == 0) break;
      read += static_cast<std::uint64_t>(got);
      if (read > size) return refuse(fmt::format("{} is longer than it says", *name));
      const std::string_view piece(buffer.data(), static_cast<std::size_t>(got));
      twin.write(piece);
      if (const Status written = reader.write(piece); !written) return written;
    }
    if (read != size) return refuse(fmt::format("{} is shorter than it says", *name));
    if (const Status ended = reader.end(); !ended) return ended;
    last = *name;
  }
  twin.finish();
  if (source.error) return tl::unexpected(*source.error);
  const std::string hint = "to verify contents that another tool packed, unpack them and verify the folder";
  if (!twin.is_same()) {
    std::string odd(twin.odd());
    odd.erase(0, odd.find('/') + 1);
    return fail(ErrorCode::evidence_archive,
                fmt::format("{}: {} is not stored as muster stores it", path,
                            odd.empty() ? "what stands behind " + (last.empty() ? "the start" : last) : odd),
                {}, hint);
  }
  if (seal)
    if (const Status fine = check_gzip(**file, path, source.end, twin.crc(), twin.bytes()); !fine)
      return fine;
  return seal;
}

}  // namespace muster::evidence
