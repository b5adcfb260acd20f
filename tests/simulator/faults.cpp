#include "faults.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <zlib.h>

#include "base/json.h"

namespace simulator {
namespace {

enum class Class : std::uint8_t { instead, changed, page };

struct Row {
  FaultKind kind;
  std::string_view word;
  Class is;
  std::string_view meaning;
};
using enum FaultKind;
constexpr auto kInstead = Class::instead;
constexpr auto kChanged = Class::changed;
constexpr auto kPage = Class::page;
constexpr std::array kRows = {
    Row{rate_limited, "rate_limited", kInstead, "429 with retry-after (retry_after=SECONDS)"},
    Row{rate_limited_bare, "rate_limited_bare", kInstead, "429 without retry-after"},
    Row{spend_cap, "spend_cap", kInstead, "429 for a spend limit"},
    Row{server_error, "server_error", kInstead, "500"},
    Row{server_error_final, "server_error_final", kInstead, "500 with x-should-retry: false"},
    Row{bad_gateway, "bad_gateway", kInstead, "502 with an HTML body"},
    Row{unavailable, "unavailable", kInstead, "503, plain text"},
    Row{gateway_timeout, "gateway_timeout", kInstead, "504"},
    Row{overloaded, "overloaded", kInstead, "529"},
    Row{revoked, "revoked", kInstead, "401, as for a revoked key"},
    Row{forbidden, "forbidden", kInstead, "403"},
    Row{not_found, "not_found", kInstead, "404 in the API's own words"},
    Row{redirect, "redirect", kInstead, "302 to another place (to=URL, status=N)"},
    Row{not_json, "not_json", kInstead, "200 with a body that is no JSON"},
    Row{html, "html", kInstead, "200 with an HTML body"},
    Row{invalid_utf8, "invalid_utf8", kInstead, "200 with bytes that are no UTF-8"},
    Row{deep_json, "deep_json", kInstead, "200 with JSON nested 100,000 deep (depth=N)"},
    Row{big_field, "big_field", kInstead, "200 with a row that has a field of 50 MB (bytes=N)"},
    Row{gzip_bomb, "gzip_bomb", kInstead, "200 with a small body that unpacks to gigabytes (bytes=N)"},
    Row{empty_body, "empty_body", kInstead, "200 without a body"},
    Row{wrong_shape, "wrong_shape", kInstead, "200 with JSON that is no list"},
    Row{broken_json, "broken_json", kInstead, "200 with JSON that breaks off"},
    Row{truncated, "truncated", kChanged, "a body shorter than Content-Length (at=BYTE)"},
    Row{slow, "slow", kChanged, "late (ms=N)"},
    Row{gzip, "gzip", kChanged, "compressed"},
    Row{short_page, "short_page", kPage, "fewer rows than asked for while more follow (rows=N)"},
    Row{empty_more, "empty_more", kPage, "no rows while more are promised"},
    Row{repeat_cursor, "repeat_cursor", kPage, "the cursor that led here, again"},
    Row{cursor_loop, "cursor_loop", kPage, "cursors that go round in a circle"},
    Row{bad_cursor, "bad_cursor", kPage, "400: the cursor is refused"},
    Row{duplicate_rows, "duplicate_rows", kPage, "the page begins earlier than it should (rows=N)"},
    Row{skip_rows, "skip_rows", kPage, "the page begins later than it should (rows=N)"},
    Row{vanish, "vanish", kPage, "rows at the cursor are gone (rows=N; keep=1: only those behind it)"},
    Row{null_cursor, "null_cursor", kPage, "more is promised, and no cursor given"},
};

const Row& row_of(FaultKind kind) { return *std::ranges::find(kRows, kind, &Row::kind); }

/// `*` stands for any text.
bool fits(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    for (std::size_t skip = 0; skip <= text.size(); ++skip) {
      if (fits(pattern.substr(1), text.substr(skip))) return true;
    }
    return false;
  }
  return !text.empty() && text.front() == pattern.front() && fits(pattern.substr(1), text.substr(1));
}

std::string gzipped(std::string_view head, char filler, std::uint64_t count, std::string_view tail) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2 failed");
  std::string out;
  std::array<char, 65536> buffer{};
  const auto feed = [&](std::string_view text, int flush) {
    std::string input(text);
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      deflate(&stream, flush);
      out.append(buffer.data(), buffer.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  };
  feed(head, Z_NO_FLUSH);
  const std::string piece(1 << 20, filler);
  for (; count > 0; count -= std::min<std::uint64_t>(count, piece.size()))
    feed(std::string_view(piece).substr(
             0, static_cast<std::size_t>(std::min<std::uint64_t>(count, piece.size()))),
         Z_NO_FLUSH);
  feed(tail, Z_FINISH);
  deflateEnd(&stream);
  return out;
}

constexpr std::string_view kUserHead =
    R"({"data":[{"type":"user","id":"user_01Big","email":"big@northwind.example","name":")";
