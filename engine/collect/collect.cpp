#include "collect/collect.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "base/append_file.h"
#include "base/text.h"
#include "collect/ahead.h"
#include "collect/data_files.h"
#include "collect/lines.h"
#include "collect/manifest_row.h"
#include "collect/parents.h"
#include "collect/target.h"
#include "collect/unit.h"

namespace muster::collect {
namespace {

using snapshot::Dataset;
using snapshot::DatasetStatus;

// Lists that are handed to the threads before it is their turn, for each job.
constexpr std::size_t kListsAhead = 8;

/// Writes what Ahead reads, in the order of the units, their parents and their pages.
class Run {
 public:
  Run(FileSystem& files, const Clock& clock, const Options& options, const Hooks& hooks)
      : files_(files),
        clock_(clock),
        options_(options),
        hooks_(hooks),
        folder_(options.out + ".partial"),
        units_(plan_units(options)),
        lists_(units_.size()),
        data_(files, folder_) {}

  Result<Outcome> run() {
    if (files_.kind(options_.out) != FileKind::none)
      return fail(ErrorCode::usage, fmt::format("{} is there already", options_.out), {},
                  "name another folder with --out");
    if (auto status = files_.make_folders(folder_ + "/data"); !status) return tl::unexpected(status.error());
    auto lock = FolderLock::take(folder_, "collect");
    if (!lock) return tl::unexpected(lock.error());
    if (auto status = open(); !status) return tl::unexpected(status.error());
    ahead_.emplace(options_, clock_, hooks_);
    for (std::size_t u = 0; u < units_.size(); ++u) {
      if (units_[u].is_done) continue;
      auto end = collect_unit(u);
      if (!end) return tl::unexpected(end.error());
      if (*end != End::finished) {
        outcome_.end = *end;
        outcome_.folder = folder_;
        return std::move(outcome_);
      }
    }
    ahead_.reset();
    if (auto status = finish(); !status) return tl::unexpected(status.error());
    return std::move(outcome_);
  }

 private:
  /// A unit's lists, once it is known which they are.
  struct Lists {
    bool is_known = false;
    std::vector<ParentRow> parents;
    std::size_t next = 0;  // the first that the threads were not told of
  };

  // ---- files and checkpoints

  /// Opens what is there, as far as the last checkpoint says, or begins anew.
  Status open() {
    const std::string path = folder_ + "/progress.jsonl";
    std::optional<Progress> progress;
    if (files_.kind(path) == FileKind::file) {
      if (options_.resumes) {
        const auto text = files_.read_file(path, std::uint64_t{1} << 32);
        if (!text) return tl::unexpected(text.error());
        progress = replay(*text, options_.fingerprint, units_);
        if (!progress)
          outcome_.note =
              "the sources, a key or the version of muster changed since: the collection starts anew";
      }
    } else if (options_.resumes) {
      outcome_.note = "there is nothing to go on with: the collection starts anew";
    }
    outcome_.went_on = progress.has_value();
    if (progress) {
      started_ = progress->started;
      window_ = progress->window;
      requests_ = progress->position.requests;
    } else {
      progress.emplace();
      started_ = clock_.now();
      const std::int64_t today =
          started_.us - ((started_.us % kMicrosPerDay) + kMicrosPerDay) % kMicrosPerDay;
      window_ = options_.window ? *options_.window : Window{{today - options_.window_us}, started_};
    }
    for (std::size_t d = 0; d < snapshot::kCollectedCount; ++d) {
      const auto dataset = static_cast<Dataset>(d);
      const auto kept = progress->position.bytes.find(dataset);
      auto status =
          kept == progress->position.bytes.end() ? data_.remove(dataset) : data_.open(dataset, kept->second);
      if (!status) return status;
    }
    auto opened = AppendFile::open(folder_ + "/ledger.jsonl", progress->position.ledger);
    if (!opened) return tl::unexpected(opened.error());
    ledger_ = std::move(*opened);
    opened = AppendFile::open(path, progress->bytes);
    if (!opened) return tl::unexpected(opened.error());
    progress_ = std::move(*opened);
    if (outcome_.went_on) return {};
    return progress_->append(render_start(options_.fingerprint, started_, window_));
  }

