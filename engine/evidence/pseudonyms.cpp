#include "evidence/pseudonyms.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/text.h"

namespace muster::evidence {
namespace {

bool is_ascii_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}
bool is_word(char c) { return is_ascii_word(c) || static_cast<unsigned char>(c) >= 0x80; }
/// What an address in running text is made of, besides the at sign.
bool is_address(char c) { return is_word(c) || c == '.' || c == '+' || c == '%' || c == '\'' || c == '*'; }

/// "user_01AbC…" keeps "user_": what kind of thing it is, and no more. Ids of other systems keep nothing.
std::string_view kind_prefix(std::string_view id) {
  const std::size_t end = id.find("_01");
  if (end == std::string_view::npos || end == 0) return {};
  const std::string_view prefix = id.substr(0, end + 1);
  return std::all_of(prefix.begin(), prefix.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; })
             ? prefix
             : std::string_view();
}

/// The local part of a folded address, without its plus-tag.
std::string base_local(const std::string& address) {
  const std::size_t at = address.rfind('@'), plus = address.find('+');
  const bool has_tag = plus != std::string::npos && plus > 0 && plus < at && address.front() != '"';
  return address.substr(0, has_tag ? plus : at);
}

}  // namespace

bool Pseudonyms::is_id(std::string_view text) const {
  if (ids_.contains(std::string(text))) return true;
  constexpr std::size_t kShortestId = 12;
  return text.size() >= kShortestId && !kind_prefix(text).empty() &&
         std::all_of(text.begin(), text.end(), is_ascii_word);
}

std::string_view word_of(Kept kept) {
  switch (kept) {
    case Kept::ids: return "ids";
    case Kept::names: return "names";
    case Kept::emails: return "emails";
    case Kept::domains: return "domains";
  }
  return "";
}

Pseudonyms::Pseudonyms(std::string_view secret, std::set<Kept> keep, std::set<std::string> fields)
    : key_(hmac_sha256(secret, "muster pseudonyms 1")), keep_(std::move(keep)), fields_(std::move(fields)) {}

bool Pseudonyms::keeps_field(std::string_view dataset, std::string_view field) const {
  return !fields_.empty() && fields_.contains(std::string(dataset).append(".").append(field));
}

void Pseudonyms::keep_word(std::string_view word) {
  word = trim(word);
  if (word.empty()) return;
  kept_words_.emplace(word);
  const std::string folded = fold_email(word);
  const std::size_t at = folded.rfind('@');
  if (at == std::string::npos || at == 0) return;
  // The same person under a tag, or at another of the organization's domains, is to be matched as before.
  kept_words_.insert(base_local(folded) + "@");
  kept_words_.insert(folded.substr(at + 1));
}

bool Pseudonyms::is_kept(std::string_view word) const {
  if (kept_words_.empty()) return false;
  if (kept_words_.contains(std::string(word))) return true;
  const std::string folded = fold_email(word);
  return folded.find('@') == std::string::npos ? kept_words_.contains(folded)
                                               : kept_words_.contains(base_local(folded) + "@");
}

std::string Pseudonyms::tag(std::string_view purpose, std::string_view text, std::size_t digits) const {
  return to_hex(hmac_sha256(key_, std::string(purpose) + '\0' + std::string(text))).substr(0, digits);
}

std::string Pseudonyms::domain(std::string_view name) const {
  if (keeps(Kept::domains) || is_kept(trim(name))) return std::string(name);
  const std::string folded = fold_case(trim(name));
  std::string out;
  // Each level by itself and all above it, so that what is below one domain stays below one domain.
  for (std::string_view rest = folded;;) {
    out += "d" + tag("domain", rest, 10);
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos) return out;
    out += '.';
    rest.remove_prefix(dot + 1);
  }
}

std::string Pseudonyms::email(std::string_view address) const {
  if (keeps(Kept::emails) || is_kept(address)) return std::string(address);
  const std::string folded = fold_email(address);
  const std::size_t at = folded.rfind('@');
  if (at == std::string::npos) return folded.empty() ? std::string() : "u" + tag("local", folded, 16);
  const std::string_view local = std::string_view(folded).substr(0, at);
  // As matching reads a plus-tag: up to the first plus, and not in a quoted local part.
  const std::size_t plus = folded.find('+');
  const bool has_tag = plus != std::string::npos && plus > 0 && plus < at && folded.front() != '"';
  std::string out = "u" + tag("local", has_tag ? local.substr(0, plus) : local, 16);
  if (has_tag) out += "+t" + tag("plus", local.substr(plus + 1), 8);
  return out + "@" + domain(folded.substr(at + 1));
}

std::string Pseudonyms::name(std::string_view name) const {
  if (keeps(Kept::names) || trim(name).empty() || is_kept(trim(name))) return std::string(name);
  return "N" + tag("name", name, 16);
}

std::string Pseudonyms::id(std::string_view id) const {
  if (keeps(Kept::ids) || id.empty() || is_kept(id)) return std::string(id);
  const std::string_view prefix = kind_prefix(id);
  // "01" stays as well: it is how ids of that kind begin.
  return (prefix.empty() ? std::string("i") : std::string(prefix) + "01") + tag("id", id, 20);
}

std::string Pseudonyms::opaque(std::string_view text) const {
  return trim(text).empty() || is_kept(trim(text)) ? std::string(text) : "x" + tag("text", text, 16);
}