constexpr std::string_view kUserTail =
    R"(","role":"user","added_at":"2026-01-01T00:00:00Z"}],"has_more":false,"first_id":"user_01Big","last_id":"user_01Big"})";

}  // namespace

std::string describe_faults() {
  std::string out;
  for (const Row& row : kRows) out += fmt::format("  {:<20} {}\n", row.word, row.meaning);
  return out;
}

std::uint64_t Fault::number(const std::string& name, std::uint64_t otherwise) const {
  const auto found = values.find(name);
  return found == values.end() ? otherwise : std::stoull(found->second);
}

Fault parse_fault(const std::string& text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string word = text.substr(0, colon);
  const auto* row = std::ranges::find(kRows, word, &Row::word);
  if (row == kRows.end())
    throw std::invalid_argument(fmt::format("{}: there is no fault of that name", word));
  Fault fault{.kind = row->kind, .path = "/v1/*", .query = {}, .values = {}};
  std::string rest = colon < text.size() ? text.substr(colon + 1) : "";
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string pair = rest.substr(0, comma);
    rest.erase(0, comma + 1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos)
      throw std::invalid_argument(fmt::format("{}: `{}` is not key=value", text, pair));
    const std::string key = pair.substr(0, equals), value = pair.substr(equals + 1);
    if (key == "path") {
      fault.path = value;
    } else if (key == "query") {
      fault.query = value;
    } else if (key == "from") {
      fault.from = std::stoull(value);
    } else if (key == "times") {
      fault.times = std::stoull(value);
    } else {
      fault.values[key] = value;
    }
  }
  return fault;
}

void Faults::add(Fault fault) {
  const std::lock_guard guard(lock_);
  faults_.push_back(std::make_unique<Fault>(std::move(fault)));
}

void Faults::clear() {
  const std::lock_guard guard(lock_);
  // Requests under way may still look at them.
  for (auto& fault : faults_) retired_.push_back(std::move(fault));
  faults_.clear();
}

Hits Faults::match(const Request& request) {
  const std::lock_guard guard(lock_);
  Hits hits;
  for (const auto& fault : faults_) {
    if (!fits(fault->path, request.path)) continue;
    if (!fault->query.empty() && request.target.find(fault->query) == std::string::npos) continue;
    const std::uint64_t number = ++fault->seen;
    if (number < fault->from || (fault->times != 0 && number >= fault->from + fault->times)) continue;
    const Fault** slot = nullptr;
    switch (row_of(fault->kind).is) {
      case Class::instead: slot = &hits.instead; break;
      case Class::changed: slot = &hits.changed; break;
      case Class::page: slot = &hits.page; break;
    }
    if (*slot == nullptr) *slot = fault.get();
  }
  return hits;
}

Reply error_reply(int status, std::string_view type, std::string_view message) {
  Reply reply;
  reply.status = status;
  reply.body = R"({"type":"error","error":{"type":)";
  muster::json::append_quoted(reply.body, type);
  reply.body += R"(,"message":)";
  muster::json::append_quoted(reply.body, message);
  reply.body += "}}";
  return reply;
}

