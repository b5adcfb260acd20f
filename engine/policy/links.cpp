#include "base/text.h"
#include "policy/load.h"
#include "policy/policy.h"
#include "policy/tables.h"

namespace muster::policy {

Codec<std::vector<AccountLink>> links_codec() {
  auto link =
      Mapping<AccountLink>("a link", "One account that belongs to a person although their addresses differ.")
          .key("account", Need::required, text(), &AccountLink::account,
               "The account: a user id or its e-mail address.")
          .key("person", Need::required, text(), &AccountLink::person, "The person_id of the roster.")
          .key("reason", Need::optional, text_or_nothing(), &AccountLink::reason,
               "Why they belong together; shown to auditors.")
          .place(&AccountLink::place);
  const UniqueRule accounts{[](const Node& item) { return item.find("account"); },
                            [](std::string_view name) { return fold_email(name); }, ErrorCode::config_invalid,
                            "two links name the account", "an account belongs to one person"};
  return list_file(unique(list_of(link.codec()), accounts), "a links file", "links", "The links.");
}

std::optional<std::vector<AccountLink>> load_links(const FileSystem& files, const std::string& path,
                                                   const std::string& shown_path, Diagnostics& problems) {
  auto loaded = load_value(files, path, shown_path, links_codec(), {"a links file", true}, problems);
  if (!loaded) return std::nullopt;
  return std::move(loaded->value);
}

}  // namespace muster::policy
