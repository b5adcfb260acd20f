#include "evidence/ipe.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"

namespace muster::evidence {
namespace {

struct Request {
  std::uint32_t number = 0;
  std::string method, path, endpoint, query, id, started, ended;
  std::int64_t status = 0, rows = 0;
};

/// The path with ids in place of parts that are ids: "/v1/organizations/workspaces/{id}/members".
std::string endpoint_of(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t slash = path.find('/', 1);
    const std::string_view part = path.substr(0, slash);
    const bool is_id =
        std::any_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; }) && part.size() > 6;
    out += is_id ? "/{id}" : part;
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash);
  }
  return out;
}

/// Without the page's place, which differs from request to request: "limit=100&after_id=user_01" →
/// "limit=100".
std::string parameters_of(std::string_view query) {
  std::string out;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    if (!part.starts_with("after_id=") && !part.starts_with("page=") && !part.starts_with("before_id="))
      out += (out.empty() ? "" : "&") + std::string(part);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
  }
  return out;
}

Result<std::vector<Request>> parse_ledger(std::string_view ledger) {
  std::vector<Request> out;
  while (!ledger.empty()) {
    const std::size_t end = ledger.find('\n');
    const std::string_view line = ledger.substr(0, end);
    ledger.remove_prefix(end == std::string_view::npos ? ledger.size() : end + 1);
    Request request;
    request.number = static_cast<std::uint32_t>(out.size() + 1);
    const auto value = json::parse(line, {.file = "ledger.jsonl", .first_line = request.number});
    if (!value || value->object() == nullptr)
      return fail(ErrorCode::evidence_input,
                  fmt::format("ledger.jsonl:{}: the line is no request", request.number));
    const auto text = [&](std::string_view name) {
      const json::Value* member = value->find(name);
      return member != nullptr && member->string() != nullptr ? *member->string() : std::string();
    };
    const auto number = [&](std::string_view name) {
      const json::Value* member = value->find(name);
      return member != nullptr && member->integer() != nullptr ? *member->integer() : 0;
    };
    request.method = text("method");
    request.path = text("path");
    request.endpoint = endpoint_of(request.path);
    request.query = text("query");
    request.id = text("request_id");
    request.started = text("started");
    request.ended = text("ended");
    request.status = number("status");
    request.rows = number("rows");
    out.push_back(std::move(request));
  }
  return out;
}

struct Sheet {
  const snapshot::DatasetManifest* row = nullptr;
  const snapshot::DatasetSpec* spec = nullptr;
  const StoredDataset* stored = nullptr;
  std::set<std::string> endpoints, parameters;
  std::map<std::string, std::int64_t> received_from;  // endpoint → rows of its replies
  std::vector<const Request*> requests;
  std::string first, last;
  std::int64_t received = 0;  // rows of the replies
  std::string tie_out;
};

Sheet make_sheet(const snapshot::DatasetManifest& row, const snapshot::DatasetSpec& spec,
                 const StoredDataset* stored, const std::vector<Request>& ledger) {
  Sheet sheet{&row, &spec, stored, {}, {}, {}, {}, {}, {}, 0, {}};
  if (stored != nullptr) {
    for (const std::uint32_t number : stored->count.requests())
      if (number >= 1 && number <= ledger.size()) sheet.endpoints.insert(ledger[number - 1].endpoint);
  }
  for (const Request& request : ledger) {
    // Replies without rows belong to the dataset too: an empty last page, a workspace without members.
    const bool is_source =
        sheet.endpoints.contains(request.endpoint) ||
        (sheet.endpoints.empty() && spec.source.find(request.endpoint) != std::string_view::npos &&
         !request.endpoint.empty());
    if (!is_source) continue;
    sheet.requests.push_back(&request);
    sheet.parameters.insert(parameters_of(request.query));
    if (request.status >= 200 && request.status < 300) {
      sheet.received += request.rows;
      sheet.received_from[request.endpoint] += request.rows;
    }
    if (sheet.first.empty() || request.started < sheet.first) sheet.first = request.started;
    if (request.ended > sheet.last) sheet.last = request.ended;
  }
  if (stored == nullptr) {
    sheet.tie_out = "no stored file";
  } else if (stored->count.rows() != row.rows || stored->sha256 != row.sha256) {
    sheet.tie_out = "the stored file is not what the manifest says";
  } else if (sheet.requests.empty()) {
    sheet.tie_out = "the stored file is what the manifest says; there are no requests to compare with";
  } else if (static_cast<std::uint64_t>(sheet.received) == row.rows) {
    sheet.tie_out = "the stored file, the manifest and the replies agree";
  } else {
    sheet.tie_out = fmt::format(
        "the stored file is what the manifest says; the replies had {} rows in all, of which some belong to "
        "other datasets or were repeated",
        sheet.received);
  }
  return sheet;
}