  Status checkpoint(Unit& unit) {
    return progress_->append(render_checkpoint(unit, {data_.sizes(), ledger_->size(), requests_}));
  }

  Status write_ledger(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line;
    requests_ += lines.size();
    return text.empty() ? Status() : ledger_->append(text);
  }

  // ---- what is asked ahead

  /// What the lines of a dataset leave to the manifest: the provider of the first unit that may write it, and
  /// the organization of the first row of all, as they stand before the first line is written and after each
  /// resumption. Organizations are written before that is known, and leave nothing out.
  [[nodiscard]] snapshot::Source defaults_of(Dataset dataset) const {
    if (dataset == Dataset::organizations) return {};
    for (const Unit& unit : units_) {
      const auto all = datasets_of(unit);
      if (std::ranges::find(all, dataset) != all.end())
        return {std::string(word_of(options_.sources[unit.source].provider)), home_};
    }
    return {};
  }

  /// Finds out which lists a unit has.
  Status make_known(std::size_t u) {
    Lists& lists = lists_[u];
    if (lists.is_known) return {};
    if (!is_covered(units_[u], units_)) {
      const auto dataset = parent_dataset(units_[u].endpoint.parent);
      auto parents =
          parents_of(units_[u], data_, window_, dataset ? defaults_of(*dataset) : snapshot::Source{});
      if (!parents) return tl::unexpected(parents.error());
      lists.parents = std::move(*parents);
    }
    lists.next = units_[u].parent;
    lists.is_known = true;
    return {};
  }

  Status add_list(std::size_t u) {
    Unit& unit = units_[u];
    Lists& lists = lists_[u];
    const std::size_t p = lists.next++;
    ListRequest request;
    request.endpoint = unit.endpoint;
    request.path = path_of(unit.endpoint, lists.parents[p]);
    request.query = query_of(unit.endpoint, lists.parents[p], window_);
    request.window = window_;
    if (p == unit.parent && unit.has_begun) {
      request.cursor = unit.cursor;
      request.has_restarted = unit.restarts > 0;
      if (auto status = remember_rows(unit, request.first_id); !status) return status;
    }
    ahead_->add({u, p}, unit.source, std::move(request));
    return {};
  }

  /// Tells the threads of lists that come later, as far as it is known which they are.
  Status look_ahead(std::size_t from) {
    const std::size_t most = kListsAhead * std::max(1u, options_.jobs);
    std::vector<std::size_t> waiting(options_.sources.size());
    for (std::size_t s = 0; s < waiting.size(); ++s) waiting[s] = ahead_->waiting(s);
    for (std::size_t u = from; u < units_.size(); ++u) {
      Unit& unit = units_[u];
      if (unit.is_done || waiting[unit.source] >= most || !is_ready(unit, units_)) continue;
      if (auto status = make_known(u); !status) return status;
      for (; lists_[u].next < lists_[u].parents.size() && waiting[unit.source] < most; ++waiting[unit.source])
        if (auto status = add_list(u); !status) return status;
    }
    return {};
  }

  /// Of a list that goes on: the ids that it has brought, and the first of them.
  Status remember_rows(const Unit& unit, std::string& first_id) {
    if (unit.endpoint.key.empty()) return {};
    const std::string path = fmt::format("object.{}", unit.endpoint.key);
    return data_.each_line(unit.endpoint.dataset, unit.list_begin, data_.bytes(unit.endpoint.dataset), {path},
                           [&](const snapshot::RowReader& line) {
                             const auto id = line.text(0);
                             if (!id) return true;
                             if (first_id.empty()) first_id = *id;
                             ids_.add(*id);
                             return true;
                           });
  }

  // ---- one endpoint

