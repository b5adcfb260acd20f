#include "cli/interruptible_files.h"

namespace muster::cli {
namespace {

auto interrupted() { return fail(ErrorCode::interrupted, "interrupted"); }

class Reader final : public RandomAccessFile {
 public:
  Reader(std::unique_ptr<RandomAccessFile> file, const std::atomic<bool>& is_interrupted)
      : file_(std::move(file)), is_interrupted_(is_interrupted) {}
  std::uint64_t size() const override { return file_->size(); }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    if (is_interrupted_) return interrupted();
    return file_->read_at(offset, out);
  }

 private:
  std::unique_ptr<RandomAccessFile> file_;
  const std::atomic<bool>& is_interrupted_;
};

class Writer final : public FileWriter {
 public:
  Writer(std::unique_ptr<FileWriter> file, const std::atomic<bool>& is_interrupted)
      : file_(std::move(file)), is_interrupted_(is_interrupted) {}
  void write(std::string_view bytes) override {
    if (!is_interrupted_) file_->write(bytes);
  }
  Status commit() override {
    if (!is_interrupted_) return file_->commit();
    file_.reset();  // takes the unfinished file away
    return interrupted();
  }

 private:
  std::unique_ptr<FileWriter> file_;
  const std::atomic<bool>& is_interrupted_;
};

}  // namespace

Result<std::unique_ptr<RandomAccessFile>> InterruptibleFiles::open(const std::string& path) const {
  if (is_interrupted_) return interrupted();
  auto file = files_.open(path);
  if (!file) return tl::unexpected(file.error());
  return std::make_unique<Reader>(std::move(*file), is_interrupted_);
}

Result<std::unique_ptr<FileWriter>> InterruptibleFiles::create(const std::string& path) {
  if (is_interrupted_) return interrupted();
  auto file = files_.create(path);
  if (!file) return tl::unexpected(file.error());
  return std::make_unique<Writer>(std::move(*file), is_interrupted_);
}

Result<std::unique_ptr<FileWriter>> InterruptibleFiles::create_secret(const std::string& path) {
  if (is_interrupted_) return interrupted();
  auto file = files_.create_secret(path);
  if (!file) return tl::unexpected(file.error());
  return std::make_unique<Writer>(std::move(*file), is_interrupted_);
}

Result<std::vector<std::string>> InterruptibleFiles::list(const std::string& folder) const {
  if (is_interrupted_) return interrupted();
  return files_.list(folder);
}

FileKind InterruptibleFiles::kind(const std::string& path) const { return files_.kind(path); }

Status InterruptibleFiles::make_folders(const std::string& folder) {
  if (is_interrupted_) return interrupted();
  return files_.make_folders(folder);
}

// Not interrupted: an output folder is rendered beside its place and then renamed file by file, and a stop
// between two of these would leave half of it. Renames are quick.
Status InterruptibleFiles::rename(const std::string& from, const std::string& to) {
  return files_.rename(from, to);
}

Status InterruptibleFiles::remove_all(const std::string& path) { return files_.remove_all(path); }

}  // namespace muster::cli
