#include "reports/report.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/parallel.h"
#include "base/text.h"
#include "reports/populations.h"

namespace muster::reports {

#define UNIT(name) Format name##_format();
#include "formats.inc"
#undef UNIT

namespace {

const std::vector<Format>& table() {
  static const std::vector<Format> rows = [] {
    std::vector<Format> made = {
#define UNIT(name) name##_format(),
#include "formats.inc"
#undef UNIT
    };
    std::sort(made.begin(), made.end(), [](const Format& a, const Format& b) { return a.name < b.name; });
    return made;
  }();
  return rows;
}

/// "out/junit.xml" + "-002" → "out/junit-002.xml".
std::string with_suffix(const std::string& path, std::string_view suffix) {
  const std::string name = file_name(path);
  const std::size_t dot = name.rfind('.');
  const std::size_t stem =
      path.size() - name.size() + (dot == std::string::npos || dot == 0 ? name.size() : dot);
  return path.substr(0, stem) + std::string(suffix) + path.substr(stem);
}

/// Files on their way into a folder. They are written whole into a hidden folder beside their places and
/// renamed when all are there, so that an error leaves what was.
class Staging {
 public:
  Staging(FileSystem& files, const std::string& folder, std::string_view purpose)
      : files_(files),
        folder_(join_path(folder, "")),
        staged_(join_path(folder_, fmt::format(".{}.partial", purpose))) {}
  ~Staging() {
    if (begun_) static_cast<void>(files_.remove_all(staged_));
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  Status begin() {
    begun_ = true;
    // What a killed run left is of no use to anybody.
    if (const Status removed = files_.remove_all(staged_); !removed) return removed;
    return files_.make_folders(staged_);
  }
  /// May be called from several threads.
  Result<std::unique_ptr<FileWriter>> create(const std::string& name) {
    if (const std::string parent = parent_path(name); parent != ".") {
      if (const Status made = files_.make_folders(join_path(staged_, parent)); !made)
        return tl::unexpected(made.error());
    }
    {
      const std::lock_guard lock(mutex_);
      names_.push_back(name);
    }
    return files_.create(join_path(staged_, name));
  }
  /// Renames everything into place, sorted by name, `last` at the end.
  Status publish(std::string_view last = {}) {
    std::sort(names_.begin(), names_.end(), [&](const std::string& a, const std::string& b) {
      return std::pair(a == last, a) < std::pair(b == last, b);
    });
    for (const std::string& name : names_) {
      const std::string target = join_path(folder_, name);
      if (const Status made = files_.make_folders(parent_path(target)); !made) return made;
      if (const Status renamed = files_.rename(join_path(staged_, name), target); !renamed) return renamed;
    }
    return {};
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// The error names the file that the user asked for, not the hidden one.
  [[nodiscard]] tl::unexpected<Error> as_seen(Error error) const {
    for (std::string* text : {&error.message, &error.place.file}) {
      for (std::size_t at = text->find(staged_); at != std::string::npos; at = text->find(staged_))
        text->replace(at, staged_.size(), folder_);
    }
    return tl::unexpected(std::move(error));
  }

 private:
  FileSystem& files_;
  std::string folder_, staged_;
  std::mutex mutex_;
  std::vector<std::string> names_;
  bool begun_ = false;
};

/// Digests by file name, in SHA256SUMS order; filled from several threads.
class Digests {
 public:
  void add(const std::string& name, std::string digest) {
    const std::lock_guard lock(mutex_);
    by_name_[name] = std::move(digest);
  }
  [[nodiscard]] const std::map<std::string, std::string>& by_name() const { return by_name_; }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> by_name_;
};

/// A format's output as files of a staging folder.
class StagedOutput final : public Output {
 public:
  StagedOutput(Staging& staging, std::string name, Digests* digests)
      : staging_(staging), name_(std::move(name)), digests_(digests) {}
  void begin_file(std::string_view suffix) override {
    end_file();
    if (!status_) return;
    current_ = with_suffix(name_, suffix);
    Result<std::unique_ptr<FileWriter>> writer = staging_.create(current_);
    if (!writer) {
      status_ = tl::unexpected(writer.error());
      return;
    }
    writer_ = std::move(*writer);
    if (digests_ != nullptr) digest_.emplace();
  }
  void write(std::string_view bytes) override {
    if (!writer_) return;
    writer_->write(bytes);
    if (digest_) digest_->update(bytes);
  }
  Status finish() {
    end_file();
    return status_;
  }

 private:
  void end_file() {
    if (!writer_) return;
    if (Status committed = writer_->commit(); !committed && status_) status_ = std::move(committed);
    writer_.reset();
    if (digest_) digests_->add(current_, digest_->finish_hex());
    digest_.reset();
  }
  Staging& staging_;
  std::string name_, current_;
  Digests* digests_;
  std::unique_ptr<FileWriter> writer_;
  std::optional<Sha256> digest_;
  Status status_;
};

/// Straight into a pipe or a device, which has no name that could be renamed over.
class StreamOutput final : public Output {
 public:
  StreamOutput(std::unique_ptr<FileWriter> writer, std::string path)
      : writer_(std::move(writer)), path_(std::move(path)) {}
  void begin_file(std::string_view) override { ++begun_; }
  void write(std::string_view bytes) override {
    if (begun_ == 1) writer_->write(bytes);
  }
  Status finish() {
    if (begun_ > 1)
      return fail(ErrorCode::file_unwritable,
                  fmt::format("cannot write {}: the report has {} files, and this is no place for several",
                              path_, begun_));
    return writer_->commit();
  }

 private:
  std::unique_ptr<FileWriter> writer_;
  std::string path_;
  std::size_t begun_ = 0;
};

/// Shards of an earlier run behind the ones now written: stem-NNN.ext, counting on, and the unsharded file
/// when there are shards now (and the reverse).
void remove_stale_shards(FileSystem& files, const std::string& path,
                         const std::vector<std::string>& written) {
  const bool is_sharded = written.size() != 1 || written[0] != path;
  if (is_sharded && files.kind(path) == FileKind::file) static_cast<void>(files.remove_all(path));
  for (std::size_t n = is_sharded ? written.size() + 1 : 1;; ++n) {
    const std::string shard = with_suffix(path, fmt::format("-{:03}", n));
    if (files.kind(shard) != FileKind::file) return;
    static_cast<void>(files.remove_all(shard));
  }
}

void write_origin(json::Writer& w, const RunOrigin& origin) {
  w.key("started_by").begin_object();
  for (const auto& [name, value] : origin.started_by) w.key(name).value(std::string_view(value));
  w.end_object();
  for (const auto& [key, texts] : {std::pair("command", &origin.command), std::pair("arguments", &origin.arguments)}) {
    w.key(key).begin_array();
    for (const std::string& text : *texts) w.value(std::string_view(text));
    w.end_array();
  }
  w.key("build_sha256").value(std::string_view(origin.build_sha256));
  w.key("config_sha256").value(std::string_view(origin.config_sha256));
  w.key("folder").value(std::string_view(origin.folder));
  w.key("working_folder").value(std::string_view(origin.working_folder));
  w.key("snapshot").value(std::string_view(origin.snapshot));
  w.key("files").begin_array();
  for (const UsedFile& file : origin.files) {
    w.begin_object();
    w.key("path").value(std::string_view(file.path));
    w.key("sha256").value(std::string_view(file.sha256));
    w.key("bytes").value(file.bytes);
    w.end_object();
  }
  w.end_array();
}

std::string render_run_record(const Run& run, const RunTimes& times) {
  std::string out;
  json::Writer w(out, 1, 2);
  w.begin_object();
  w.key("muster_run").value(1);
  w.key("run_id").value(std::string_view(run.id));
  w.key("tool_version").value(std::string_view(run.tool_version));
  w.key("checked_at").value(std::string_view(format_rfc3339(times.checked_at)));
  w.key("as_of").value(std::string_view(format_rfc3339(run.as_of)));
  write_origin(w, times.origin);
  w.key("times_us").begin_object();
  w.key("load").value(times.load_us);
  w.key("index").value(times.index_us);
  w.key("evaluate").value(times.evaluate_us);
  w.key("write").value(times.write_us);
  w.end_object();
  w.key("rules").begin_array();
  for (std::size_t i = 0; i < run.rules.size() && i < times.rule_us.size(); ++i) {
    w.begin_object();
    w.key("policy").value(std::string_view(run.rules[i].policy));
    w.key("as").value(std::string_view(run.rules[i].as));
    w.key("cpu_us").value(times.rule_us[i]);
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return out + "\n";
}

/// The names that a SHA256SUMS of ours lists. Lines of another shape are skipped; nothing above the folder is
/// ever named.
std::vector<std::string> listed_files(const FileSystem& files, const std::string& sums) {
  std::vector<std::string> names;
  const Result<std::string> text = files.read_file(sums);
  if (!text) return names;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.size() <= 66 || line.substr(64, 2) != "  ") continue;
    std::string name(line.substr(66));
    if (name.front() != '/' && join_path("x", name) == "x/" + name) names.push_back(std::move(name));
  }
  return names;
}

/// Whether a name is one that only write_output_folder uses for a number of files that varies: a stranger's
/// list must not make us delete a stranger's files.
bool is_our_kind(std::string_view name) {
  return (name.starts_with("populations/") && name.ends_with(".csv")) ||
         (name.starts_with("junit") && name.ends_with(".xml"));
}

}  // namespace

std::span<const Format> formats() {
  return table();
}

const Format* find_format(std::string_view name) {
  const auto found =
      std::find_if(table().begin(), table().end(), [&](const Format& format) { return format.name == name; });
  return found == table().end() ? nullptr : &*found;
}

std::vector<Rendered> render_all(const Format& format, const Run& run, const ReportOptions& options) {
  struct Memory final : Output {
    void begin_file(std::string_view suffix) override { files.push_back({std::string(suffix), {}}); }
    void write(std::string_view bytes) override { files.back().bytes += bytes; }
    std::vector<Rendered> files;
  } memory;
  format.render(run, options, memory);
  return std::move(memory.files);
}

std::vector<std::string> population_files(const Run& run) {
  constexpr std::size_t kLongest = 120;
  const auto safe = [](std::string_view text) {
    std::string name;
    for (char c : text.substr(0, kLongest)) {
      const bool is_kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '_' || c == '-' || c == '.';
      name += is_kept && !(c == '.' && name.empty()) ? c : '_';
    }
    return name.empty() ? std::string("_") : name;
  };
  std::vector<std::string> names;
  std::set<std::string> taken;  // folded: file systems that ignore case must not merge two
  for (const RuleResult& rule : run.rules) {
    std::string name = safe(rule.as);
    if (taken.contains(fold_case(name))) name = safe(rule.policy) + "." + name;
    const std::string base = name;
    for (int n = 2; !taken.insert(fold_case(name)).second; ++n) name = fmt::format("{}.{}", base, n);
    names.push_back(name + ".csv");
  }
  return names;
}

Result<std::vector<std::string>> write_report(FileSystem& files, const Format& format, const Run& run,
                                              const ReportOptions& options, const std::string& path) {
  if (files.kind(path) == FileKind::other) {
    auto writer = files.create(path);
    if (!writer) return tl::unexpected(writer.error());
    StreamOutput stream(std::move(*writer), path);
    format.render(run, options, stream);
    if (const Status finished = stream.finish(); !finished) return tl::unexpected(finished.error());
    return std::vector<std::string>{path};
  }
  const std::string folder = parent_path(path);
  if (const Status made = files.make_folders(folder); !made) return tl::unexpected(made.error());
  Staging staging(files, folder, file_name(path));
  if (const Status begun = staging.begin(); !begun) return staging.as_seen(begun.error());
  StagedOutput out(staging, file_name(path), nullptr);
  format.render(run, options, out);
  if (const Status finished = out.finish(); !finished) return staging.as_seen(finished.error());
  if (const Status published = staging.publish(); !published) return staging.as_seen(published.error());
  std::vector<std::string> written;
  const std::string before_name = path.substr(0, path.size() - file_name(path).size());
  for (const std::string& name : staging.names()) written.push_back(before_name + name);
  remove_stale_shards(files, path, written);
  return written;
}

Result<std::vector<std::string>> write_output_folder(FileSystem& files, const Run& run, const RunTimes& times,
                                                     const ReportOptions& options,
                                                     const std::string& folder) {
  if (const Status made = files.make_folders(folder); !made) return tl::unexpected(made.error());
  const std::string sums_path = join_path(folder, "SHA256SUMS");
  const std::vector<std::string> before = listed_files(files, sums_path);
  ReportOptions here = options;
  here.evidence = ".";
  here.times = &times;
  Staging staging(files, folder, "muster");
  if (const Status begun = staging.begin(); !begun) return staging.as_seen(begun.error());
  Digests digests;
  const std::vector<std::string> populations = population_files(run);
  constexpr const char* kFormats[] = {"json", "junit"};
  constexpr std::size_t kFormatCount = std::size(kFormats);
  std::vector<Status> done(kFormatCount + run.rules.size());
  run_parallel(options.jobs, done.size(), [&](std::size_t task, unsigned) {
    if (task < kFormatCount) {
      const Format* format = find_format(kFormats[task]);
      StagedOutput out(staging, std::string(format->file_name), &digests);
      format->render(run, here, out);
      done[task] = out.finish();
    } else {
      const std::size_t rule = task - kFormatCount;
      StagedOutput out(staging, "populations/" + populations[rule], &digests);
      out.begin_file("");
      render_population(run, run.rules[rule], out);
      done[task] = out.finish();
    }
  });
  for (const Status& status : done) {
    if (!status) return staging.as_seen(status.error());
  }
  std::string sums;
  const auto write_small = [&](const std::string& name, const std::string& bytes) -> Status {
    StagedOutput out(staging, name, &digests);
    out.begin_file("");
    out.write(bytes);
    return out.finish();
  };
  if (const Status written = write_small("run.json", render_run_record(run, times)); !written)
    return staging.as_seen(written.error());
  for (const auto& [name, digest] : digests.by_name()) sums += fmt::format("{}  {}\n", digest, name);
  if (const Status written = write_small("SHA256SUMS", sums); !written)
    return staging.as_seen(written.error());
  if (const Status published = staging.publish("SHA256SUMS"); !published)
    return staging.as_seen(published.error());
  for (const std::string& name : before) {
    if (!digests.by_name().contains(name) && is_our_kind(name))
      static_cast<void>(files.remove_all(join_path(folder, name)));
  }
  std::vector<std::string> written = staging.names();
  std::sort(written.begin(), written.end());
  return written;
}

}  // namespace muster::reports
