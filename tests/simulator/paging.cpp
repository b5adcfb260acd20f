#include "paging.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "seeds.h"

namespace simulator {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encoded(std::string_view text) {
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xFFFF;
    for (count += 8; count >= 6; count -= 6) out += kBase64[(bits >> (count - 6)) & 63];
  }
  if (count > 0) out += kBase64[(bits << (6 - count)) & 63];
  return out;
}

std::uint64_t hash_of(std::string_view label) {
  std::uint64_t hash = 7;
  for (const char c : label) hash = mixed(hash, 0x70, static_cast<unsigned char>(c));
  return hash;
}

enum class Cursor : std::uint8_t { id, opaque };

/// The rows of one page, as numbers and text.
struct Page {
  std::vector<std::size_t> numbers;
  std::vector<std::string> objects;
  bool has_more = false;
};

/// Walks from `at` (the first row to look at) in one direction.
Page walk(const Table& table, std::int64_t at, bool downwards, std::size_t limit, const Listing& listing,
          Age age) {
  Page page;
  std::string object;
  for (const auto end = static_cast<std::int64_t>(table.end()); at >= 0 && at < end;
       at += downwards ? -1 : 1) {
    object.clear();
    if (!table.render(static_cast<std::size_t>(at), object)) continue;
    if (listing.filter) {
      const Verdict verdict = listing.filter(object);
      if (verdict == Verdict::stop) break;
      if (verdict == Verdict::skip) continue;
    }
    if (page.numbers.size() == limit) {
      page.has_more = true;
      break;
    }
    page.numbers.push_back(static_cast<std::size_t>(at));
    std::string shown = listing.view ? listing.view(object) : object;
    page.objects.push_back(age == Age::current ? std::move(shown) : aged(listing.thing, age, shown));
  }
  return page;
}

std::string data_of(const Page& page) {
  std::size_t bytes = 16;
  for (const std::string& object : page.objects) bytes += object.size() + 1;
  std::string out;
  out.reserve(bytes + 200);
  out += R"({"data":[)";
  for (const std::string& object : page.objects) {
    if (out.back() == '}') out += ',';
    out += object;
  }
  out += ']';
  return out;
}

/// Applies a page fault to where the page begins and how long it is.
void shift(const Fault* fault, Table& table, bool downwards, std::int64_t& at, std::size_t& limit) {
  if (fault == nullptr) return;
  const std::int64_t step = downwards ? -1 : 1;
  const auto rows = static_cast<std::int64_t>(fault->number("rows", 3));
  switch (fault->kind) {
    case FaultKind::short_page: limit = std::min(limit, static_cast<std::size_t>(rows)); break;
    case FaultKind::duplicate_rows:
      at = std::clamp<std::int64_t>(at - step * rows, 0, static_cast<std::int64_t>(table.end()) - 1);
      break;
    case FaultKind::skip_rows: at += step * rows; break;
    default: break;  // the others are for the cursor, or for the route
  }
}

void append_cursor(std::string& out, std::string_view name, const std::optional<std::string>& cursor) {
  fmt::format_to(std::back_inserter(out), R"(,"{}":)", name);
  if (cursor) {
    muster::json::append_quoted(out, *cursor);
  } else {
    out += "null";
  }
}

/// Styles A and C differ in what a cursor is.
Reply page_by(Cursor kind, Call& call, Table& table, const Listing& listing) {
  const Request& request = call.request;
  std::size_t limit = 0;
  if (auto wrong = read_limit(request, listing.default_limit, listing.most, limit)) return std::move(*wrong);
  const std::string *after = request.parameter("after_id"), *before = request.parameter("before_id");
  if (after && before) return refused("Only one of after_id and before_id may be given.");
  const auto cursor_of = [&](std::size_t number) {
    return kind == Cursor::id ? table.id(number) : make_token(request.path, number);
  };
  bool downwards = listing.newest_first;
  std::int64_t at = downwards ? static_cast<std::int64_t>(table.end()) - 1 : 0;
  const std::string* cursor = after ? after : before;
  if (call.page && call.page->kind == FaultKind::bad_cursor && cursor)
    return refused(fmt::format("{}: Invalid cursor.", after ? "after_id" : "before_id"));
  if (before) downwards = !downwards;
  if (cursor) {
    std::optional<std::size_t> number = table.find(*cursor);
    if (kind == Cursor::opaque) {
      const auto position = read_token(request.path, *cursor);
      number = position ? std::optional<std::size_t>(*position) : std::nullopt;
    }
    if (!number) return refused(fmt::format("{}: Invalid cursor.", after ? "after_id" : "before_id"));
    at = static_cast<std::int64_t>(*number) + (downwards ? -1 : 1);
  }
  shift(call.page, table, downwards, at, limit);
  Page page = walk(table, at, downwards, limit, listing, call.age);
  if (before) {
    std::ranges::reverse(page.numbers);
    std::ranges::reverse(page.objects);
  }
  const FaultKind fault = call.page ? call.page->kind : FaultKind::slow;
  if (fault == FaultKind::empty_more) {
    page.numbers.clear();
    page.objects.clear();
    page.has_more = true;
  }
  std::optional<std::string> first, last;
  if (!page.numbers.empty()) {
    first = cursor_of(page.numbers.front());
    last = cursor_of(page.numbers.back());
  }
  if (fault == FaultKind::empty_more && cursor) first = last = *cursor;
  if (fault == FaultKind::repeat_cursor) {
    page.has_more = true;
    last = cursor ? std::optional(*cursor) : last;
  }
  if (fault == FaultKind::cursor_loop) {
    page.has_more = true;
    // The row that the first page of this length ends with.
    const std::int64_t loop = listing.newest_first
                                  ? static_cast<std::int64_t>(table.end() - std::min(limit, table.end()))
                                  : static_cast<std::int64_t>(limit) - 1;
    last = cursor_of(static_cast<std::size_t>(std::max<std::int64_t>(loop, 0)));
  }
  if (fault == FaultKind::null_cursor) {
    page.has_more = true;
    last.reset();
  }
  if (fault == FaultKind::short_page) page.has_more = page.has_more || call.page->number("rows", 3) == 0;
  std::string body = data_of(page);
  body += page.has_more ? R"(,"has_more":true)" : R"(,"has_more":false)";
  append_cursor(body, "first_id", first);
  append_cursor(body, "last_id", last);
  body += '}';
  return json_reply(std::move(body));
}

}  // namespace

