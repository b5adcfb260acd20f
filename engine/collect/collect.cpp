#include "collect/collect.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "base/append_file.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "collect/id_set.h"
#include "collect/page.h"

namespace muster::collect {
namespace {

using json::Value;
using snapshot::Dataset;
using snapshot::DatasetStatus;

constexpr unsigned kMostEmptyPages = 3;
constexpr std::size_t kMostWarnings = 20;

struct ParentRow {
  std::string id, organization_id;
  bool is_spare = false;  // archived, or the default workspace: 400 and 404 mean that it has no list
};

/// One endpoint and how far it is.
struct Unit {
  Endpoint endpoint;
  std::size_t source = 0;
  bool is_done = false, is_skipped = false, has_begun = false;
  DatasetStatus status = DatasetStatus::complete;
  std::string reason;
  std::uint64_t rows = 0, pages = 0, duplicates = 0, traces = 0, restarts = 0;
  std::vector<std::string> warnings;
  std::vector<snapshot::ParentStatus> parents;
  // Where it stands.
  std::uint64_t parent = 0;
  std::optional<std::string> cursor;
  std::uint64_t list_begin = 0,
                list_rows = 0;  // of the list under way: bytes of the file before it, and its rows
};

/// A dataset's file.
struct Store {
  std::optional<AppendFile> file;
  Sha256 digest;
  std::uint64_t bytes = 0, rows = 0;
};

std::string_view text_of(const Value* value) {
  return value != nullptr && value->string() != nullptr ? std::string_view(*value->string())
                                                        : std::string_view();
}
std::uint64_t number_of(const Value* value) {
  return value != nullptr && value->integer() != nullptr ? static_cast<std::uint64_t>(*value->integer()) : 0;
}

DatasetStatus status_of(std::string_view word) {
  for (const auto status :
       {DatasetStatus::complete, DatasetStatus::partial, DatasetStatus::denied, DatasetStatus::unsupported})
    if (snapshot::word_of(status) == word) return status;
  return DatasetStatus::not_requested;
}

/// `{workspace_id}` of a path is the member of the row's origin that names the parent.
std::string_view parent_member(Parent parent) {
  switch (parent) {
    case Parent::workspaces:
    case Parent::live_workspaces: return "workspace_id";
    case Parent::groups: return "group_id";
    case Parent::roles: return "role_id";
    case Parent::none:
    case Parent::organizations:
    case Parent::days: return {};
  }
  return {};
}

std::optional<Dataset> parent_dataset(Parent parent) {
  switch (parent) {
    case Parent::organizations: return Dataset::organizations;
    case Parent::workspaces:
    case Parent::live_workspaces: return Dataset::workspaces;
    case Parent::groups: return Dataset::groups;
    case Parent::roles: return Dataset::roles;
    case Parent::none:
    case Parent::days: return std::nullopt;
  }
  return std::nullopt;
}

void replace(std::string& text, std::string_view what, std::string_view with) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
}

/// Why a list ended before its end.
struct Trouble {
  enum class Kind : std::uint8_t {
    interrupted,
    unreachable,
    unauthorized,
    denied,
    absent,
    other
  } kind = Kind::other;
  std::string reason;
  int status = 0;
};

class Run {
 public:
  Run(FileSystem& files, const Clock& clock, const Options& options, const Hooks& hooks)
      : files_(files), clock_(clock), options_(options), hooks_(hooks), folder_(options.out + ".partial") {}

  Result<Outcome> run() {
    if (files_.kind(options_.out) != FileKind::none)
      return fail(ErrorCode::usage, fmt::format("{} is there already", options_.out), {},
                  "name another folder with --out");
    if (auto status = files_.make_folders(folder_ + "/data"); !status) return tl::unexpected(status.error());
    auto lock = FolderLock::take(folder_);
    if (!lock) return tl::unexpected(lock.error());
    plan();
    if (auto status = open(); !status) return tl::unexpected(status.error());
    for (std::size_t u = 0; u < units_.size(); ++u) {
      if (units_[u].is_done) continue;
      auto end = collect_unit(units_[u]);
      if (!end) return tl::unexpected(end.error());
      if (*end != End::finished) {
        outcome_.end = *end;
        outcome_.folder = folder_;
        return std::move(outcome_);
      }
    }
    if (auto status = finish(); !status) return tl::unexpected(status.error());
    return std::move(outcome_);
  }

 private:
  // ---- what is to be done