Reply reply_of(const Fault& fault) {
  Reply reply;
  switch (fault.kind) {
    case rate_limited:
      reply =
          error_reply(429, "rate_limit_error", "This request would exceed your organization's rate limit.");
      reply.headers.emplace_back("retry-after", fmt::format("{}", fault.number("retry_after", 1)));
      return reply;
    case rate_limited_bare:
      return error_reply(429, "rate_limit_error",
                         "This request would exceed your organization's rate limit.");
    case spend_cap:
      reply = error_reply(429, "rate_limit_error", "The organization's spend limit is reached.");
      reply.body.insert(reply.body.size() - 2, R"(,"details":{"error_code":"enforced_spend_limit_reached"})");
      return reply;
    case server_error: return error_reply(500, "api_error", "Internal server error");
    case server_error_final:
      reply = error_reply(500, "api_error", "The reply is too large.");
      reply.headers.emplace_back("x-should-retry", "false");
      return reply;
    case bad_gateway:
      reply.status = 502;
      reply.content_type = "text/html";
      reply.body =
          "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad "
          "Gateway</h1></center></body></html>\n";
      return reply;
    case unavailable:
      reply.status = 503;
      reply.content_type = "text/plain";
      reply.body = "upstream connect error";
      return reply;
    case gateway_timeout: return error_reply(504, "timeout_error", "The request timed out.");
    case overloaded: return error_reply(529, "overloaded_error", "Overloaded");
    case revoked:
      return error_reply(401, "authentication_error", "The API key is invalid or has been revoked.");
    case forbidden:
      return error_reply(403, "permission_error",
                         "Missing required scopes. Got: ['read:members'] Needed one of: ['read:org_audit']");
    case not_found: return error_reply(404, "not_found_error", "Not found");
    case redirect: {
      const auto to = fault.values.find("to");
      reply.status = static_cast<int>(fault.number("status", 302));
      reply.headers.emplace_back("Location",
                                 to == fault.values.end() ? "http://elsewhere.example/" : to->second);
      return reply;
    }
    case not_json: reply.body = "It works!"; return reply;
    case html:
      reply.content_type = "text/html";
      reply.body = "<!doctype html><title>Sign in to the network</title>";
      return reply;
    case invalid_utf8:
      reply.body = std::string(kUserHead) + "\xff\xc3\x28" + std::string(kUserTail);
      return reply;
    case deep_json: {
      const auto depth = fault.number("depth", 100'000);
      reply.body =
          R"({"data":[{"type":"user","id":"user_01Deep","email":"d@northwind.example","name":"d","role":"user","added_at":"2026-01-01T00:00:00Z","more":)" +
          std::string(depth, '[') + std::string(depth, ']') +
          R"(}],"has_more":false,"first_id":"user_01Deep","last_id":"user_01Deep"})";
      return reply;
    }
    case big_field:
      reply.body = std::string(kUserHead) + std::string(fault.number("bytes", 50'000'000), 'a') +
                   std::string(kUserTail);
      return reply;
    case gzip_bomb:
      reply.body = gzipped(kUserHead, 'a', fault.number("bytes", 1'000'000'000), kUserTail);
      reply.headers.emplace_back("Content-Encoding", "gzip");
      return reply;
    case empty_body: return reply;
    case wrong_shape: reply.body = R"({"data":{"type":"user"},"has_more":"no"})"; return reply;
    case broken_json:
      reply.body = R"({"data":[{"type":"user","id":"user_01Half"},],"has_more":false} and more)";
      return reply;
    case truncated:
    case slow:
    case gzip:
    case short_page:
    case empty_more:
    case repeat_cursor:
    case cursor_loop:
    case bad_cursor:
    case duplicate_rows:
    case skip_rows:
    case vanish:
    case null_cursor: break;
  }
  return reply;
}

void change(Reply& reply, const Fault& fault) {
  if (fault.kind == truncated) {
    const auto found = fault.values.find("at");
    reply.sent = found == fault.values.end()
                     ? reply.body.size() / 2
                     : std::min<std::size_t>(reply.body.size(), std::stoull(found->second));
  } else if (fault.kind == slow) {
    reply.delay_ms = static_cast<int>(fault.number("ms", 1000));
  } else if (fault.kind == gzip) {
    reply.body = gzipped(reply.body, ' ', 0, "");
    reply.headers.emplace_back("Content-Encoding", "gzip");
  }
}

}  // namespace simulator