std::string_view quick_text(std::string_view object, std::string_view member) {
  const std::string wanted = fmt::format("\"{}\":\"", member);
  const std::size_t at = object.find(wanted);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = object.substr(at + wanted.size());
  return rest.substr(0, rest.find('"'));
}

std::string make_token(std::string_view label, std::uint64_t position) {
  return encoded(fmt::format("{}:{:x}", position, mixed(hash_of(label), 0x71, position) & 0xFFFFFFFF));
}

std::optional<std::uint64_t> read_token(std::string_view label, std::string_view token) {
  std::string text;
  unsigned bits = 0;
  int count = 0;
  for (const char c : token) {
    const std::size_t value = kBase64.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xFFFF;
    if ((count += 6) >= 8) {
      count -= 8;
      text += static_cast<char>((bits >> count) & 0xFF);
    }
  }
  std::uint64_t position = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), position);
  if (error != std::errc() || make_token(label, position) != token) return std::nullopt;
  return position;
}

std::optional<Reply> read_limit(const Request& request, std::size_t otherwise, std::size_t most,
                                std::size_t& limit) {
  limit = otherwise;
  const std::string* given = request.parameter("limit");
  if (given == nullptr) return std::nullopt;
  const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), limit);
  if (error != std::errc() || end != given->data() + given->size() || limit < 1 || limit > most)
    return refused(fmt::format("limit: must be between 1 and {}, got {}", most, *given));
  return std::nullopt;
}

Reply page_by_id(Call& call, Table& table, const Listing& listing) {
  return page_by(Cursor::id, call, table, listing);
}
Reply page_by_cursor(Call& call, Table& table, const Listing& listing) {
  return page_by(Cursor::opaque, call, table, listing);
}

Reply page_by_token(Call& call, Table& table, const Listing& listing) {
  const Request& request = call.request;
  std::size_t limit = 0;
  if (auto wrong = read_limit(request, listing.default_limit, listing.most, limit)) return std::move(*wrong);
  const bool downwards = listing.newest_first;
  std::int64_t at = downwards ? static_cast<std::int64_t>(table.end()) - 1 : 0;
  const std::string* token = request.parameter("page");
  if (token && !token->empty()) {
    const auto position = read_token(request.path, *token);
    if (!position || (call.page && call.page->kind == FaultKind::bad_cursor))
      return refused("page: Invalid page token.");
    at = static_cast<std::int64_t>(*position) + (downwards ? -1 : 1);
  }
  shift(call.page, table, downwards, at, limit);
  Page page = walk(table, at, downwards, limit, listing, call.age);
  const FaultKind fault = call.page ? call.page->kind : FaultKind::slow;
  std::optional<std::string> next;
  if (page.has_more && !page.numbers.empty()) next = make_token(request.path, page.numbers.back());
  if (fault == FaultKind::empty_more) {
    page.objects.clear();
    page.has_more = true;
    if (!next) next = make_token(request.path, static_cast<std::uint64_t>(std::max<std::int64_t>(at, 0)));
  }
  if (fault == FaultKind::repeat_cursor && (token || !page.numbers.empty())) {
    page.has_more = true;
    next = token ? *token : make_token(request.path, page.numbers.front());
  }
  if (fault == FaultKind::cursor_loop) {
    page.has_more = true;
    const std::int64_t loop = downwards
                                  ? static_cast<std::int64_t>(table.end() - std::min(limit, table.end()))
                                  : static_cast<std::int64_t>(limit) - 1;
    next = make_token(request.path, static_cast<std::uint64_t>(std::max<std::int64_t>(loop, 0)));
  }
  if (fault == FaultKind::null_cursor) {
    page.has_more = true;
    next.reset();
  }
  std::string body = data_of(page);
  if (listing.has_more) body += page.has_more ? R"(,"has_more":true)" : R"(,"has_more":false)";
  append_cursor(body, "next_page", next);
  body += '}';
  return json_reply(std::move(body));
}

}  // namespace simulator