  void plan() {
    for (const Endpoint& endpoint : endpoints()) {
      const std::string dataset(snapshot::spec_of(endpoint.dataset).name);
      if (!options_.datasets.empty() && !options_.datasets.contains(dataset)) {
        // Settings come with the keys of the Compliance API.
        if (endpoint.paging != Paging::settings || !options_.datasets.contains("compliance_keys")) continue;
      }
      if (options_.skip.contains(dataset) || options_.skip.contains(std::string(endpoint.name))) continue;
      std::optional<std::size_t> chosen;
      for (std::size_t s = 0; s < options_.sources.size(); ++s) {
        const Access& source = options_.sources[s];
        const bool fits = endpoint.provider == Provider::any || endpoint.provider == source.provider;
        if (!fits || (endpoint.needs_oauth && !source.is_oauth)) continue;
        if (!chosen || (endpoint.provider == Provider::any && source.provider == Provider::compliance))
          chosen = s;
      }
      if (!chosen) continue;
      Unit unit;
      unit.endpoint = endpoint;
      if (options_.page_size != 0 && unit.endpoint.limit > options_.page_size)
        unit.endpoint.limit = options_.page_size;
      unit.source = *chosen;
      units_.push_back(std::move(unit));
    }
  }

  // ---- files

  std::string data_path(Dataset dataset) const {
    return fmt::format("{}/data/{}.jsonl", folder_, snapshot::spec_of(dataset).name);
  }

  /// Opens what is there, as far as the last checkpoint says, or begins anew.
  Status open() {
    const std::string path = folder_ + "/progress.jsonl";
    std::uint64_t kept = 0, ledger = 0;
    std::map<Dataset, std::uint64_t> bytes;
    bool goes_on = false;
    if (files_.kind(path) == FileKind::file) {
      if (options_.resumes) {
        auto text = files_.read_file(path, std::uint64_t{1} << 32);
        if (!text) return tl::unexpected(text.error());
        goes_on = replay(*text, kept, ledger, bytes);
        if (!goes_on)
          outcome_.note =
              "the sources, a key or the version of muster changed since: the collection starts anew";
      }
    } else if (options_.resumes) {
      outcome_.note = "there is nothing to go on with: the collection starts anew";
    }
    outcome_.went_on = goes_on;
    if (!goes_on) {
      kept = ledger = 0;
      bytes.clear();
      requests_ = 0;
      for (Unit& unit : units_) {
        Unit fresh;
        fresh.endpoint = unit.endpoint;
        fresh.source = unit.source;
        unit = std::move(fresh);
      }
      started_ = clock_.now();
      const std::int64_t today =
          started_.us - ((started_.us % kMicrosPerDay) + kMicrosPerDay) % kMicrosPerDay;
      window_ = options_.window ? *options_.window : Window{{today - options_.window_us}, started_};
    }
    for (std::size_t d = 0; d < snapshot::kCollectedCount; ++d) {
      const auto dataset = static_cast<Dataset>(d);
      if (!bytes.contains(dataset)) {
        if (auto status = files_.remove_all(data_path(dataset)); !status) return status;
      } else if (auto status = reopen(dataset, bytes[dataset]); !status) {
        return status;
      }
    }
    auto opened = AppendFile::open(folder_ + "/ledger.jsonl", ledger);
    if (!opened) return tl::unexpected(opened.error());
    ledger_ = std::move(*opened);
    opened = AppendFile::open(path, kept);
    if (!opened) return tl::unexpected(opened.error());
    progress_ = std::move(*opened);
    if (goes_on) return {};
    std::string line;
    json::Writer writer(line);
    writer.begin_object().key("start").begin_object();
    writer.key("fingerprint").value(options_.fingerprint).key("at").value(format_rfc3339(started_));
    writer.key("from").value(format_rfc3339(window_.from)).key("to").value(format_rfc3339(window_.to));
    writer.end_object().end_object();
    return progress_->append(line + "\n");
  }

  /// Cuts a dataset's file and reads what is left of it through its digest.
  Status reopen(Dataset dataset, std::uint64_t keep) {
    Store& store = stores_[dataset];
    auto opened = AppendFile::open(data_path(dataset), keep);
    if (!opened) return tl::unexpected(opened.error());
    store.file = std::move(*opened);
    store.digest = Sha256();
    store.bytes = keep;
    store.rows = 0;
    return each_chunk(dataset, 0, keep, [&](std::string_view chunk) {
      store.digest.update(chunk);
      store.rows += static_cast<std::uint64_t>(std::ranges::count(chunk, '\n'));
    });
  }

  Status each_chunk(Dataset dataset, std::uint64_t from, std::uint64_t to,
                    const std::function<void(std::string_view)>& take) const {
    if (from >= to) return {};
    auto file = files_.open(data_path(dataset));
    if (!file) return tl::unexpected(file.error());
    std::string buffer(1u << 20, '\0');
    while (from < to) {
      const auto count =
          (*file)->read_at(from, std::span(buffer).first(std::min<std::size_t>(buffer.size(), to - from)));
      if (!count) return tl::unexpected(count.error());
      if (*count == 0)
        return fail(ErrorCode::file_unreadable, fmt::format("{} ends too early", data_path(dataset)));
      take(std::string_view(buffer).substr(0, *count));
      from += *count;
    }
    return {};
  }

