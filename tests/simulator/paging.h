// The four styles of paging as two functions: by object id (style A) and by opaque token (styles B, C and D).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "call.h"

namespace simulator {

enum class Verdict : std::uint8_t { take, skip, stop };

struct Listing {
  Thing thing = Thing::other;
  bool newest_first = true;
  std::size_t default_limit = 20, most = 1000;
  bool has_more = true;  // whether the envelope says so
  /// Which rows are listed; empty: all.
  std::function<Verdict(const std::string&)> filter = {};
  /// What the reply shows of a row; empty: the row.
  std::function<std::string(const std::string&)> view = {};
};

/// Style A: `after_id` and `before_id` are ids of rows; `first_id` and `last_id` are null on an empty page.
[[nodiscard]] Reply page_by_id(Call& call, Table& table, const Listing& listing);
/// Style C: as A with opaque cursors.
[[nodiscard]] Reply page_by_cursor(Call& call, Table& table, const Listing& listing);
/// Styles B and D: `page` and `next_page`.
[[nodiscard]] Reply page_by_token(Call& call, Table& table, const Listing& listing);

/// Opaque, and refused when a character of it is changed. `label` is what the token is good for.
[[nodiscard]] std::string make_token(std::string_view label, std::uint64_t position);
[[nodiscard]] std::optional<std::uint64_t> read_token(std::string_view label, std::string_view token);

/// `limit` of the request; 400 when it is no number or out of range.
[[nodiscard]] std::optional<Reply> read_limit(const Request& request, std::size_t otherwise, std::size_t most,
                                              std::size_t& limit);

/// The value of the first member of that name in an object's text. Quick; for names that no nested object has
/// before.
[[nodiscard]] std::string_view quick_text(std::string_view object, std::string_view member);

}  // namespace simulator
