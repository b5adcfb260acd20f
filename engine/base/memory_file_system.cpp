#include <algorithm>
#include <cstring>

#include "base/file_errors.h"
#include "base/file_system.h"

namespace muster {
namespace {

class MemoryFile final : public RandomAccessFile {
 public:
  explicit MemoryFile(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_->size(); }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    if (offset >= bytes_->size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(out.size(), bytes_->size() - offset);
    std::memcpy(out.data(), bytes_->data() + offset, count);
    return count;
  }

 private:
  std::shared_ptr<const std::string> bytes_;
};

std::string normal(std::string_view path) { return join_path(path, ""); }

bool is_below(std::string_view path, std::string_view folder) {
  if (folder == "/") return path.size() > 1 && path.starts_with('/');
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool is_start(std::string_view path) {
  return path == "." || path == "/" || path == ".." || path.ends_with("/..");
}

template <class Map>
bool holds_below(const Map& map, const std::string& folder) {
  return std::any_of(map.begin(), map.end(),
                     [&](const auto& entry) { return is_below(entry.first, folder); });
}

template <class Map>
bool is_denied(const Map& denied, const std::string& path) {
  return std::any_of(denied.begin(), denied.end(),
                     [&](const auto& entry) { return entry.first == path || is_below(path, entry.first); });
}

template <class Files, class Folders>
FileKind kind_of(const Files& files, const Folders& folders, const std::string& path) {
  if (files.contains(path)) return FileKind::file;
  return is_start(path) || folders.contains(path) ? FileKind::folder : FileKind::none;
}

template <class Folders>
void add_folders(Folders& folders, std::string folder) {
  for (; !is_start(folder); folder = parent_path(folder)) folders.emplace(folder, true);
}

/// Moves the entries at and below `from` to `to`.
template <class Map>
void move_entries(Map& map, const std::string& from, const std::string& to) {
  Map moved;
  for (auto at = map.begin(); at != map.end();) {
    if (at->first == from || is_below(at->first, from)) {
      moved.emplace(to + at->first.substr(from.size()), at->second);
      at = map.erase(at);
    } else {
      ++at;
    }
  }
  for (auto& [path, value] : moved) map.insert_or_assign(path, value);
}

}  // namespace

class MemoryWriter final : public FileWriter {
 public:
  MemoryWriter(MemoryFileSystem& files, std::string path, std::string temporary)
      : files_(files), path_(std::move(path)), temporary_(std::move(temporary)) {}
  MemoryWriter(const MemoryWriter&) = delete;
  MemoryWriter& operator=(const MemoryWriter&) = delete;
  ~MemoryWriter() override { discard(); }

  void write(std::string_view bytes) override {
    if (full_) return;
    const std::lock_guard lock(files_.mutex_);
    full_ = bytes.size() > files_.room_;
    if (full_) {
      files_.room_ = 0;
    } else {
      bytes_.append(bytes);
      if (files_.room_ != UINT64_MAX) files_.room_ -= bytes.size();
    }
  }

  Status commit() override {
    discard();
    if (full_) return cannot_write(path_, ENOSPC);
    const std::lock_guard lock(files_.mutex_);
    files_.files_[path_] = std::make_shared<const std::string>(std::move(bytes_));
    return {};
  }

 private:
  void discard() {
    const std::lock_guard lock(files_.mutex_);
    files_.files_.erase(temporary_);
  }

  MemoryFileSystem& files_;
  std::string path_;
  std::string temporary_;
  std::string bytes_;
  bool full_ = false;
};

void MemoryFileSystem::add(const std::string& path, std::string bytes) {
  const std::lock_guard lock(mutex_);
  const std::string name = normal(path);
  add_folders(folders_, parent_path(name));
  files_[name] = std::make_shared<const std::string>(std::move(bytes));
}

void MemoryFileSystem::fail_writes_after(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  room_ = bytes;
}

void MemoryFileSystem::deny(const std::string& path) {
  const std::lock_guard lock(mutex_);
  denied_[normal(path)] = true;
}

std::vector<std::string> MemoryFileSystem::paths() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [path, bytes] : files_) all.push_back(path);
  return all;
}