  Status each_line(Dataset dataset, std::uint64_t from, std::uint64_t to,
                   const std::function<void(const Value&)>& take) const {
    std::string rest;
    return each_chunk(dataset, from, to, [&](std::string_view chunk) {
      for (std::size_t end; (end = chunk.find('\n')) != std::string_view::npos;
           chunk.remove_prefix(end + 1)) {
        rest += chunk.substr(0, end);
        if (const auto line = json::parse(rest)) take(*line);
        rest.clear();
      }
      rest += chunk;
    });
  }

  // ---- checkpoints

  Status checkpoint(const Unit& unit) {
    std::string line;
    json::Writer writer(line);
    writer.begin_object().key("unit").value(unit.endpoint.name);
    writer.key("done")
        .value(unit.is_done)
        .key("skipped")
        .value(unit.is_skipped)
        .key("begun")
        .value(unit.has_begun);
    writer.key("status").value(snapshot::word_of(unit.status)).key("reason").value(unit.reason);
    writer.key("rows")
        .value(unit.rows)
        .key("pages")
        .value(unit.pages)
        .key("duplicates")
        .value(unit.duplicates);
    writer.key("traces").value(unit.traces).key("restarts").value(unit.restarts);
    writer.key("parent").value(unit.parent).key("cursor");
    unit.cursor ? writer.value(*unit.cursor) : writer.null();
    writer.key("begin").value(unit.list_begin).key("list_rows").value(unit.list_rows);
    writer.key("warnings").begin_array();
    for (const auto& warning : unit.warnings) writer.value(warning);
    writer.end_array().key("parents").begin_array();
    for (const auto& parent : unit.parents)
      writer.begin_array()
          .value(parent.id)
          .value(snapshot::word_of(parent.status))
          .value(parent.reason)
          .end_array();
    writer.end_array().key("bytes").begin_object();
    for (const auto dataset : datasets_of(unit))
      if (const auto found = stores_.find(dataset); found != stores_.end())
        writer.key(snapshot::spec_of(dataset).name).value(found->second.bytes);
    writer.end_object().key("ledger").value(ledger_->size()).key("requests").value(requests_);
    writer.end_object();
    return progress_->append(line + "\n");
  }

  static std::vector<Dataset> datasets_of(const Unit& unit) {
    if (unit.endpoint.paging == Paging::settings) return {Dataset::settings, Dataset::compliance_keys};
    return {unit.endpoint.dataset};
  }

  /// Takes up the checkpoints; false when they are of another collection.
  bool replay(std::string_view text, std::uint64_t& kept, std::uint64_t& ledger,
              std::map<Dataset, std::uint64_t>& bytes) {
    for (std::size_t end; (end = text.find('\n', kept)) != std::string_view::npos; kept = end + 1) {
      const auto line = json::parse(text.substr(kept, end - kept));
      if (!line) return kept > 0;
      if (kept == 0) {
        const Value* start = line->find("start");
        if (start == nullptr || text_of(start->find("fingerprint")) != options_.fingerprint) return false;
        const auto at = parse_rfc3339(text_of(start->find("at"))),
                   from = parse_rfc3339(text_of(start->find("from"))),
                   to = parse_rfc3339(text_of(start->find("to")));
        if (!at || !from || !to) return false;
        started_ = *at;
        window_ = {*from, *to};
        continue;
      }
      const auto unit = std::ranges::find(units_, text_of(line->find("unit")),
                                          [](const Unit& each) { return each.endpoint.name; });
      if (unit == units_.end()) return false;
      restore(*unit, *line);
      ledger = number_of(line->find("ledger"));
      requests_ = number_of(line->find("requests"));
      if (const Value* sizes = line->find("bytes"); sizes != nullptr && sizes->object() != nullptr) {
        for (const auto& [name, size] : *sizes->object())
          if (const auto* spec = snapshot::find_dataset(name)) bytes[spec->dataset] = number_of(&size);
      }
    }
    return kept > 0;
  }

  static void restore(Unit& unit, const Value& line) {
    unit.has_begun = line.find("begun") != nullptr && *line.find("begun")->boolean();
    unit.is_done = line.find("done") != nullptr && *line.find("done")->boolean();
    unit.is_skipped = line.find("skipped") != nullptr && *line.find("skipped")->boolean();
    unit.status = status_of(text_of(line.find("status")));
    unit.reason = text_of(line.find("reason"));
    unit.rows = number_of(line.find("rows"));
    unit.pages = number_of(line.find("pages"));
    unit.duplicates = number_of(line.find("duplicates"));
    unit.traces = number_of(line.find("traces"));
    unit.restarts = number_of(line.find("restarts"));
    unit.parent = number_of(line.find("parent"));
    unit.list_begin = number_of(line.find("begin"));
    unit.list_rows = number_of(line.find("list_rows"));
    const Value* cursor = line.find("cursor");
    unit.cursor =
        cursor != nullptr && cursor->string() != nullptr ? std::optional(*cursor->string()) : std::nullopt;
    unit.warnings.clear();
    for (const Value& warning : *line.find("warnings")->array())
      unit.warnings.emplace_back(text_of(&warning));
    unit.parents.clear();
    for (const Value& parent : *line.find("parents")->array()) {
      const auto& parts = *parent.array();
      unit.parents.push_back(
          {std::string(text_of(&parts[0])), status_of(text_of(&parts[1])), std::string(text_of(&parts[2]))});
    }
  }

