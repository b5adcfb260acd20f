#include "base/text.h"
#include "policy/load.h"
#include "policy/policy.h"
#include "policy/tables.h"

namespace muster::policy {

Codec<std::vector<NonhumanEntry>> nonhumans_codec() {
  auto entry =
      Mapping<NonhumanEntry>("a register entry",
                             "One account that is no person's: a service, a robot, a shared mailbox.")
          .key("id", Need::optional, text(), &NonhumanEntry::id,
               "The register's own name of it, unique; the account when absent.")
          .key("account", Need::required, text(), &NonhumanEntry::account,
               "The account: a user id, an e-mail address or a service account's id.")
          .key("owner", Need::optional, text_or_nothing(), &NonhumanEntry::owner,
               "Who answers for it: a person_id or an e-mail address. May be left empty: the rule "
               "nonhuman.register_current judges that.")
          .key("purpose", Need::optional, text_or_nothing(), &NonhumanEntry::purpose, "What it is for.")
          .key("review_by", Need::optional, date_or_nothing(), &NonhumanEntry::review_by,
               "The day by which somebody looks at it again.")
          .place(&NonhumanEntry::place)
          .check([](NonhumanEntry& value, const Node&, Reader&) {
            if (value.id.empty()) value.id = value.account;
          });
  const UniqueRule accounts{[](const Node& item) { return item.find("account"); },
                            [](std::string_view name) { return fold_email(name); }, ErrorCode::config_invalid,
                            "two register entries name the account", "keep one of them"};
  const UniqueRule ids{[](const Node& item) { return item.find("id"); }, nullptr, ErrorCode::config_invalid,
                       "two register entries have the id", "give each its own"};
  return list_file(unique(unique(list_of(entry.codec()), accounts), ids),
                   "a register of non-human identities", "nonhuman", "The entries.");
}

std::optional<std::vector<NonhumanEntry>> load_nonhumans(const FileSystem& files, const std::string& path,
                                                         const std::string& shown_path,
                                                         Diagnostics& problems) {
  auto loaded = load_value(files, path, shown_path, nonhumans_codec(),
                           {"a register of non-human identities", true}, problems);
  if (!loaded) return std::nullopt;
  return std::move(loaded->value);
}

}  // namespace muster::policy
