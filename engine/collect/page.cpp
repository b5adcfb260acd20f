#include "collect/page.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"

namespace muster::collect {
namespace {

using json::Value;

/// Slices of a text that is known to be JSON: elements of an array, members of an object.
class Slicer {
 public:
  explicit Slicer(std::string_view text) : text_(text) {}

  /// The text of the member; empty when the object has none.
  std::string_view member(std::string_view name) {
    at_ = 0;
    skip_space();
    if (at_ >= text_.size() || text_[at_] != '{') return {};
    for (++at_;;) {
      skip_space();
      if (text_[at_] == '}') return {};
      const std::string_view key = value();
      skip_space();
      ++at_;  // the colon
      skip_space();
      const std::string_view held = value();
      if (key.size() == name.size() + 2 && key.substr(1, name.size()) == name) return held;
      skip_space();
      if (text_[at_++] == '}') return {};
    }
  }

  std::vector<std::string_view> elements() {
    std::vector<std::string_view> all;
    at_ = 0;
    skip_space();
    for (++at_;;) {
      skip_space();
      if (text_[at_] == ']') return all;
      all.push_back(value());
      skip_space();
      if (text_[at_++] == ']') return all;
    }
  }

 private:
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }
  void skip_string() {
    for (++at_; text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    ++at_;
  }
  std::string_view value() {
    const std::size_t begin = at_;
    if (text_[at_] == '"') {
      skip_string();
    } else if (text_[at_] == '{' || text_[at_] == '[') {
      int depth = 0;
      do {
        const char c = text_[at_];
        if (c == '"') {
          skip_string();
          continue;
        }
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        ++at_;
      } while (depth > 0);
    } else {
      while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']' &&
             text_[at_] != ' ' && text_[at_] != '\n' && text_[at_] != '\r' && text_[at_] != '\t')
        ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

tl::unexpected<Error> odd(std::string message) {
  return fail(ErrorCode::service_unavailable, std::move(message));
}

std::string text_of(const Value* value) {
  return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
}

/// The objects of an array and the array's own text must be of one length; each is an object.
Status take_rows(std::string_view list, const Value& values, const Endpoint& endpoint,
                 const std::string& from, bool is_second, Page& page) {
  const auto& array = *values.array();
  const auto slices = Slicer(list).elements();
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (array[i].object() == nullptr)
      return odd(fmt::format("a row is no object but {}", array[i].type_name()));
    Row row{slices[i], {}, from, is_second, false};
    if (!endpoint.key.empty()) {
      row.id = text_of(array[i].find(endpoint.key));
      if (row.id.empty() && endpoint.dataset != snapshot::Dataset::activities)
        return odd(fmt::format("a row has no {}", endpoint.key));
    }
    if (endpoint.dataset == snapshot::Dataset::activities) {
      const Value* actor = array[i].find("actor");
      row.is_own_trace = actor != nullptr && text_of(actor->find("user_agent")).starts_with("muster/");
    }
    page.rows.push_back(std::move(row));
  }
  return {};
}

}  // namespace

Result<Page> parse_page(std::string_view body, const Endpoint& endpoint) {
  const auto value = json::parse(body);
  if (!value) {
    Error error = value.error();
    error.message = "the reply is not valid: " + error.message;
    return tl::unexpected(std::move(error));
  }
  if (value->object() == nullptr)
    return odd(fmt::format("the reply is no object but {}", value->type_name()));
  Page page;
  if (endpoint.paging == Paging::single) {
    std::string_view text = body;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
      text.remove_suffix(1);
    page.rows.push_back({text, {}, {}, false, false});
    return page;
  }
  const bool is_settings = endpoint.paging == Paging::settings, is_scim = endpoint.paging == Paging::scim;
  if (is_scim) {
    const Value* total = value->find("totalResults");
    if (total == nullptr || total->integer() == nullptr || *total->integer() < 0)
      return odd("the reply does not say totalResults");
    page.total = static_cast<std::uint64_t>(*total->integer());
    if (value->find("Resources") == nullptr) return page;  // left out when there are none
  }
  const std::string_view name = is_settings ? "settings" : is_scim ? "Resources" : "data";
  const Value* data = value->find(name);
  if (data == nullptr || data->array() == nullptr)
    return odd(fmt::format("the reply has no list `{}`", name));
  Slicer slicer(body);
  const std::string_view list = slicer.member(name);
  if (endpoint.paging == Paging::buckets) {
    const auto slices = Slicer(list).elements();
    for (std::size_t i = 0; i < slices.size(); ++i) {
      const Value& bucket = (*data->array())[i];
      const Value* results = bucket.find("results");
      const std::string start = text_of(bucket.find("starting_at")), end = text_of(bucket.find("ending_at"));
      if (results == nullptr || results->array() == nullptr || start.empty())
        return odd("a bucket has no start or no results");
      std::string from = ",\"starting_at\":";
      json::append_quoted(from, start);
      from += ",\"ending_at\":";
      json::append_quoted(from, end);
      if (auto status = take_rows(Slicer(slices[i]).member("results"), *results, endpoint, from, false, page);
          !status)
        return tl::unexpected(status.error());
    }
  } else if (auto status = take_rows(list, *data, endpoint, {}, false, page); !status) {
    return tl::unexpected(status.error());
  }
  if (is_settings) {
    const Value* keys = value->find("api_keys");
    if (keys != nullptr && keys->array() != nullptr) {
      if (auto status = take_rows(slicer.member("api_keys"), *keys, endpoint, {}, true, page); !status)
        return tl::unexpected(status.error());
    }
    return page;
  }
  if (is_scim) return page;
  const Value* more = value->find("has_more");
  const bool says_more = more != nullptr && more->boolean() != nullptr;
  const std::string next = text_of(value->find(endpoint.paging == Paging::by_id ? "last_id" : "next_page"));
  if (!next.empty()) page.next = next;
  page.has_more = says_more ? *more->boolean() : endpoint.paging != Paging::by_id && page.next.has_value();
  // Where the next page has a token of its own, the token is what counts (not every list says has_more).
  if (endpoint.paging != Paging::by_id && page.next) page.has_more = true;
  return page;
}

std::string text_member(std::string_view object, std::string_view member) {
  const auto value = json::parse(object);
  return value ? text_of(value->find(member)) : std::string();
}

std::string error_words(std::string_view body) {
  const auto value = json::parse(body.substr(0, 65536));
  const Value* error = value ? value->find("error") : nullptr;
  if (error == nullptr) return {};
  const std::string type = text_of(error->find("type")), message = text_of(error->find("message"));
  return std::string(utf8_prefix(message.empty() ? type : type + ": " + message, 200));
}

}  // namespace muster::collect
