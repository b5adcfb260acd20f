#include "call.h"

#include <algorithm>
#include <mutex>
#include <stdexcept>

#include <fmt/format.h>

namespace simulator {

using muster::json::Value;

Table& Call::children(Children& all, const std::string& parent) const {
  if (shared == nullptr) return all.of(parent);
  if (all.find(parent) == nullptr) {
    shared->unlock();
    {
      const std::unique_lock alone(tenant.lock);
      static_cast<void>(all.of(parent));
    }
    shared->lock();
  }
  return all.of(parent);
}

const std::vector<Route>& routes() {
  static const std::vector<Route> all = [] {
    std::vector<Route> made;
    add_admin_reads(made);
    add_admin_writes(made);
    add_reports(made);
    add_compliance(made);
    return made;
  }();
  return all;
}

Reply json_reply(std::string body) {
  Reply reply;
  reply.body = std::move(body);
  return reply;
}
Reply not_found(std::string_view what) {
  return error_reply(404, "not_found_error", fmt::format("{} was not found.", what));
}
Reply refused(std::string_view why) { return error_reply(400, "invalid_request_error", why); }

std::string text_of(const Value& object, std::string_view member) {
  const Value* found = object.find(member);
  return found && found->string() ? *found->string() : "";
}

Value parsed(std::string_view text) {
  auto value = muster::json::parse(text);
  if (!value) throw std::runtime_error("a row that is no JSON: " + value.error().message);
  return std::move(*value);
}

void set(Value& object, std::string_view member, Value value) {
  auto& members = *object.object();
  const auto found = std::ranges::find(members, member, &muster::json::Member::first);
  if (found == members.end()) {
    members.emplace_back(std::string(member), std::move(value));
  } else {
    found->second = std::move(value);
  }
}

void erase(Value& object, std::string_view member) {
  std::erase_if(*object.object(), [&](const auto& entry) { return entry.first == member; });
}

}  // namespace simulator
