#include "collect/lines.h"

#include <fmt/format.h>

#include "base/json.h"

namespace muster::collect {

LineWriter::LineWriter(const Origin& origin)
    : parent_id_(origin.parent.id),
      names_itself_(origin.endpoint.provider == Provider::compliance &&
                    origin.endpoint.dataset == snapshot::Dataset::organizations) {
  // Each member with a comma before it.
  const auto add = [](std::string& out, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out += fmt::format(",\"{}\":", name);
    json::append_quoted(out, value);
  };
  if (const auto provider = word_of(origin.provider); provider != origin.defaults.provider)
    add(head_, "provider", provider);
  if (!names_itself_ && origin.organization_id != origin.defaults.organization_id)
    add(head_, "organization_id", origin.organization_id);
  if (const auto member = parent_member(origin.endpoint.parent); !member.empty())
    add(parent_, member, parent_id_);
  tail_ = fmt::format(",\"request\":{}}},\"object\":", origin.request);
}

void LineWriter::add(const Row& row, std::string& out) const {
  out += "{\"from\":{";
  const std::size_t first = out.size();
  out += head_;
  if (names_itself_) {
    out += ",\"organization_id\":";
    json::append_quoted(out, row.id);
  }
  if (row.parent != parent_id_) out += parent_;
  out += row.from;
  out += tail_;
  out.erase(first, 1);
  const std::size_t begin = out.size();
  out += row.object;
  // White space between the parts of a value is no part of it, and a line has one record.
  for (std::size_t at = begin; (at = out.find_first_of("\n\r", at)) != std::string::npos; ++at) out[at] = ' ';
  out += "}\n";
}

}  // namespace muster::collect