std::string render_json(const snapshot::Manifest& manifest, const Sheet& sheet) {
  std::string out;
  json::Writer w(out, 1, 2);
  const auto text = [&](std::string_view key, std::string_view value) { w.key(key).value(value); };
  w.begin_object();
  w.key("muster_ipe").value(1);
  text("dataset", sheet.row->name);
  text("description", sheet.spec->doc);
  w.key("system").begin_object();
  text("provider", manifest.provider);
  text("base_url", manifest.base_url);
  text("api_version", manifest.api_version);
  text("organization", manifest.organization_name);
  text("organization_id", manifest.organization_id);
  w.end_object();
  text("source", sheet.spec->source);
  w.key("endpoints").begin_array();
  for (const std::string& endpoint : sheet.endpoints) w.value(std::string_view(endpoint));
  w.end_array();
  w.key("parameters").begin_array();
  for (const std::string& each : sheet.parameters) w.value(std::string_view(each));
  w.end_array();
  w.key("filters").raw(sheet.row->filters.empty() ? "{}" : std::string_view(sheet.row->filters));
  text("completeness", manifest.origin == snapshot::Manifest::Origin::observed
                           ? "observed while collecting"
                           : "declared by whoever imported the files");
  text("status", snapshot::word_of(sheet.row->status));
  text("reason", sheet.row->reason);
  w.key("pages").value(sheet.row->pages);
  w.key("control_total").begin_object();
  w.key("rows_in_manifest").value(sheet.row->rows);
  w.key("rows_in_stored_file").value(sheet.stored == nullptr ? std::uint64_t{0} : sheet.stored->count.rows());
  w.key("rows_in_replies").value(sheet.received);
  text("conclusion", sheet.tie_out);
  w.end_object();
  w.key("collected").begin_object();
  text("started", sheet.first.empty() ? format_rfc3339(manifest.started) : sheet.first);
  text("ended", sheet.last.empty() ? format_rfc3339(manifest.completed) : sheet.last);
  text("collector", manifest.collector);
  text("key_kind", manifest.key_kind);
  text("key_hint", manifest.key_hint);
  w.end_object();
  w.key("stored_file").begin_object();
  text("name", fmt::format("data/{}.jsonl", sheet.row->name));
  w.key("bytes").value(sheet.row->bytes);
  text("sha256", sheet.row->sha256);
  w.end_object();
  w.key("warnings").begin_array();
  for (const std::string& warning : sheet.row->warnings) w.value(std::string_view(warning));
  w.end_array();
  w.key("incomplete_parents").value(static_cast<std::uint64_t>(sheet.row->parents.size()));
  w.key("requests").begin_array();
  for (const Request* request : sheet.requests) {
    w.begin_object();
    w.key("ledger_line").value(std::uint64_t{request->number});
    text("request_id", request->id);
    w.key("status").value(request->status);
    w.key("rows").value(request->rows);
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return out + "\n";
}

std::string joined(const std::set<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out.empty() ? "none" : out;
}

std::string render_page(const snapshot::Manifest& manifest, const std::vector<Sheet>& sheets,
                        const PageFrame& frame) {
  const auto& html = frame.escape;
  const std::string title = "Where the data comes from: " + manifest.organization_name;
  std::string out = frame.head(title);
  out += fmt::format(
      "<header>\n<p class=\"brand\">muster</p>\n<h1>{}</h1>\n"
      "<p class=\"lead\">One section for each dataset. The row counts and digests were computed again from "
      "the stored files when this bundle was made.</p>\n</header>\n<main>\n",
      html(title));
  out +=
      "<table class=\"groups\">\n<caption>All datasets</caption>\n<thead><tr><th "
      "scope=\"col\">Dataset</th><th scope=\"col\">Status</th><th scope=\"col\">Rows</th><th "
      "scope=\"col\">Control total</th></tr></thead>\n<tbody>\n";
  for (const Sheet& sheet : sheets)
    out += fmt::format(
        "<tr><th scope=\"row\"><a href=\"#{0}\">{0}</a></th><td>{1}</td><td>{2}</td><td>{3}</td></tr>\n",
        html(sheet.row->name), html(snapshot::word_of(sheet.row->status)), sheet.row->rows,
        html(sheet.tie_out));
  out += "</tbody>\n</table>\n";
  for (const Sheet& sheet : sheets) {
    out += fmt::format(
        "<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{0}</h2>\n<p>{1}</p>\n"
        "<table class=\"groups\">\n<caption>Source and control total of "
        "{0}</caption>\n<tbody>\n",
        html(sheet.row->name), html(sheet.spec->doc));
    const auto row = [&](std::string_view name, std::string_view value) {
      out += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", name, html(value));
    };
    row("System", fmt::format("{} at {}, API version {}", manifest.provider,
                              manifest.base_url.empty() ? "an unknown address" : manifest.base_url,
                              manifest.api_version.empty() ? "not known" : manifest.api_version));
    row("Endpoints", sheet.endpoints.empty() ? std::string(sheet.spec->source) : joined(sheet.endpoints));
    row("Parameters", joined(sheet.parameters));
    row("Filters", sheet.row->filters.empty() || sheet.row->filters == "{}" ? "none" : sheet.row->filters);
    row("Status", fmt::format("{}{}{}; completeness {}", snapshot::word_of(sheet.row->status),
                              sheet.row->reason.empty() ? "" : ": ", sheet.row->reason,
                              manifest.origin == snapshot::Manifest::Origin::observed
                                  ? "observed while collecting"
                                  : "declared by whoever imported the files"));
    row("Pages", fmt::format("{}", sheet.row->pages));
    row("Rows in the manifest", fmt::format("{}", sheet.row->rows));
    row("Rows in the stored file",
        fmt::format("{}", sheet.stored == nullptr ? 0 : sheet.stored->count.rows()));
    std::string by_endpoint;
    if (sheet.received_from.size() > 1)
      for (const auto& [endpoint, rows] : sheet.received_from)
        by_endpoint += fmt::format("{}{} from {}", by_endpoint.empty() ? ": " : ", ", rows, endpoint);
    row("Rows in the replies", fmt::format("{}{}", sheet.received, by_endpoint));
    row("Control total", sheet.tie_out);
    row("Collected",
        fmt::format("{} to {} by {}", sheet.first.empty() ? format_rfc3339(manifest.started) : sheet.first,
                    sheet.last.empty() ? format_rfc3339(manifest.completed) : sheet.last,
                    manifest.collector));
    row("Key", manifest.key_kind.empty() ? "none: imported files"
                                         : fmt::format("{} ({})", manifest.key_kind, manifest.key_hint));
    row("Requests", sheet.requests.empty() ? "none recorded"
                                           : fmt::format("{}, from {} to {}; all of them in {}.json",
                                                         sheet.requests.size(), sheet.requests.front()->id,
                                                         sheet.requests.back()->id, sheet.row->name));
    row("SHA-256", sheet.row->sha256.empty() ? "no file" : sheet.row->sha256);
    for (const std::string& warning : sheet.row->warnings) row("Warning", warning);
    out += "</tbody>\n</table>\n</section>\n";
  }
  return out + "</main>\n" + frame.end;
}

}  // namespace

