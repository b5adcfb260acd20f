#include "cli/command.h"

#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"

namespace muster::cli {

std::string_view Argument::main_name() const {
  const auto comma = names.rfind(',');
  return comma == std::string::npos ? std::string_view(names) : std::string_view(names).substr(comma + 1);
}

void Arguments::flag(std::string names, bool& target, std::string doc) {
  all_.push_back({Argument::Kind::flag,
                  std::move(names),
                  {},
                  std::move(doc),
                  false,
                  [&target](const std::string&) -> Status {
                    target = true;
                    return {};
                  }});
}

void Arguments::option(std::string names, std::string value, Take take, std::string doc) {
  all_.push_back(
      {Argument::Kind::option, std::move(names), std::move(value), std::move(doc), false, std::move(take)});
}

void Arguments::repeatable(std::string names, std::string value, Take take, std::string doc) {
  all_.push_back({Argument::Kind::repeatable, std::move(names), std::move(value), std::move(doc), false,
                  std::move(take)});
}

void Arguments::list(std::string names, std::string value, Take take, std::string doc) {
  all_.push_back(
      {Argument::Kind::list, std::move(names), std::move(value), std::move(doc), false, std::move(take)});
}

void Arguments::required(std::string word, Take take, std::string doc) {
  all_.push_back({Argument::Kind::positional, std::move(word), {}, std::move(doc), true, std::move(take)});
}

void Arguments::optional(std::string word, Take take, std::string doc) {
  all_.push_back({Argument::Kind::positional, std::move(word), {}, std::move(doc), false, std::move(take)});
}

void Arguments::rest(std::string word, Take take, std::string doc) {
  all_.push_back({Argument::Kind::positionals, std::move(word), {}, std::move(doc), false, std::move(take)});
}

void Arguments::required_rest(std::string word, Take take, std::string doc) {
  all_.push_back({Argument::Kind::positionals, std::move(word), {}, std::move(doc), true, std::move(take)});
}

namespace {

Status taken() { return {}; }
auto empty() { return fail(ErrorCode::usage, "it may not be empty"); }

}  // namespace

Take text(std::string& target) {
  return [&target](const std::string& given) -> Status {
    if (given.empty()) return empty();
    target = given;
    return taken();
  };
}

Take text(std::optional<std::string>& target) {
  return [&target](const std::string& given) -> Status {
    if (given.empty()) return empty();
    target = given;
    return taken();
  };
}

Take texts(std::vector<std::string>& target) {
  return [&target](const std::string& given) -> Status {
    if (given.empty()) return empty();
    target.push_back(given);
    return taken();
  };
}

Take whole_number(unsigned& target, unsigned minimum, unsigned maximum) {
  return [&target, minimum, maximum](const std::string& given) -> Status {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    if (error != std::errc() || end != given.data() + given.size() || value < minimum || value > maximum)
      return fail(ErrorCode::usage, fmt::format("a whole number from {} to {} is wanted", minimum, maximum));
    target = value;
    return taken();
  };
}

std::optional<Instant> TimeWish::resolve(const Clock& clock) const {
  if (!is_now) return at;
  const Instant now = clock.now();
  return Instant{now.us - now.us % kMicrosPerSecond};
}

Take time(TimeWish& target) {
  return [&target](const std::string& given) -> Status {
    target = {};
    if (given == "now") {
      target.is_now = true;
    } else if (const auto date = parse_date(given)) {
      target.at = start_of(*date);
    } else if (const auto instant = parse_rfc3339(given)) {
      target.at = *instant;
    } else {
      return fail(
          ErrorCode::usage,
          "a time is wanted, as 2026-11-20T08:00:00Z or 2026-11-20 (its start in UTC), or the word now");
    }
    return taken();
  };
}

Take word(std::vector<std::string_view> words, std::function<void(std::size_t)> set) {
  return [words = std::move(words), set = std::move(set)](const std::string& given) -> Status {
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] != given) continue;
      set(i);
      return taken();
    }
    const auto near = nearest_name(given, words);
    return fail(ErrorCode::usage, fmt::format("it is one of {}", fmt::join(words, ", ")), {},
                near ? fmt::format("did you mean {}?", *near) : "");
  };
}

}  // namespace muster::cli
