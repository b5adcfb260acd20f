#include "collect/lines.h"

#include <fmt/format.h>

#include "base/json.h"

namespace muster::collect {

LineWriter::LineWriter(const Origin& origin)
    : names_itself_(origin.endpoint.provider == Provider::compliance &&
                    origin.endpoint.dataset == snapshot::Dataset::organizations) {
  head_ = fmt::format("{{\"from\":{{\"provider\":\"{}\"", word_of(origin.provider));
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    head_ += fmt::format(",\"{}\":", name);
    json::append_quoted(head_, value);
  };
  if (!names_itself_) add("organization_id", origin.organization_id);
  if (const auto member = parent_member(origin.endpoint.parent); !member.empty())
    add(member, origin.parent.id);
  tail_ = fmt::format(",\"request\":{}}},\"object\":", origin.request);
}

void LineWriter::add(const Row& row, std::string& out) const {
  out += head_;
  if (names_itself_) {
    out += ",\"organization_id\":";
    json::append_quoted(out, row.id);
  }
  out += row.from;
  out += tail_;
  const std::size_t begin = out.size();
  out += row.object;
  // White space between the parts of a value is no part of it, and a line has one record.
  for (std::size_t at = begin; (at = out.find_first_of("\n\r", at)) != std::string::npos; ++at) out[at] = ' ';
  out += "}\n";
}

}  // namespace muster::collect
