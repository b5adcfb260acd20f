#include "collect/page.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "collect/target.h"
#include "snapshot/rows.h"

namespace muster::collect {
namespace {

using json::Value;
using snapshot::RowReader;

// A line of a dataset has one level around the object; a reply has two, and no reply may be deeper than a
// line.
constexpr int kLevelsAround = 2;
// A giant reply must not hold its memory for the rest of the run.
constexpr std::size_t kKeptCapacity = std::size_t{4} << 20;

tl::unexpected<Error> odd(std::string message) {
  return fail(ErrorCode::service_unavailable, std::move(message));
}

tl::unexpected<Error> invalid(Error error) {
  error.message = "the reply is not valid: " + error.message;
  return tl::unexpected(std::move(error));
}

std::string text_of(const Value* value) {
  return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
}

/// What a row is looked at for; the key comes behind these, and then the parent.
enum Path : std::size_t { kAgent, kActor, kKeyId, kType, kMethod, kKey };

std::vector<std::string_view> paths_of(const Endpoint& endpoint) {
  std::vector<std::string_view> paths = {"actor.user_agent", "actor.type",
                                         "actor.api_key_id|actor.admin_api_key_id|actor.service_account_id|"
                                         "actor.user_id",
                                         "type", "request_method"};
  if (!endpoint.key.empty()) paths.push_back(endpoint.key);
  if (const auto parent = parent_member(endpoint.parent); !parent.empty()) paths.push_back(parent);
  return paths;
}

}  // namespace

class PageReader::Impl {
 public:
  explicit Impl(const Endpoint& endpoint) : endpoint_(endpoint), reader_(paths_of(endpoint), kLevelsAround) {}

  Result<Page> read(std::string_view body) {
    body_ = body;
    // The copy has readable bytes behind it, as the readers of JSON want.
    padded_.reserve(body.size() + RowReader::kPadding);
    padded_.assign(body);
    padded_.append(RowReader::kPadding, '\0');
    auto page = take(std::string_view(padded_).substr(0, body.size()));
    if (padded_.capacity() > kKeptCapacity) padded_ = std::string();
    return page;
  }

 private:
  /// An object with an empty list where its list was.
  struct Cut {
    Value rest;
    std::string_view list;
  };

  Result<Cut> cut(std::string_view object, std::string_view member) {
    const std::string_view list = reader_.list_of(object, member);
    std::string rest(object.substr(0, list.empty() ? object.size() : offset(object, list)));
    if (!list.empty()) {
      rest += "[]";
      rest += object.substr(offset(object, list) + list.size());
    }
    auto value = json::parse(rest);
    if (!value) return invalid(std::move(value.error()));
    return Cut{std::move(*value), list};
  }

  static std::size_t offset(std::string_view whole, std::string_view part) {
    return static_cast<std::size_t>(part.data() - whole.data());
  }

  Result<Page> take(std::string_view text) {
    Page page;
    if (endpoint_.paging == Paging::single) {
      const auto value = json::parse(text);
      if (!value) return invalid(value.error());
      if (value->object() == nullptr)
        return odd(fmt::format("the reply is no object but {}", value->type_name()));
      if (text_of(value->find("type")) == "error")
        return odd("the reply is an error under a status of success");
      if (!endpoint_.key.empty() && text_of(value->find(endpoint_.key)).empty())
        return odd(fmt::format("the reply has no {}", endpoint_.key));
      page.rows.push_back({in_body(trim(text)), text_of(value->find(endpoint_.key)), {}, false, {}});
      return page;
    }
    const bool is_settings = endpoint_.paging == Paging::settings, is_scim = endpoint_.paging == Paging::scim;
    const std::string_view name = is_settings ? "settings" : is_scim ? "Resources" : "data";
    auto whole = cut(text, name);
    if (!whole) return tl::unexpected(whole.error());
    const Value& rest = whole->rest;
    if (rest.object() == nullptr) return odd(fmt::format("the reply is no object but {}", rest.type_name()));
    if (is_scim) {
      const Value* total = rest.find("totalResults");
      if (total == nullptr || total->integer() == nullptr || *total->integer() < 0)
        return odd("the reply does not say totalResults");
      page.total = static_cast<std::uint64_t>(*total->integer());
      if (rest.find("Resources") == nullptr) return page;  // left out when there are none
    }
    if (whole->list.empty()) return odd(fmt::format("the reply has no list `{}`", name));
    auto status = endpoint_.paging == Paging::buckets ? take_buckets(whole->list, page)
                                                      : take_rows(whole->list, {}, false, page);
    if (!status) return tl::unexpected(status.error());
    if (is_settings) {
      // Without the list nobody knows whether there are keys: an empty one says so itself.
      const std::string_view keys = reader_.list_of(text, "api_keys");
      if (keys.empty()) return odd("the reply has no list `api_keys`");
      if (status = take_rows(keys, {}, true, page); !status) return tl::unexpected(status.error());
      return page;
    }
    if (is_scim) return page;
    if (status = find_next(rest, page); !status) return tl::unexpected(status.error());
    return page;
  }