  Result<End> collect_unit(std::size_t u) {
    Unit& unit = units_[u];
    // Before all else: lines are read and written with it.
    if (home_.empty() && unit.endpoint.dataset != Dataset::organizations) {
      if (auto status = find_home(); !status) return tl::unexpected(status.error());
    }
    if (auto status = make_known(u); !status) return tl::unexpected(status.error());
    if (is_covered(unit, units_)) {
      unit.is_done = unit.is_skipped = true;
      if (auto status = checkpoint(unit); !status) return tl::unexpected(status.error());
      return End::finished;
    }
    const std::vector<ParentRow>& parents = lists_[u].parents;
    if (auto incomplete = parents_incomplete(unit, units_)) {
      unit.status = DatasetStatus::partial;
      unit.reason = std::move(*incomplete);
    }
    for (const Dataset dataset : datasets_of(unit)) {
      if (data_.has(dataset)) continue;
      if (auto status = data_.open(dataset, 0); !status) return tl::unexpected(status.error());
    }
    while (unit.parent < parents.size()) {
      if (auto status = begin_list(u); !status) return tl::unexpected(status.error());
      auto trouble = collect_list(u, parents[unit.parent]);
      if (!trouble) return tl::unexpected(trouble.error());
      if (!*trouble) {
        unreachable_in_a_row_ = 0;
      } else if (const auto end = handle(unit, parents.size(), parents[unit.parent], **trouble);
                 end != End::finished) {
        return end;
      }
      unit.cursor.reset();
      unit.has_begun = false;
      ++unit.parent;
      show(u);
      if (unit.parent == parents.size()) break;
      if (auto status = checkpoint(unit); !status) return tl::unexpected(status.error());
    }
    conclude(unit, parents.size());
    if (unit.endpoint.dataset == Dataset::organizations)
      if (auto status = check_organizations(); !status) return tl::unexpected(status.error());
    unit.is_done = true;
    if (auto status = checkpoint(unit); !status) return tl::unexpected(status.error());
    lists_[u] = {};
    lists_[u].is_known = true;
    tell(unit);
    return End::finished;
  }

  Status begin_list(std::size_t u) {
    Unit& unit = units_[u];
    ids_.clear();
    page_before_.clear();
    // A list that goes on puts the ids that it has brought into the set when it is added.
    if (!ahead_->has({u, unit.parent})) {
      lists_[u].next = std::max<std::size_t>(lists_[u].next, unit.parent);
      if (auto status = add_list(u); !status) return status;
    }
    if (!unit.has_begun) {
      unit.has_begun = true;
      unit.list_begin = data_.bytes(unit.endpoint.dataset);
      unit.list_rows = unit.restarts = 0;
      unit.cursor.reset();
    }
    return look_ahead(u);
  }

  /// Writes one list to its end; nullopt when nothing was wrong.
  Result<std::optional<Trouble>> collect_list(std::size_t u, const ParentRow& parent) {
    Unit& unit = units_[u];
    for (;;) {
      Step step = ahead_->next({u, unit.parent});
      if (step.kind == Step::Kind::failed && step.trouble.kind == Trouble::Kind::interrupted)
        return std::optional(std::move(step.trouble));
      if (auto status = check_organization(unit, step.organization_id); !status)
        return tl::unexpected(status.error());
      const auto rows_of = requests_ + step.requests.size();
      std::map<Dataset, std::uint64_t> rows;
      std::map<Dataset, std::string> lines;
      if (step.kind == Step::Kind::page) take_page(unit, parent, step, rows_of, lines, rows);
      for (const auto& [dataset, text] : lines)
        if (auto status = data_.append(dataset, text, rows[dataset]); !status)
          return tl::unexpected(status.error());
      if (auto status = write_ledger(step.requests); !status) return tl::unexpected(status.error());
      if (!step.warning.empty()) warn(unit, step.warning);
      switch (step.kind) {
        case Step::Kind::failed: return std::optional(std::move(step.trouble));
        case Step::Kind::restarted:
          if (auto status = restart(unit); !status) return tl::unexpected(status.error());
          break;
        case Step::Kind::compared: break;
        case Step::Kind::page:
          unit.cursor = step.cursor;
          // What follows a last page is told by the list's own checkpoint.
          if (unit.cursor)
            if (auto status = checkpoint(unit); !status) return tl::unexpected(status.error());
          show(u);
          break;
      }
      if (step.wrong) return std::optional(Trouble{Trouble::Kind::other, std::move(*step.wrong), 0});
      if (step.is_last) return std::optional<Trouble>();
    }
  }

