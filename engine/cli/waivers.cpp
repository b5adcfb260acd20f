#include "cli/waivers.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"
#include "base/parallel.h"
#include "base/text.h"
#include "cli/version.h"
#include "evaluate/waive.h"
#include "policy/policy.h"

namespace muster::cli {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The number at the end of an id, as the place where it begins.
std::size_t number_at(const std::string& id) {
  std::size_t at = id.size();
  while (at > 0 && is_digit(id[at - 1])) --at;
  return at;
}

/// A text that YAML reads back as it is, whatever it holds.
std::string quoted(const std::string& text) { return json::dump(json::Value(text)); }

std::string list_of_texts(const std::vector<std::string>& texts) {
  std::vector<std::string> all;
  for (const std::string& text : texts) all.push_back(quoted(text));
  return all.size() == 1 ? all.front() : fmt::format("[{}]", fmt::join(all, ", "));
}

std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (std::uint32_t i = 1; i < number && !text.empty(); ++i) {
    const std::size_t end = text.find('\n');
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

/// Takes the `[]` of a file without waivers away: what follows is the list.
std::string without_empty_list(const std::string& text) {
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    const std::string_view content = trim(line.substr(0, line.find(" #")));
    const std::size_t brackets = line.find("[]");
    if (content == "[]" || (content.starts_with("waivers:") && content.ends_with("[]"))) {
      std::string kept = std::string(line.substr(0, brackets)) + std::string(line.substr(brackets + 2));
      while (!kept.empty() && kept.back() == ' ') kept.pop_back();
      if (!kept.empty()) out += kept + "\n";
    } else {
      out += std::string(line) + "\n";
    }
  }
  return out;
}

/// nullopt with all problems reported.
std::optional<JudgedWaivers> judge_waivers(const Environment& environment, const Config& config,
                                           std::optional<Instant> as_of, Diagnostics& problems) {
  if (!has_waiver_file(config, problems)) return std::nullopt;
  evaluate::CheckRequest request;
  request.config = config;
  request.as_of = as_of;
  request.tool_version = version();
  request.jobs = available_cores();
  JudgedWaivers judged;
  request.inspect = [&](const evaluate::Inspection& seen) {
    judged.waivers.assign(seen.waivers.begin(), seen.waivers.end());
  };
  auto result = evaluate::check(environment.files, environment.clock, request, problems);
  if (!result || problems.has_errors()) return std::nullopt;
  judged.run = std::move(result->run);
  return judged;
}

}  // namespace

bool has_waiver_file(const Config& config, Diagnostics& problems) {
  if (!config.waivers.empty()) return true;
  problems.error(ErrorCode::config_missing_key, "the config names no waiver file",
                 Place{config.file, 0, 0, {}}, "set `waivers: waivers.yaml` there");
  return false;
}

void WaiverCommand::declare(Arguments& arguments) {
  inputs_.declare_all(arguments);
  arguments.option("--as-of", "TIME", time(as_of_), "Judge as of this instant instead of the snapshot's.");
  declare_own(arguments);
}

ExitCode WaiverCommand::run(Environment& environment) {
  Diagnostics problems;
  const auto config = inputs_.load(environment, {.snapshot = true, .policies = true}, problems);
  if (!config) return report(environment, problems);
  const auto judged = judge_waivers(environment, *config, as_of_.resolve(environment.clock), problems);
  if (environment.is_interrupted) return ExitCode::interrupted;
  if (!judged) return report(environment, problems);
  return show(environment, *judged);
}

std::string describe_subject(const ScopeTerm& subject) {
  return fmt::format("{}: {}", subject.field, fmt::join(subject.patterns, ", "));
}

bool is_undecided(const WaiverResult& waiver) { return evaluate::has_effect(waiver) && waiver.applied == 0; }

std::string next_waiver_id(const std::vector<Waiver>& waivers) {
  std::string prefix = "W-";
  std::size_t width = 1;
  if (!waivers.empty()) {
    const std::string& last = waivers.back().id;
    const std::size_t at = number_at(last);
    prefix = at == last.size() ? last + "-" : last.substr(0, at);
    width = std::max<std::size_t>(1, last.size() - at);
  }
  std::uint64_t highest = 0;
  for (const Waiver& waiver : waivers) {
    const std::size_t at = number_at(waiver.id);
    // Longer than any number that people count with: a name, not a count.
    if (waiver.id.substr(0, at) != prefix || at == waiver.id.size() || waiver.id.size() - at > 18) continue;
    highest = std::max<std::uint64_t>(highest, std::stoull(waiver.id.substr(at)));
  }
  return fmt::format("{}{:0{}}", prefix, highest + 1, width);
}

std::string with_waiver(const std::string& text, const std::vector<Waiver>& present, const Waiver& added) {
  std::string out = present.empty() ? without_empty_list(text) : text;
  if (!out.empty() && out.back() != '\n') out += '\n';
  std::string indent;
  if (!present.empty()) {
    const std::string_view line = line_of(text, present.front().place.line);
    indent = std::string(line.substr(0, std::min(line.find_first_not_of(' '), line.size())));
  }
  const auto put = [&](std::string_view key, const std::string& value) {
    out += fmt::format("{}  {}: {}\n", indent, key, value);
  };
  out += fmt::format("{}- id: {}\n", indent, quoted(added.id));
  put("rule", added.rule);
  put("subject",
      fmt::format("{{{}: {}}}", quoted(added.subject.field), list_of_texts(added.subject.patterns)));
  put("reason", quoted(added.reason));
  put("approver", quoted(added.approver));
  if (!added.ticket.empty()) put("ticket", quoted(added.ticket));
  if (!added.owner.empty()) put("owner", quoted(added.owner));
  if (added.starts) put("starts", format_date(*added.starts));
  put("expires", added.expires ? format_date(*added.expires) : "never");
  return out;
}

bool is_same_waiver(const Waiver& a, const Waiver& b) {
  return std::tie(a.id, a.rule, a.reason, a.approver, a.ticket, a.owner, a.subject.field, a.subject.patterns,
                  a.starts, a.expires) == std::tie(b.id, b.rule, b.reason, b.approver, b.ticket, b.owner,
                                                   b.subject.field, b.subject.patterns, b.starts, b.expires);
}

ChangedFile::ChangedFile(FileSystem& files, std::string path, std::string text)
    : files_(files), path_(std::move(path)) {
  changed_.add(path_, std::move(text));
}
Result<std::unique_ptr<RandomAccessFile>> ChangedFile::open(const std::string& path) const {
  return path == path_ ? changed_.open(path) : files_.open(path);
}
Result<std::unique_ptr<FileWriter>> ChangedFile::create(const std::string& path) {
  return files_.create(path);
}
Result<std::vector<std::string>> ChangedFile::list(const std::string& folder) const {
  return files_.list(folder);
}
FileKind ChangedFile::kind(const std::string& path) const {
  return path == path_ ? FileKind::file : files_.kind(path);
}
Status ChangedFile::make_folders(const std::string& folder) { return files_.make_folders(folder); }
Status ChangedFile::rename(const std::string& from, const std::string& to) { return files_.rename(from, to); }
Status ChangedFile::remove_all(const std::string& path) { return files_.remove_all(path); }

}  // namespace muster::cli