  /// What leads on. A reply that leaves open whether there is more must not pass for the last.
  Status find_next(const Value& reply, Page& page) const {
    const bool is_by_id = endpoint_.paging == Paging::by_id;
    const Value* more = reply.find("has_more");
    const Value* cursor = reply.find(is_by_id ? "last_id" : "next_page");
    if (more != nullptr && more->boolean() == nullptr && !more->is_null())
      return odd(fmt::format("the reply says {} for has_more", more->type_name()));
    if (cursor != nullptr && cursor->string() == nullptr && !cursor->is_null())
      return odd(fmt::format("the reply has {} as a cursor", cursor->type_name()));
    const bool says_more = more != nullptr && more->boolean() != nullptr;
    const bool may_be_silent = endpoint_.dataset == snapshot::Dataset::activities || !is_by_id;
    const bool is_full = endpoint_.limit > 1 && page.rows.size() >= endpoint_.limit;
    if (!says_more && (!may_be_silent || (is_full && (is_by_id || cursor == nullptr))))
      return odd("the reply does not say whether there is more");
    if (const std::string next = text_of(cursor); !next.empty()) page.next = next;
    page.has_more = says_more && *more->boolean();
    // Where the next page has a token of its own, the token is what counts (not every list says has_more).
    if (!is_by_id && page.next) page.has_more = true;
    return {};
  }

  Status take_buckets(std::string_view list, Page& page) {
    const auto buckets = reader_.elements(list);
    if (!buckets) return odd("the reply is not valid: its list does not end");
    for (const std::string_view text : *buckets) {
      const auto bucket = cut(text, "results");
      if (!bucket) return tl::unexpected(bucket.error());
      const std::string start = text_of(bucket->rest.find("starting_at")),
                        end = text_of(bucket->rest.find("ending_at"));
      const auto from_time = parse_rfc3339(start), to_time = parse_rfc3339(end);
      if (bucket->list.empty() || !from_time) return odd("a bucket has no start or no results");
      if (!to_time || to_time->us <= from_time->us) return odd("a bucket has no end behind its start");
      page.buckets.push_back({*from_time, *to_time});
      std::string from = ",\"starting_at\":";
      json::append_quoted(from, start);
      from += ",\"ending_at\":";
      json::append_quoted(from, end);
      if (auto status = take_rows(bucket->list, from, false, page); !status) return status;
    }
    return {};
  }

  Status take_rows(std::string_view list, const std::string& from, bool is_second, Page& page) {
    const auto elements = reader_.elements(list);
    if (!elements) return odd("the reply is not valid: its list does not end");
    page.rows.reserve(page.rows.size() + elements->size());
    for (const std::string_view text : *elements) {
      if (!text.starts_with('{')) {
        return odd(fmt::format("a row is no object but {}", utf8_prefix(text, 20)));
      }
      if (auto status = reader_.check(text); !status) return invalid(status.error());
      Row row{in_body(text), {}, from, is_second, {}};
      if (!endpoint_.key.empty()) {
        row.id = reader_.text(kKey).value_or("");
        if (row.id.empty() && endpoint_.dataset != snapshot::Dataset::activities)
          return odd(fmt::format("a row has no {}", endpoint_.key));
      }
      if (endpoint_.dataset == snapshot::Dataset::activities) row.trace_of = trace_of();
      if (has_parent_) row.parent = reader_.text(parent_path_).value_or("");
      page.rows.push_back(std::move(row));
    }
    return {};
  }

  /// A collection leaves reads behind, made by a key and under muster's name. Whoever borrows the name alone
  /// does not pass for one: the event must be a read, by an actor that a collection has, and the key is told.
  [[nodiscard]] std::string trace_of() const {
    const auto text = [&](Path path) { return reader_.text(path).value_or(""); };
    const std::string_view actor = text(kActor), type = text(kType);
    if (!text(kAgent).starts_with("muster/")) return {};
    if (actor != "api_actor" && actor != "admin_api_key_actor" && actor != "service_account_actor" &&
        actor != "user_actor")
      return {};
    const bool is_read = type == "compliance_api_accessed"
                             ? text(kMethod) == "GET"
                             : type.ends_with("_listed") || type.ends_with("_viewed");
    return is_read ? std::string(text(kKeyId)) : std::string();
  }

  /// A piece of the copy, in the reply itself.
  [[nodiscard]] std::string_view in_body(std::string_view piece) const {
    return body_.substr(static_cast<std::size_t>(piece.data() - padded_.data()), piece.size());
  }

  Endpoint endpoint_;
  bool has_parent_ = !parent_member(endpoint_.parent).empty();
  std::size_t parent_path_ = endpoint_.key.empty() ? kKey : kKey + 1;
  RowReader reader_;
  std::string padded_;
  std::string_view body_;
};

PageReader::PageReader(const Endpoint& endpoint) : impl_(std::make_unique<Impl>(endpoint)) {}
PageReader::~PageReader() = default;
PageReader::PageReader(PageReader&&) noexcept = default;
Result<Page> PageReader::read(std::string_view body) { return impl_->read(body); }

Result<Page> parse_page(std::string_view body, const Endpoint& endpoint) {
  return PageReader(endpoint).read(body);
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