  Status restart(Unit& unit) {
    warn(unit, "the list was read again from its start: the service no longer knew the cursor");
    unit.restarts = 1;
    unit.cursor.reset();
    unit.rows -= unit.list_rows;
    unit.list_rows = 0;
    ids_.clear();
    page_before_.clear();
    if (auto status = data_.open(unit.endpoint.dataset, unit.list_begin); !status) return status;
    return checkpoint(unit);
  }

  void take_page(Unit& unit, const ParentRow& parent, const Step& step, std::uint64_t request,
                 std::map<Dataset, std::string>& lines, std::map<Dataset, std::uint64_t>& rows) {
    answered_.insert(unit.source);
    const Endpoint& endpoint = unit.endpoint;
    std::string organization = parent.organization_id.empty() ? home_ : parent.organization_id;
    if (endpoint.dataset == Dataset::organizations && endpoint.paging == Paging::single)
      organization = text_member(step.page.rows.front().object, "id");
    const auto writer_of = [&](Dataset dataset) {
      return LineWriter({options_.sources[unit.source].provider, organization, endpoint, parent, request,
                         defaults_of(dataset)});
    };
    const LineWriter writer = writer_of(endpoint.dataset),
                     second_writer = writer_of(Dataset::compliance_keys);
    for (const Dataset dataset : datasets_of(unit)) lines[dataset];
    std::string& first = lines[endpoint.dataset];
    first.reserve(step.body.size() + step.page.rows.size() * 160);
    const std::hash<std::string_view> hash;
    std::unordered_map<std::size_t, std::size_t> page_rows;
    for (const Row& row : step.page.rows) {
      if (!row.id.empty()) {
        const std::size_t id = hash(row.id), object = hash(row.object);
        if (!ids_.add(row.id)) {
          ++unit.duplicates;
          // A list that shifts repeats the end of the page before; what comes from elsewhere cannot be
          // compared.
          const auto here = page_rows.find(id), before = page_before_.find(id);
          const bool is_same = here != page_rows.end()
                                   ? here->second == object
                                   : before != page_before_.end() && before->second == object;
          if (!is_same) ++unit.contradictions;
          continue;
        }
        page_rows.emplace(id, object);
      }
      const Dataset dataset = row.is_second ? Dataset::compliance_keys : endpoint.dataset;
      if (row.is_second)
        second_writer.add(row, lines[dataset]);
      else
        writer.add(row, first);
      ++rows[dataset];
      if (!row.trace_of.empty()) ++unit.traces[row.trace_of];
      ++unit.rows;
      ++unit.list_rows;
    }
    page_before_ = std::move(page_rows);
    ++unit.pages;
  }

  // ---- what went wrong

  End handle(Unit& unit, std::size_t parents, const ParentRow& parent, const Trouble& trouble) {
    using Kind = Trouble::Kind;
    if (trouble.kind == Kind::interrupted) {
      outcome_.reason = "interrupted";
      return End::interrupted;
    }
    if (trouble.kind == Kind::unreachable) {
      // Once may be this endpoint; twice in a row, or before anything was answered, is the service.
      ++unreachable_in_a_row_;
      if (!answered_.contains(unit.source) || unreachable_in_a_row_ > 1) {
        outcome_.reason = trouble.reason;
        return End::unreachable;
      }
    } else {
      unreachable_in_a_row_ = 0;
    }
    if (trouble.kind == Kind::unauthorized && !answered_.contains(unit.source)) {
      outcome_.reason = trouble.reason;
      return End::refused;
    }
    if (unit.endpoint.dataset == Dataset::organizations && trouble.status == 404) {
      outcome_.reason = trouble.reason + "; is base_url right?";
      return End::unreachable;
    }
    if (parent.is_spare && !was_answered(unit) && (trouble.status == 400 || trouble.status == 404)) {
      warn(unit, fmt::format("{}, archived or the default, has no such list: {}", parent.id, trouble.reason));
      return End::finished;
    }
    set_failed(unit, parents, parent, trouble);
    return End::finished;
  }

  /// Whether the list that is under way has ever brought a page: then it is there, and may be read.
  static bool was_answered(const Unit& unit) {
    return unit.list_rows > 0 || unit.cursor || unit.restarts > 0;
  }