  // ---- one endpoint

  Result<End> collect_unit(Unit& unit) {
    const Endpoint& endpoint = unit.endpoint;
    if (is_covered(unit)) {
      unit.is_done = unit.is_skipped = true;
      if (auto status = checkpoint(unit); !status) return tl::unexpected(status.error());
      return End::finished;
    }
    std::vector<ParentRow> parents(1);
    if (endpoint.parent != Parent::none) {
      auto found = parents_of(unit);
      if (!found) return tl::unexpected(found.error());
      parents = std::move(*found);
      if (auto incomplete = parents_incomplete(unit)) note_partial(unit, std::move(*incomplete));
    }
    if (home_.empty() && endpoint.dataset != Dataset::organizations) {
      if (auto status = find_home(); !status) return tl::unexpected(status.error());
    }
    for (const Dataset dataset : datasets_of(unit)) {
      if (stores_.contains(dataset)) continue;
      if (auto status = reopen(dataset, 0); !status) return tl::unexpected(status.error());
    }
    while (unit.parent < parents.size()) {
      const ParentRow& parent = parents[unit.parent];
      if (lost_sources_.contains(unit.source)) {
        set_failed(unit, parents.size(), parent,
                   {Trouble::Kind::unauthorized, lost_sources_[unit.source], 401});
        ++unit.parent;
        continue;
      }
      if (auto status = begin_list(unit); !status) return tl::unexpected(status.error());
      auto trouble = collect_list(unit, parent);
      if (!trouble) return tl::unexpected(trouble.error());
      if (!*trouble) {
        unreachable_in_a_row_ = 0;
      } else if (const auto end = handle(unit, parents.size(), parent, std::move(**trouble));
                 end != End::finished) {
        return end;
      }
      unit.cursor.reset();
      unit.has_begun = false;
      if (++unit.parent == parents.size()) break;
      if (auto status = flush_ledger(); !status) return tl::unexpected(status.error());
      if (auto status = checkpoint(unit); !status) return tl::unexpected(status.error());
    }
    if (unit.parents.size() == parents.size() && !parents.empty() && unit.rows == 0 &&
        endpoint.parent != Parent::none) {
      const auto status = unit.parents.front().status;
      if (std::ranges::all_of(unit.parents, [&](const auto& each) { return each.status == status; })) {
        unit.status = status;
        unit.reason = unit.parents.front().reason;
      }
    }
    if (unit.duplicates > 0)
      warn(unit, fmt::format("{} rows came twice: the list shifted while it was read", unit.duplicates));
    if (unit.traces > 0)
      warn(unit, fmt::format("{} activities are traces of collections by muster", unit.traces));
    unit.is_done = true;
    if (auto status = flush_ledger(); !status) return tl::unexpected(status.error());
    if (auto status = checkpoint(unit); !status) return tl::unexpected(status.error());
    tell(unit);
    return End::finished;
  }

  /// The Compliance API's view of groups and roles is for those whose Admin key cannot read them.
  bool is_covered(const Unit& unit) const {
    if (unit.endpoint.provider != Provider::compliance) return false;
    const Dataset dataset = unit.endpoint.dataset;
    if (dataset != Dataset::groups && dataset != Dataset::group_members && dataset != Dataset::roles &&
        dataset != Dataset::role_permissions)
      return false;
    return std::ranges::any_of(units_, [&](const Unit& other) {
      return other.endpoint.dataset == dataset && other.endpoint.provider == Provider::admin &&
             other.is_done && !other.is_skipped &&
             (other.status == DatasetStatus::complete || other.rows > 0);
    });
  }

  Status begin_list(Unit& unit) {
    Store& store = stores_[unit.endpoint.dataset];
    ids_.clear();
    cursors_.clear();
    empty_pages_ = 0;
    if (!unit.has_begun) {
      unit.has_begun = true;
      unit.list_begin = store.bytes;
      unit.list_rows = 0;
      unit.cursor.reset();
      return {};
    }
    if (unit.endpoint.key.empty()) return {};
    return each_line(unit.endpoint.dataset, unit.list_begin, store.bytes, [&](const Value& line) {
      if (const Value* object = line.find("object")) ids_.add(text_of(object->find(unit.endpoint.key)));
    });
  }

