#include "roster/scim_rows.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "roster/json_rows.h"

namespace muster::roster {
namespace {

constexpr std::string_view kEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
constexpr std::string_view kAgain = "run `muster collect` again";

std::string_view text_of(const json::Value* value) {
  const std::string* const text = value == nullptr ? nullptr : value->string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

/// Attribute names are compared without regard to case (RFC 7643, 2.1).
const json::Value* find_attribute(const json::Value* value, std::string_view name) {
  const json::Object* const object = value == nullptr ? nullptr : value->object();
  if (object == nullptr) return nullptr;
  const std::string folded = fold_case(name);
  const auto found =
      std::ranges::find_if(*object, [&](const auto& member) { return fold_case(member.first) == folded; });
  return found == object->end() ? nullptr : &found->second;
}

/// A text, or a number written as one: some services send employee numbers that way.
std::string number_or_text(const json::Value* value) {
  if (value != nullptr && value->integer() != nullptr) return fmt::format("{}", *value->integer());
  return std::string(text_of(value));
}

bool is_yes(const json::Value* value) {
  return value != nullptr && value->boolean() != nullptr && *value->boolean();
}

bool is_address(std::string_view text) {
  const auto at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find_first_of(" \t;,") == std::string_view::npos;
}

class ScimRows {
 public:
  ScimRows(const RosterSource& source, SourceRows& rows) : source_(source), rows_(rows) {}

  /// First reading: who has which employee number.
  void learn(const json::Value& user) {
    const std::string number = employee_number(user);
    if (const std::string_view id = text_of(find_attribute(&user, "id")); !number.empty() && !id.empty())
      person_ids_.emplace(std::string(id), number);
  }

  void add(const json::Value& user, std::uint32_t line, std::size_t bytes) {
    texts_.clear();
    const std::string_view id = text_of(find_attribute(&user, "id"));
    if (id.empty()) return refuse("the user has no id", line, "");
    const json::Value* const active = find_attribute(&user, "active");
    const std::string_view word = text_of(active);  // some services write the boolean as a text
    const bool is_word = fold_case(word) == "true" || fold_case(word) == "false";
    if (active == nullptr || (active->boolean() == nullptr && !is_word)) {
      return refuse(
          fmt::format("the user {} does not say whether it is active", utf8_prefix(id, 60)), line,
          "let the service send the attribute `active`; without it, leavers cannot be told from staff");
    }
    const bool is_active = active->boolean() != nullptr ? *active->boolean() : fold_case(word) == "true";
    const json::Value* const enterprise = find_attribute(&user, kEnterprise);
    RowText row;
    row.bytes = bytes;
    row.has_status = true;
    row.cells[index_of(Field::person_id)] = person_id(id);
    row.cells[index_of(Field::status)] = is_active ? "active" : "terminated";
    row.cells[index_of(Field::name)] = name_of(user);
    row.cells[index_of(Field::kind)] = text_of(find_attribute(&user, "userType"));
    row.cells[index_of(Field::department)] = text_of(find_attribute(enterprise, "department"));
    row.cells[index_of(Field::manager)] = manager_of(enterprise);
    add_addresses(user, row);
    rows_.add(row, line);
  }

 private:
  void refuse(std::string message, std::uint32_t line, std::string hint) {
    rows_.report({ErrorCode::roster_row, std::move(message), Place{{}, line, 0, {}}, std::move(hint)});
  }

  static std::string employee_number(const json::Value& user) {
    const json::Value* const enterprise = find_attribute(&user, kEnterprise);
    return std::string(trim(number_or_text(find_attribute(enterprise, "employeeNumber"))));
  }

  std::string_view person_id(std::string_view id) {
    const auto found = person_ids_.find(std::string(id));
    return found == person_ids_.end() ? id : std::string_view(found->second);
  }

  std::string_view name_of(const json::Value& user) {
    const json::Value* const name = find_attribute(&user, "name");
    for (const std::string_view whole :
         {text_of(find_attribute(&user, "displayName")), text_of(find_attribute(name, "formatted"))}) {
      if (!trim(whole).empty()) return whole;
    }
    return texts_.emplace_back(fmt::format("{} {}", text_of(find_attribute(name, "givenName")),
                                           text_of(find_attribute(name, "familyName"))));
  }

  /// The enterprise extension names the manager by the service's id; some services write an address instead.
  std::string_view manager_of(const json::Value* enterprise) {
    const json::Value* const manager = find_attribute(enterprise, "manager");
    const std::string_view id = manager != nullptr && manager->string() != nullptr
                                    ? text_of(manager)
                                    : text_of(find_attribute(manager, "value"));
    return id.empty() ? id : person_id(id);
  }

  /// Work addresses: the primary one first. A home address is nobody's account.
  void add_addresses(const json::Value& user, RowText& row) {
    std::string_view first;
    std::string others;
    const json::Value* const emails = find_attribute(&user, "emails");
    const json::Array* const list = emails == nullptr ? nullptr : emails->array();
    const auto each = [&](bool primary) {
      if (list == nullptr) return;
      for (const json::Value& email : *list) {
        const std::string_view value =
            email.string() != nullptr ? text_of(&email) : text_of(find_attribute(&email, "value"));
        if (is_yes(find_attribute(&email, "primary")) != primary || !is_address(value)) continue;
        if (fold_case(text_of(find_attribute(&email, "type"))) == "home") continue;
        if (first.empty()) {
          first = value;
        } else {
          others += value;
          others += ' ';
        }
      }
    };
    each(true);
    each(false);
    if (const std::string_view login = text_of(find_attribute(&user, "userName")); is_address(login)) {
      if (first.empty()) {
        first = login;
      } else if (fold_case(login) != fold_case(first)) {
        others += login;
      }
    }
    row.cells[index_of(Field::email)] = first;
    row.cells[index_of(Field::emails)] = texts_.emplace_back(std::move(others));
  }

  const RosterSource& source_;
  SourceRows& rows_;
  std::unordered_map<std::string, std::string> person_ids_;  // the service's id → employee number
  std::deque<std::string> texts_;                            // of the present row; views into them stay valid
};

Error damaged(const RosterSource& source, std::uint32_t line, std::string message) {
  return {ErrorCode::roster_format, std::move(message), Place{source.shown_path, line, 0, {}},
          std::string(kAgain)};
}

}  // namespace

Result<ScimFile> read_scim(const std::function<Result<ReadBytes>()>& open, const RosterSource& source,
                           SourceRows& rows) {
  ScimRows scim(source, rows);
  for (const bool is_first : {true, false}) {
    auto bytes = open();
    if (!bytes) return tl::unexpected(bytes.error());
    std::optional<Error> problem;
    std::optional<ScimFile> end;
    std::optional<json::Value> last;
    std::uint64_t users = 0;
    std::uint32_t last_line = 0;
    Sha256 digest;
    const auto take = [&](std::string_view text, std::uint32_t line) {
      if (problem) return;
      if (last) {
        problem = damaged(source, line, "there are lines behind the one that ends the list");
        return;
      }
      auto value = json::parse(text, {.file = source.shown_path, .first_line = line});
      if (!value) {
        problem = value.error();
        return;
      }
      last_line = line;
      if (line == 1) {
        const json::Value* const version = value->find("roster");
        if (version == nullptr || version->integer() == nullptr || text_of(value->find("source")) != "scim") {
          problem = damaged(source, 1, "this is not a roster that `muster collect` wrote");
        } else if (*version->integer() != 1) {
          problem = damaged(
              source, 1,
              fmt::format("this muster reads version 1 of collected rosters, not {}", *version->integer()));
        }
      } else if (const json::Value* const object = value->find("object"); object != nullptr) {
        ++users;
        is_first ? scim.learn(*object) : scim.add(*object, line, text.size() + 1);
      } else if (value->find("completed") != nullptr) {
        last = std::move(*value);
        return;
      } else if (value->find("request") == nullptr) {
        problem = damaged(source, line, "the line is no user, no request and no end of the list");
      }
      digest.update(text);
      digest.update("\n");
    };
    if (auto status = read_lines(*bytes, source, take); !status) return tl::unexpected(status.error());
    if (problem) return tl::unexpected(*problem);
    if (!last)
      return tl::unexpected(damaged(source, last_line, "the list is cut off: its last line is missing"));
    const auto completed = parse_rfc3339(text_of(last->find("completed")));
    const json::Value* const count = last->find("rows");
    const std::string_view status = text_of(last->find("status"));
    if (!completed || count == nullptr || count->integer() == nullptr ||
        (status != "complete" && status != "partial" && status != "denied"))
      return tl::unexpected(
          damaged(source, 0, "the last line does not say when and how the list was completed"));
    if (text_of(last->find("sha256")) != digest.finish_hex() ||
        static_cast<std::uint64_t>(*count->integer()) != users) {
      return fail(ErrorCode::roster_digest,
                  "the file is not as it was collected: its bytes are others than its last line says",
                  Place{source.shown_path, 0, 0, {}}, std::string(kAgain));
    }
    if (!is_first)
      return ScimFile{*completed, std::string(status), std::string(text_of(last->find("reason")))};
  }
  return fail(ErrorCode::internal, "the list was not read");
}

}  // namespace muster::roster