  static void set_failed(Unit& unit, std::size_t parents, const ParentRow& parent, const Trouble& trouble) {
    using Kind = Trouble::Kind;
    DatasetStatus status = DatasetStatus::partial;
    const bool is_empty = !was_answered(unit);
    if (is_empty && (trouble.kind == Kind::denied || trouble.kind == Kind::unauthorized))
      status = DatasetStatus::denied;
    if (is_empty && trouble.kind == Kind::absent && !is_universal(unit.endpoint))
      status = DatasetStatus::unsupported;
    unit.list_rows = 0;
    if (unit.endpoint.parent == Parent::none) {
      unit.status = status;
      unit.reason = trouble.reason;
      return;
    }
    unit.parents.push_back({parent.id, status, trouble.reason});
    unit.status = DatasetStatus::partial;
    unit.reason = fmt::format("{} of {} failed", unit.parents.size(), parents);
  }

  /// What can be said when all lists of a unit are behind it.
  static void conclude(Unit& unit, std::size_t parents) {
    if (unit.parents.size() == parents && parents > 0 && unit.rows == 0 &&
        unit.endpoint.parent != Parent::none) {
      const auto status = unit.parents.front().status;
      if (std::ranges::all_of(unit.parents, [&](const auto& each) { return each.status == status; })) {
        unit.status = status;
        unit.reason = unit.parents.front().reason;
      }
    }
    if (unit.contradictions > 0 && unit.status == DatasetStatus::complete) {
      unit.status = DatasetStatus::partial;
      unit.reason =
          fmt::format("{} rows came twice and may differ: which is right is not known", unit.contradictions);
    }
    if (unit.duplicates > 0)
      warn(unit, fmt::format("{} rows came twice: the list shifted while it was read", unit.duplicates));
    for (const auto& [key, count] : unit.traces)
      warn(unit, fmt::format("{} activities are traces of collections by muster with {}", count, key));
  }

  // ---- for people

  void show(std::size_t u) const {
    if (!hooks_.progress) return;
    const Unit& unit = units_[u];
    hooks_.progress({snapshot::spec_of(unit.endpoint.dataset).name, unit.rows, unit.pages, unit.parent,
                     lists_[u].parents.size()});
  }

  void tell(const Unit& unit) const {
    if (!hooks_.tell) return;
    hooks_.tell(fmt::format("{:<28} {:<12} {:>9} rows {:>6} pages{}{}", unit.endpoint.name,
                            snapshot::word_of(unit.status), unit.rows, unit.pages,
                            unit.reason.empty() ? "" : "  ", make_visible(unit.reason)));
  }

  // ---- one organization

  /// The Admin API says in each reply whose key it was: all Admin keys must be of the one organization.
  Status check_organization(const Unit& unit, const std::string& id) {
    if (id.empty() || unit.endpoint.provider != Provider::admin) return {};
    if (admin_organization_.empty()) {
      // The Admin API's own row may have been denied, and then this is the first that is known of it.
      admin_organization_ = id;
      return check_organizations();
    }
    return admin_organization_ == id ? Status() : of_two_organizations(admin_organization_, id);
  }

  /// What the Compliance API lists must hold the organization of the Admin key. A name would not do: a
  /// company's two organizations are often called alike.
  Status check_organizations() {
    std::string admin;
    std::vector<std::string> others;
    auto status = data_.each_line(Dataset::organizations, 0, data_.bytes(Dataset::organizations),
                                  {"from.provider", "object.id|object.uuid", "object.uuid|object.id"},
                                  [&](const snapshot::RowReader& line) {
                                    if (line.text(0) == word_of(Provider::admin)) {
                                      admin = line.text(1).value_or("");
                                    } else {
                                      for (const std::size_t path : {1, 2})
                                        others.emplace_back(line.text(path).value_or(""));
                                    }
                                    return true;
                                  });
    if (!status) return status;
    if (admin.empty()) admin = admin_organization_;
    if (admin.empty() || others.empty() || std::ranges::find(others, admin) != others.end()) return {};
    return of_two_organizations(admin, others.front());
  }