void Pseudonyms::learn_email(std::string_view address) {
  const std::string folded = fold_email(address);
  const std::size_t at = folded.rfind('@');
  if (at == std::string::npos || at == 0) return;
  emails_.insert(folded);
  const std::string host = folded.substr(at + 1);
  if (host.find('.') != std::string::npos) domains_.insert(host);
}

void Pseudonyms::learn_name(std::string_view name) {
  name = trim(name);
  if (name.empty() || !names_.insert(std::string(name)).second) return;
  std::size_t end = 0;
  while (end < name.size() && is_word(name[end])) ++end;
  if (end > 0 && end < name.size()) names_by_first_[std::string(name.substr(0, end))].emplace_back(name);
}

void Pseudonyms::learn_id(std::string_view id) {
  if (id.size() >= 4) ids_.emplace(id);
}

bool Pseudonyms::is_address_text(std::string_view token, std::size_t sign) const {
  if (emails_.contains(fold_email(token))) return true;
  // "---@type" is none.
  const std::string_view local = token.substr(0, sign), host = token.substr(sign + 1);
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  return (local == "*" || std::any_of(local.begin(), local.end(), is_letter)) &&
         host.find('.') != std::string_view::npos && std::any_of(host.begin(), host.end(), is_letter);
}

bool Pseudonyms::is_of_domain(std::string_view host) const {
  while (!domains_.contains(std::string(host))) {
    const std::size_t dot = host.find('.');
    if (dot == std::string_view::npos) return false;
    host.remove_prefix(dot + 1);
  }
  return true;
}

template <class OnEmail, class OnId, class OnDomain, class OnName, class OnRest>
void Pseudonyms::scan(std::string_view text, const OnEmail& on_email, const OnId& on_id,
                      const OnDomain& on_domain, const OnName& on_name, const OnRest& on_rest) const {
  std::size_t at = 0;
  while (at < text.size()) {
    if (!is_address(text[at])) {
      const std::size_t begin = at;
      while (at < text.size() && !is_address(text[at])) ++at;
      on_rest(text.substr(begin, at - begin));
      continue;
    }
    // The longest run that could be an address, an id or a domain; or a name that begins here.
    std::size_t word_end = at;
    while (word_end < text.size() && is_word(text[word_end])) ++word_end;
    if (word_end > at) {
      const auto names = names_by_first_.find(std::string(text.substr(at, word_end - at)));
      const std::string* longest = nullptr;
      if (names != names_by_first_.end()) {
        for (const std::string& name : names->second)
          if (text.substr(at).starts_with(name) && (longest == nullptr || name.size() > longest->size()))
            longest = &name;
      }
      if (longest != nullptr) {
        on_name(text.substr(at, longest->size()));
        at += longest->size();
        continue;
      }
    }
    std::size_t end = at;
    bool has_at = false;
    while (end < text.size() && (is_address(text[end]) || (text[end] == '@' && !has_at)))
      has_at = text[end++] == '@' || has_at;
    std::string_view token = text.substr(at, end - at);
    while (!token.empty() && (token.back() == '.' || token.back() == '\'')) token.remove_suffix(1);
    const std::size_t sign = token.find('@');
    if (sign != std::string_view::npos && sign > 0 && is_address_text(token, sign)) {
      on_email(token);
      at += token.size();
      continue;
    }
    if (is_of_domain(fold_case(token))) {
      on_domain(token);
      at += token.size();
      continue;
    }
    // One part of it: an id, or an ordinary word.
    if (word_end == at) {
      on_rest(text.substr(at, 1));
      ++at;
      continue;
    }
    const std::string_view word = text.substr(at, word_end - at);
    if (is_id(word))
      on_id(word);
    else
      on_rest(word);
    at = word_end;
  }
}

std::string Pseudonyms::text(std::string_view text) const {
  std::string out;
  scan(
      text,
      [&](std::string_view address) {
        const std::size_t sign = address.find('@');
        // "*@acme.example": every address of the domain, which stays that.
        out += address.substr(0, sign) == "*" ? "*@" + domain(address.substr(sign + 1)) : email(address);
      },
      [&](std::string_view word) { out += id(word); }, [&](std::string_view word) { out += domain(word); },
      [&](std::string_view word) { out += name(word); }, [&](std::string_view rest) { out += rest; });
  return out;
}

std::string Pseudonyms::find_leak(std::string_view text) const {
  std::string leak;
  const auto take = [&](std::string_view word, bool is_exempt) {
    if (leak.empty() && !is_exempt && !is_kept(word)) leak = word;
  };
  scan(
      text,
      [&](std::string_view address) {
        take(address, keeps(Kept::emails) || !emails_.contains(fold_email(address)));
      },
      [&](std::string_view word) { take(word, keeps(Kept::ids) || !ids_.contains(std::string(word))); },
      [&](std::string_view word) { take(word, keeps(Kept::domains)); },
      [&](std::string_view word) { take(word, keeps(Kept::names)); }, [](std::string_view) {});
  return leak;
}

std::vector<std::string> Pseudonyms::matches(std::string_view glob) const {
  std::vector<std::string> out;
  const std::string folded = fold_case(glob);
  for (const std::string& address : emails_)
    if (glob_match(folded, address)) out.push_back(email(address));
  for (const std::string& each : names_)
    if (glob_match(glob, each)) out.push_back(name(each));
  for (const std::string& each : ids_)
    if (glob_match(glob, each)) out.push_back(id(each));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace muster::evidence
