// Pseudonyms: words in place of names, addresses and ids, made with a key (HMAC-SHA-256) so that the same
// word gets the same pseudonym under one key, and nobody without the key can try words out. What matching
// looks at stays as it is: addresses that are one after case folding stay one, a plus-tag stays a plus-tag, a
// domain and its subdomains stay that, each level on its own. Not thread-safe while it learns.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "evidence/run_record.h"

namespace muster::evidence {

/// The kinds of words that may be kept as they are.
enum class Kept : std::uint8_t { ids, names, emails, domains };
inline constexpr Kept kKept[] = {Kept::ids, Kept::names, Kept::emails, Kept::domains};
[[nodiscard]] std::string_view word_of(Kept kept);

class Pseudonyms {
 public:
  /// `secret` is the customer's key, at least 16 bytes. `keep` says which words stay; `fields`
  /// ("users.email", "roster.department") names single fields that stay.
  Pseudonyms(std::string_view secret, std::set<Kept> keep, std::set<std::string> fields = {});

  [[nodiscard]] const std::set<std::string>& kept_fields() const { return fields_; }
  [[nodiscard]] bool keeps_field(std::string_view dataset, std::string_view field) const;
  /// A word of a field that stays: it stays wherever it stands, or what it ties together would come apart.
  void keep_word(std::string_view word);

  [[nodiscard]] std::string email(std::string_view address) const;
  [[nodiscard]] std::string domain(std::string_view name) const;
  [[nodiscard]] std::string name(std::string_view name) const;
  [[nodiscard]] std::string id(std::string_view id) const;
  /// Any other text, which is replaced whatever is kept.
  [[nodiscard]] std::string opaque(std::string_view text) const;

  /// Words that are to be found in running text.
  void learn_email(std::string_view address);
  void learn_name(std::string_view name);
  void learn_id(std::string_view id);
  /// A running text with every address, and every learned id, domain and name of several words, replaced.
  [[nodiscard]] std::string text(std::string_view text) const;
  /// What a glob of a scope or waiver stands for: the pseudonyms of all learned words that it fits.
  [[nodiscard]] std::vector<std::string> matches(std::string_view glob) const;
  [[nodiscard]] bool is_name(std::string_view text) const { return names_.contains(std::string(text)); }
  /// Learned, or of the form that the platform gives its ids.
  [[nodiscard]] bool is_id(std::string_view text) const;
  /// The first learned word that still stands in a text; empty when none does.
  [[nodiscard]] std::string find_leak(std::string_view text) const;
  [[nodiscard]] bool keeps(Kept kept) const { return keep_.contains(kept); }

 private:
  [[nodiscard]] bool is_kept(std::string_view word) const;
  [[nodiscard]] std::string tag(std::string_view purpose, std::string_view text, std::size_t digits) const;
  [[nodiscard]] bool is_address_text(std::string_view token, std::size_t sign) const;
  /// A learned domain, or one below it.
  [[nodiscard]] bool is_of_domain(std::string_view host) const;
  template <class OnEmail, class OnId, class OnDomain, class OnName, class OnRest>
  void scan(std::string_view text, const OnEmail& on_email, const OnId& on_id, const OnDomain& on_domain,
            const OnName& on_name, const OnRest& on_rest) const;

  std::string key_;
  std::set<Kept> keep_;
  std::set<std::string> fields_;
  std::unordered_set<std::string> kept_words_;
  std::unordered_set<std::string> emails_, ids_, domains_, names_;
  std::unordered_map<std::string, std::vector<std::string>>
      names_by_first_;  // first word → names of several words
};

}  // namespace muster::evidence