  Result<std::vector<ParentRow>> parents_of(const Unit& unit) {
    std::vector<ParentRow> parents;
    if (unit.endpoint.parent == Parent::days) {
      for (Date day = date_of(window_.from); start_of(day) < window_.to; day = plus_days(day, 1))
        parents.push_back({format_date(day), {}, false});
      return parents;
    }
    const Dataset dataset = *parent_dataset(unit.endpoint.parent);
    const auto store = stores_.find(dataset);
    if (store == stores_.end()) return parents;
    const auto provider = word_of(unit.endpoint.provider);
    const bool is_organization = dataset == Dataset::organizations;
    auto status = each_line(dataset, 0, store->second.bytes, [&](const Value& line) {
      const Value *from = line.find("from"), *object = line.find("object");
      if (text_of(from->find("provider")) != provider) return;
      const Value* archived = object->find("archived_at");
      const bool is_archived = archived != nullptr && !archived->is_null();
      if (is_archived && unit.endpoint.parent == Parent::live_workspaces) return;
      ParentRow parent{
          std::string(text_of(object->find(is_organization ? "uuid" : "id"))),
          std::string(text_of(from->find("organization_id"))),
          is_archived || (dataset == Dataset::workspaces && text_of(object->find("name")) == "Default")};
      if (is_organization) parent.organization_id = parent.id;
      parents.push_back(std::move(parent));
    });
    if (!status) return tl::unexpected(status.error());
    return parents;
  }

  /// Children of a list that is not whole cannot be whole.
  std::optional<std::string> parents_incomplete(const Unit& unit) const {
    const auto dataset = parent_dataset(unit.endpoint.parent);
    if (!dataset) return std::nullopt;
    bool is_asked = false;
    for (const Unit& other : units_) {
      if (other.endpoint.dataset != *dataset || other.endpoint.provider != unit.endpoint.provider ||
          other.is_skipped)
        continue;
      is_asked = true;
      if (other.status != DatasetStatus::complete)
        return fmt::format("the list of {} is {}", snapshot::spec_of(*dataset).name,
                           snapshot::word_of(other.status));
    }
    if (is_asked) return std::nullopt;
    return fmt::format("{} were not collected", snapshot::spec_of(*dataset).name);
  }

  Status find_home() {
    const auto store = stores_.find(Dataset::organizations);
    if (store == stores_.end()) return {};
    return each_line(Dataset::organizations, 0, store->second.bytes, [&](const Value& line) {
      const Value* object = line.find("object");
      if (!home_.empty() || object == nullptr) return;
      home_ = text_of(object->find("id"));
      if (home_.empty()) home_ = text_of(object->find("uuid"));
      home_name_ = text_of(object->find("name"));
    });
  }

  std::string path_of(const Unit& unit, const ParentRow& parent) const {
    std::string path(unit.endpoint.path);
    replace(path, "{organization_id}", http::encode_segment(parent.organization_id));
    replace(path, fmt::format("{{{}}}", parent_member(unit.endpoint.parent)),
            http::encode_segment(parent.id));
    return path;
  }

  std::string query_of(const Unit& unit, const ParentRow& parent) const {
    const Endpoint& endpoint = unit.endpoint;
    std::vector<std::string> parts;
    if (endpoint.limit != 0) parts.push_back(fmt::format("limit={}", endpoint.limit));
    if (endpoint.parent == Parent::days) parts.push_back("starting_at=" + parent.id);
    if (endpoint.paging == Paging::buckets) {
      parts.push_back("starting_at=" + format_rfc3339(start_of(date_of(window_.from))));
      parts.push_back("ending_at=" + format_rfc3339(window_.to));
    }
    if (endpoint.dataset == Dataset::activities) {
      // Up to the start: what the collection itself leaves in the feed lies behind it.
      parts.push_back("created_at.gte=" + format_rfc3339(window_.from));
      parts.push_back("created_at.lt=" + format_rfc3339(window_.to));
    }
    if (!endpoint.query.empty()) parts.emplace_back(endpoint.query);
    if (unit.cursor)
      parts.push_back((endpoint.paging == Paging::by_id ? "after_id=" : "page=") +
                      http::encode_segment(*unit.cursor));
    std::string query;
    for (const std::string& part : parts) query += (query.empty() ? "" : "&") + part;
    return query;
  }

  http::Session& session_of(std::size_t source) {
    auto& session = sessions_[source];
    if (!session) {
      const Access& access = options_.sources[source];
      session = std::make_unique<http::Session>(access.http, access.rate, access.patience, clock_,
                                                hooks_.wait, hooks_.should_stop,
                                                static_cast<std::uint64_t>(clock_.monotonic_us()));
    }
    return *session;
  }