void DatasetCount::line(std::string_view text) {
  if (text.empty()) return;
  ++rows_;
  constexpr std::string_view kRequest = "\"request\":";
  const std::string_view head = text.substr(0, std::min<std::size_t>(text.find("\"object\""), 1024));
  const std::size_t at = head.rfind(kRequest);
  if (at == std::string_view::npos) return;
  const char* begin = head.data() + at + kRequest.size();
  std::uint32_t number = 0;
  if (std::from_chars(begin, head.data() + head.size(), number).ec == std::errc()) requests_.insert(number);
}

void DatasetCount::add(std::string_view piece) {
  while (true) {
    const std::size_t end = piece.find('\n');
    if (end == std::string_view::npos) {
      rest_ += piece;
      return;
    }
    if (rest_.empty()) {
      line(piece.substr(0, end));
    } else {
      rest_ += piece.substr(0, end);
      line(rest_);
      rest_.clear();
    }
    piece.remove_prefix(end + 1);
  }
}

void DatasetCount::finish() {
  line(rest_);
  rest_.clear();
}

Result<std::vector<SheetFile>> render_sheets(const snapshot::Manifest& manifest,
                                             const std::map<std::string, StoredDataset>& stored,
                                             std::string_view ledger, const PageFrame& frame) {
  const auto requests = parse_ledger(ledger);
  if (!requests) return tl::unexpected(requests.error());
  std::vector<SheetFile> out;
  std::vector<Sheet> sheets;
  for (std::size_t i = 0; i < manifest.datasets.size(); ++i) {
    const snapshot::DatasetManifest& row = manifest.datasets[i];
    if (row.status == snapshot::DatasetStatus::not_requested) continue;
    const auto found = stored.find(row.name);
    sheets.push_back(make_sheet(row, *snapshot::find_dataset(row.name),
                                found == stored.end() ? nullptr : &found->second, *requests));
    out.push_back({fmt::format("ipe/{}.json", row.name), render_json(manifest, sheets.back())});
  }
  out.push_back({"ipe/README.html", render_page(manifest, sheets, frame)});
  return out;
}

}  // namespace muster::evidence