  static Status of_two_organizations(const std::string& one, const std::string& other) {
    return fail(
        ErrorCode::config_invalid,
        fmt::format(
            "the keys are of different organizations, {} and {}: together they would make one snapshot "
            "of two",
            make_visible(one), make_visible(other)),
        {}, "give the sources of each its own `organization`, then each gets a snapshot of its own");
  }

  // ---- the end

  Status find_home() {
    return data_.each_line(Dataset::organizations, 0, data_.bytes(Dataset::organizations),
                           {"object.id|object.uuid", "object.name"}, [&](const snapshot::RowReader& line) {
                             home_ = line.text(0).value_or("");
                             home_name_ = line.text(1).value_or("");
                             return home_.empty();
                           });
  }

  Status finish() {
    if (home_.empty()) {
      if (auto status = find_home(); !status) return status;
    }
    snapshot::Manifest manifest;
    manifest.organization_name = options_.organization.empty() ? home_name_ : options_.organization;
    manifest.organization_id = home_;
    manifest.provider = "anthropic";
    const Access& first = options_.sources.front();
    manifest.base_url = first.http.base_url;
    for (const auto& [name, value] : first.http.headers)
      if (name == "anthropic-version") manifest.api_version = value;
    for (const Access& source : options_.sources) {
      manifest.key_kind += (manifest.key_kind.empty() ? "" : ", ") + source.key_kind;
      manifest.key_hint += (manifest.key_hint.empty() ? "" : ", ") + source.key_hint;
    }
    manifest.collector = options_.collector;
    manifest.started = started_;
    manifest.completed = clock_.now();
    for (std::size_t d = 0; d < snapshot::kCollectedCount; ++d) {
      const auto dataset = static_cast<Dataset>(d);
      snapshot::DatasetManifest row = row_of(dataset, units_, options_.warnings);
      const bool has_rows = row.status == DatasetStatus::complete || row.status == DatasetStatus::partial;
      if (data_.has(dataset) && has_rows) {
        row.rows = data_.rows(dataset);
        row.bytes = data_.bytes(dataset);
        row.sha256 = data_.finish_sha256(dataset);
        row.filters = filters_of(dataset, window_);
        if (row.rows > 0) row.from = defaults_of(dataset);
      } else if (auto status = data_.remove(dataset); !status) {
        return status;
      }
      manifest.datasets.push_back(std::move(row));
    }
    if (auto status = data_.sync(); !status) return status;
    if (auto status = ledger_->sync(); !status) return status;
    if (auto status = files_.write_file(folder_ + "/manifest.json", snapshot::render_manifest(manifest));
        !status) {
      Error error = std::move(status.error());
      if (error.hint.empty()) error.hint = "mend that, then go on with --resume";
      return tl::unexpected(std::move(error));
    }
    // In this order: whoever is stopped between the two has a whole snapshot, not a folder that nobody can go
    // on with.
    if (auto status = files_.rename(folder_, options_.out); !status) return status;
    for (const std::string own : {"progress.jsonl", FolderLock::kFile})
      if (auto status = files_.remove_all(options_.out + "/" + own); !status) return status;
    outcome_.folder = options_.out;
    outcome_.manifest = std::move(manifest);
    return {};
  }

  FileSystem& files_;
  const Clock& clock_;
  const Options& options_;
  const Hooks& hooks_;
  std::string folder_, home_, home_name_;
  std::vector<Unit> units_;
  std::vector<Lists> lists_;  // of the units
  DataFiles data_;
  std::optional<AppendFile> ledger_, progress_;
  std::set<std::size_t> answered_;  // sources
  std::string admin_organization_;  // as the replies of the Admin API name it
  // Of the list under way: the ids, and of the page before the hashes of ids and objects.
  IdSet ids_;
  std::unordered_map<std::size_t, std::size_t> page_before_;
  unsigned unreachable_in_a_row_ = 0;
  std::uint64_t requests_ = 0;
  Instant started_;
  Window window_;
  Outcome outcome_;
  std::optional<Ahead> ahead_;
};

}  // namespace

Result<Outcome> collect(FileSystem& files, const Clock& clock, const Options& options, const Hooks& hooks) {
  return Run(files, clock, options, hooks).run();
}

}  // namespace muster::collect