  /// Reads one list to its end; nullopt when nothing was wrong.
  Result<std::optional<Trouble>> collect_list(Unit& unit, const ParentRow& parent) {
    const std::string path = path_of(unit, parent);
    for (;;) {
      const std::string query = query_of(unit, parent);
      Page page;
      std::vector<std::size_t> offsets;  // of the rows: the body moves
      const auto inspect = [&](const http::Response& response) -> std::optional<std::string> {
        offsets.clear();
        auto parsed = parse_page(response.body, unit.endpoint);
        if (!parsed) return parsed.error().message;
        page = std::move(*parsed);
        for (const Row& row : page.rows)
          offsets.push_back(static_cast<std::size_t>(row.object.data() - response.body.data()));
        return std::nullopt;
      };
      const auto observe = [&](const std::string&, unsigned attempt, const http::Response& response) {
        note_request(path, query, attempt, response,
                     response.failure == http::Failure::none && response.status == 200 ? &page : nullptr);
      };
      const http::Response response =
          session_of(unit.source).get(query.empty() ? path : path + "?" + query, observe, inspect);
      if (response.failure != http::Failure::none || response.status != 200) {
        if (response.status == 400 && unit.cursor && unit.restarts == 0 &&
            response.failure == http::Failure::none) {
          if (auto status = restart(unit); !status) return tl::unexpected(status.error());
          continue;
        }
        return std::optional(trouble_of(response));
      }
      answered_.insert(unit.source);
      for (std::size_t i = 0; i < page.rows.size(); ++i)
        page.rows[i].object = std::string_view(response.body).substr(offsets[i], page.rows[i].object.size());
      const std::optional<std::string> before = unit.cursor;
      auto wrong = look_at_cursor(page, before);
      unit.cursor = page.has_more && !wrong ? page.next : std::nullopt;
      if (auto status = write_page(unit, parent, page); !status) return tl::unexpected(status.error());
      const bool is_last = !page.has_more || wrong;
      if (!is_last) {
        if (auto status = checkpoint(unit); !status) return tl::unexpected(status.error());
      }
      if (hooks_.progress)
        hooks_.progress(snapshot::spec_of(unit.endpoint.dataset).name, unit.rows, unit.pages);
      if (wrong) return std::optional(Trouble{Trouble::Kind::other, std::move(*wrong), 0});
      if (is_last) return std::optional<Trouble>();
    }
  }

  /// Cursors that lead nowhere: what is wrong with the one of this page.
  std::optional<std::string> look_at_cursor(const Page& page, const std::optional<std::string>& before) {
    if (!page.has_more) return std::nullopt;
    if (!page.next) return "the service promises more rows but gives no cursor";
    if (before && *before == *page.next) return "the service gave the same cursor again";
    if (!cursors_.add(*page.next)) return "the service's cursors go round in a circle";
    empty_pages_ = page.rows.empty() ? empty_pages_ + 1 : 0;
    if (empty_pages_ >= kMostEmptyPages) return "the service promises more rows but gives none";
    return std::nullopt;
  }

  Status restart(Unit& unit) {
    warn(unit, "the list was read again from its start: the service no longer knew the cursor");
    unit.restarts = 1;
    unit.cursor.reset();
    unit.rows -= unit.list_rows;
    unit.list_rows = 0;
    ids_.clear();
    cursors_.clear();
    if (auto status = reopen(unit.endpoint.dataset, unit.list_begin); !status) return status;
    if (auto status = flush_ledger(); !status) return status;
    return checkpoint(unit);
  }

  Status write_page(Unit& unit, const ParentRow& parent, const Page& page) {
    const std::string organization = parent.organization_id.empty() ? home_ : parent.organization_id;
    std::string head =
        fmt::format("{{\"from\":{{\"provider\":\"{}\"", word_of(options_.sources[unit.source].provider));
    const auto add = [&](std::string_view name, std::string_view value) {
      if (value.empty()) return;
      head += fmt::format(",\"{}\":", name);
      json::append_quoted(head, value);
    };
    std::string own_id;
    if (unit.endpoint.dataset == Dataset::organizations && unit.endpoint.paging == Paging::single)
      own_id = text_member(page.rows.front().object, "id");
    add("organization_id", own_id.empty() ? organization : own_id);
    if (const auto member = parent_member(unit.endpoint.parent); !member.empty()) add(member, parent.id);
    std::map<Dataset, std::string> lines;
    for (const Dataset dataset : datasets_of(unit))
      lines[dataset].reserve(dataset == unit.endpoint.dataset ? page.rows.size() * 400 : 0);
    for (const Row& row : page.rows) {
      if (!row.id.empty() && !ids_.add(row.id)) {
        ++unit.duplicates;
        continue;
      }
      std::string& out = lines[row.is_second ? Dataset::compliance_keys : unit.endpoint.dataset];
      out += head;
      if (unit.endpoint.provider == Provider::compliance && unit.endpoint.dataset == Dataset::organizations)
        fmt::format_to(std::back_inserter(out), ",\"organization_id\":\"{}\"", row.id);
      out += row.from;
      fmt::format_to(std::back_inserter(out), ",\"request\":{}}},\"object\":", requests_);
      const std::size_t begin = out.size();
      out += row.object;
      // White space between the parts of a value is no part of it, and a line has one record.
      for (std::size_t at = begin; (at = out.find_first_of("\n\r", at)) != std::string::npos; ++at)
        out[at] = ' ';
      out += "}\n";
      if (row.is_own_trace) ++unit.traces;
      ++unit.rows;
      ++unit.list_rows;
      ++stores_[row.is_second ? Dataset::compliance_keys : unit.endpoint.dataset].rows;
    }
    ++unit.pages;
    for (const auto& [dataset, text] : lines) {
      Store& store = stores_[dataset];
      if (auto status = store.file->append(text); !status) return status;
      store.digest.update(text);
      store.bytes += text.size();
    }
    return flush_ledger();
  }