Result<std::unique_ptr<RandomAccessFile>> MemoryFileSystem::open(const std::string& path) const {
  const std::string name = normal(path);
  {
    const std::lock_guard lock(mutex_);
    if (is_denied(denied_, name)) return cannot_read(path, EACCES);
    if (const auto found = files_.find(name); found != files_.end())
      return std::make_unique<MemoryFile>(found->second);
    if (kind_of(files_, folders_, name) == FileKind::folder) return cannot_read(path, EISDIR);
  }
  return not_there(*this, path);
}

Result<std::unique_ptr<FileWriter>> MemoryFileSystem::create(const std::string& path) {
  const std::string name = normal(path);
  const std::lock_guard lock(mutex_);
  if (is_denied(denied_, name)) return cannot_write(path, EACCES);
  if (kind_of(files_, folders_, name) == FileKind::folder) return cannot_write(path, EISDIR);
  const std::string folder = parent_path(name);
  if (kind_of(files_, folders_, folder) != FileKind::folder)
    return cannot_write(path, files_.contains(folder) ? ENOTDIR : ENOENT);
  std::string temporary;
  for (unsigned serial = 0; temporary.empty() || files_.contains(temporary); ++serial)
    temporary = join_path(folder, fmt::format(".{}.{}.tmp", file_name(name), serial));
  files_[temporary] = std::make_shared<const std::string>();
  return std::make_unique<MemoryWriter>(*this, name, temporary);
}

Result<std::vector<std::string>> MemoryFileSystem::list(const std::string& folder) const {
  const std::string name = normal(folder);
  const std::lock_guard lock(mutex_);
  if (is_denied(denied_, name)) return cannot_read(folder, EACCES);
  const FileKind what = kind_of(files_, folders_, name);
  if (what == FileKind::none)
    return fail(ErrorCode::file_not_found, fmt::format("there is no folder {}", folder));
  if (what != FileKind::folder) return cannot_read(folder, ENOTDIR);
  std::vector<std::string> names;
  const auto take = [&](const std::string& path) {
    if (path != name && parent_path(path) == name) names.push_back(file_name(path));
  };
  for (const auto& [path, bytes] : files_) take(path);
  for (const auto& [path, there] : folders_) take(path);
  std::sort(names.begin(), names.end());
  return names;
}

FileKind MemoryFileSystem::kind(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return kind_of(files_, folders_, normal(path));
}

Status MemoryFileSystem::make_folders(const std::string& folder) {
  const std::string name = normal(folder);
  const std::lock_guard lock(mutex_);
  if (is_denied(denied_, name)) return cannot_write(folder, EACCES);
  for (std::string each = name; !is_start(each); each = parent_path(each))
    if (files_.contains(each)) return cannot_write(folder, ENOTDIR);
  add_folders(folders_, name);
  return {};
}

Status MemoryFileSystem::rename(const std::string& from, const std::string& to) {
  const std::string source = normal(from);
  const std::string target = normal(to);
  FileKind what = FileKind::none;
  {
    const std::lock_guard lock(mutex_);
    if (is_denied(denied_, source) || is_denied(denied_, target)) return cannot_write(to, EACCES);
    what = kind_of(files_, folders_, source);
    if (what != FileKind::none) {
      const FileKind there = kind_of(files_, folders_, target);
      if (kind_of(files_, folders_, parent_path(target)) != FileKind::folder) return cannot_write(to, ENOENT);
      if (source == target) return {};
      if (is_below(target, source)) return cannot_write(to, EINVAL);
      if (what == FileKind::folder && there == FileKind::file) return cannot_write(to, ENOTDIR);
      if (what == FileKind::file && there == FileKind::folder) return cannot_write(to, EISDIR);
      if (there == FileKind::folder && (holds_below(files_, target) || holds_below(folders_, target)))
        return cannot_write(to, ENOTEMPTY);
      move_entries(files_, source, target);
      move_entries(folders_, source, target);
    }
  }
  if (what == FileKind::none) return not_there(*this, from);
  return {};
}

Status MemoryFileSystem::remove_all(const std::string& path) {
  const std::string name = normal(path);
  const std::lock_guard lock(mutex_);
  if (is_denied(denied_, name))
    return fail(ErrorCode::file_unwritable, fmt::format("cannot remove {}: {}", path, reason_of(EACCES)));
  const auto gone = [&](const auto& entry) { return entry.first == name || is_below(entry.first, name); };
  std::erase_if(files_, gone);
  std::erase_if(folders_, gone);
  return {};
}

}  // namespace muster