  // ---- the ledger

  void note_request(const std::string& path, const std::string& query, unsigned attempt,
                    const http::Response& response, const Page* page) {
    ++requests_;
    std::string line;
    json::Writer writer(line);
    writer.begin_object().key("method").value("GET").key("path").value(path).key("query").value(query);
    writer.key("attempt").value(attempt).key("status").value(response.status);
    const std::string* id = response.header("request-id");
    writer.key("request_id").value(id == nullptr ? std::string() : *id);
    writer.key("started")
        .value(format_rfc3339(response.started))
        .key("ended")
        .value(format_rfc3339(response.ended));
    writer.key("bytes")
        .value(std::uint64_t{response.body.size()})
        .key("sha256")
        .value(sha256_hex(response.body));
    writer.key("rows")
        .value(page == nullptr ? std::uint64_t{0} : std::uint64_t{page->rows.size()})
        .key("cursor");
    page != nullptr && page->next ? writer.value(*page->next) : writer.null();
    if (response.failure != http::Failure::none) writer.key("failure").value(response.reason);
    writer.end_object();
    unwritten_ledger_ += line + "\n";
  }

  Status flush_ledger() {
    const std::string lines = std::exchange(unwritten_ledger_, {});
    return lines.empty() ? Status() : ledger_->append(lines);
  }

  // ---- what went wrong

  static Trouble trouble_of(const http::Response& response) {
    using Kind = Trouble::Kind;
    switch (response.failure) {
      case http::Failure::interrupted: return {Kind::interrupted, "interrupted", 0};
      case http::Failure::unreachable:
      case http::Failure::timeout:
      case http::Failure::tls:
      case http::Failure::proxy: return {Kind::unreachable, response.reason, 0};
      case http::Failure::broken:
        // With a status, a reply came and was no good; without one, the connection ended.
        return {response.status == 200 ? Kind::other : Kind::unreachable, response.reason, 0};
      case http::Failure::too_large: return {Kind::other, response.reason, 0};
      case http::Failure::none: break;
    }
    const std::string words = error_words(response.body);
    std::string reason =
        words.empty() ? fmt::format("{}", response.status) : fmt::format("{} {}", response.status, words);
    if (response.status >= 300 && response.status < 400) {
      const std::string* to = response.header("location");
      reason = fmt::format("{} redirect to {}, which was not followed", response.status,
                           to == nullptr ? "nowhere" : std::string(utf8_prefix(*to, 100)));
    }
    const Kind kind = response.status == 401   ? Kind::unauthorized
                      : response.status == 403 ? Kind::denied
                      : response.status == 404 ? Kind::absent
                                               : Kind::other;
    return {kind, std::move(reason), response.status};
  }

  End handle(Unit& unit, std::size_t parents, const ParentRow& parent, Trouble trouble) {
    using Kind = Trouble::Kind;
    if (trouble.kind == Kind::interrupted) {
      unwritten_ledger_.clear();
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
    if (trouble.kind == Kind::unauthorized) {
      if (!answered_.contains(unit.source)) {
        outcome_.reason = trouble.reason;
        return End::refused;
      }
      lost_sources_[unit.source] = trouble.reason;
    }
    if (parent.is_spare && (trouble.status == 400 || trouble.status == 404)) return End::finished;
    set_failed(unit, parents, parent, trouble);
    return End::finished;
  }

  static void set_failed(Unit& unit, std::size_t parents, const ParentRow& parent, const Trouble& trouble) {
    using Kind = Trouble::Kind;
    DatasetStatus status = DatasetStatus::partial;
    const bool is_empty = unit.list_rows == 0;
    if (is_empty && (trouble.kind == Kind::denied || trouble.kind == Kind::unauthorized))
      status = DatasetStatus::denied;
    if (is_empty && trouble.kind == Kind::absent && !unit.cursor) status = DatasetStatus::unsupported;
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

  static void note_partial(Unit& unit, std::string reason) {
    unit.status = DatasetStatus::partial;
    unit.reason = std::move(reason);
  }

  static void warn(Unit& unit, std::string warning) {
    if (unit.warnings.size() < kMostWarnings &&
        std::ranges::find(unit.warnings, warning) == unit.warnings.end())
      unit.warnings.push_back(std::move(warning));
  }

  void tell(const Unit& unit) const {
    if (!hooks_.tell) return;
    hooks_.tell(fmt::format("{:<28} {:<12} {:>9} rows {:>6} pages{}{}", unit.endpoint.name,
                            snapshot::word_of(unit.status), unit.rows, unit.pages,
                            unit.reason.empty() ? "" : "  ", unit.reason));
  }

  // ---- the end

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
    for (std::size_t d = 0; d < snapshot::kCollectedCount; ++d)
      manifest.datasets.push_back(row_of(static_cast<Dataset>(d)));
    for (auto& [dataset, store] : stores_) {
      if (!store.file) continue;
      if (auto status = store.file->sync(); !status) return status;
    }
    if (auto status = ledger_->sync(); !status) return status;
    if (auto status = files_.write_file(folder_ + "/manifest.json", snapshot::render_manifest(manifest));
        !status)
      return status;
    for (const char* own : {"/progress.jsonl", "/lock"})
      if (auto status = files_.remove_all(folder_ + own); !status) return status;
    if (auto status = files_.rename(folder_, options_.out); !status) return status;
    outcome_.folder = options_.out;
    outcome_.manifest = std::move(manifest);
    return {};
  }

  snapshot::DatasetManifest row_of(Dataset dataset) {
    snapshot::DatasetManifest row;
    row.name = snapshot::spec_of(dataset).name;
    bool has_complete = false, is_asked = false;
    for (const Unit& unit : units_) {
      const auto all = datasets_of(unit);
      if (unit.is_skipped || std::ranges::find(all, dataset) == all.end()) continue;
      is_asked = true;
      row.pages += unit.pages;
      row.warnings.insert(row.warnings.end(), unit.warnings.begin(), unit.warnings.end());
      row.parents.insert(row.parents.end(), unit.parents.begin(), unit.parents.end());
      if (unit.status == DatasetStatus::complete) {
        has_complete = true;
        continue;
      }
      // Half a list counts more than one that was not to be had.
      const bool is_worse =
          row.status == DatasetStatus::not_requested || unit.status == DatasetStatus::partial ||
          (unit.status == DatasetStatus::denied && row.status == DatasetStatus::unsupported);
      if (is_worse) {
        row.status = unit.status;
        row.reason = unit.reason;
      }
    }
    if (is_asked && row.status != DatasetStatus::partial && has_complete) {
      // A source that was asked and refused may know of rows that the other does not: only what an
      // organization does not have at all, or was not asked for, leaves the other's list whole.
      if (!row.reason.empty())
        row.warnings.push_back(
            fmt::format("one of several sources was {}: {}", snapshot::word_of(row.status), row.reason));
      if (row.status == DatasetStatus::denied) {
        row.status = DatasetStatus::partial;
        row.reason = fmt::format("one of several sources was denied: {}", row.reason);
      } else {
        row.status = DatasetStatus::complete;
        row.reason.clear();
      }
    }
    if (is_asked) row.warnings.insert(row.warnings.end(), options_.warnings.begin(), options_.warnings.end());
    const auto store = stores_.find(dataset);
    if (store != stores_.end() &&
        (row.status == DatasetStatus::complete || row.status == DatasetStatus::partial)) {
      row.rows = store->second.rows;
      row.bytes = store->second.bytes;
      row.sha256 = store->second.digest.finish_hex();
      row.filters = filters_of(dataset);
    } else if (store != stores_.end()) {
      store->second.file.reset();
      static_cast<void>(files_.remove_all(data_path(dataset)));
    }
    return row;
  }

  std::string filters_of(Dataset dataset) const {
    if (dataset != Dataset::usage && dataset != Dataset::cost && dataset != Dataset::claude_code_usage &&
        dataset != Dataset::activities)
      return {};
    return fmt::format("{{\"from\":\"{}\",\"to\":\"{}\"}}", format_rfc3339(window_.from),
                       format_rfc3339(window_.to));
  }

  FileSystem& files_;
  const Clock& clock_;
  const Options& options_;
  const Hooks& hooks_;
  std::string folder_, home_, home_name_;
  std::vector<Unit> units_;
  std::map<Dataset, Store> stores_;
  std::optional<AppendFile> ledger_, progress_;
  std::map<std::size_t, std::unique_ptr<http::Session>> sessions_;
  std::map<std::size_t, std::string> lost_sources_;  // their key stopped working
  std::set<std::size_t> answered_;
  IdSet ids_, cursors_;
  unsigned empty_pages_ = 0, unreachable_in_a_row_ = 0;
  std::uint64_t requests_ = 0;
  std::string unwritten_ledger_;
  Instant started_;
  Window window_;
  Outcome outcome_;
};

}  // namespace

Result<Outcome> collect(FileSystem& files, const Clock& clock, const Options& options, const Hooks& hooks) {
  return Run(files, clock, options, hooks).run();
}

}  // namespace muster::collect
