// Taking a JSON document apart: every member by name and type, nothing left over, and the first thing that is
// wrong in words. Private to reports/json.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/time.h"
#include "model/string_column.h"

namespace muster::reports {

/// The first thing that is wrong; everything after it is moot.
struct Problem {
  std::string text;
  void set(std::string what) {
    if (text.empty()) text = std::move(what);
  }
  [[nodiscard]] bool found() const { return !text.empty(); }
};

/// One object while it is read: each member is taken once, by name, with its type; what is left at the end is
/// unknown.
class Members {
 public:
  Members(const json::Value& value, std::string path, Problem& problem)
      : path_(std::move(path)), problem_(problem), object_(value.object()) {
    if (object_ == nullptr) problem_.set(fmt::format("{} is not an object", shown()));
  }
  ~Members() {
    if (object_ == nullptr || problem_.found() || taken_ == object_->size()) return;
    for (const json::Member& member : *object_) {
      bool known = false;
      for (std::string_view name : names_) known = known || name == member.first;
      if (!known) problem_.set(fmt::format("{} is not a known member", at(member.first)));
    }
  }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  [[nodiscard]] bool has(std::string_view name) const {
    return object_ != nullptr &&
           std::any_of(object_->begin(), object_->end(),
                       [&](const json::Member& member) { return member.first == name; });
  }
  /// nullptr when absent.
  const json::Value* optional(std::string_view name) {
    if (object_ == nullptr) return nullptr;
    names_.push_back(name);
    // Members come in the order in which they are written, so the search usually ends at once.
    for (std::size_t i = 0; i < object_->size(); ++i) {
      const json::Member& member = (*object_)[(taken_ + i) % object_->size()];
      if (member.first == name) {
        ++taken_;
        return &member.second;
      }
    }
    return nullptr;
  }
  const json::Value* need(std::string_view name) {
    const json::Value* value = optional(name);
    if (value == nullptr && object_ != nullptr) problem_.set(fmt::format("{} is missing", at(name)));
    return value;
  }
  void text(std::string_view name, std::string& out) {
    if (const json::Value* value = need(name)) take_text(*value, name, out);
  }
  void take_text(const json::Value& value, std::string_view name, std::string& out) {
    if (const std::string* held = value.string()) {
      out = *held;
    } else {
      wrong(name, "a string", value);
    }
  }
  void boolean(std::string_view name, bool& out) {
    const json::Value* value = need(name);
    if (value == nullptr) return;
    if (const bool* held = value->boolean()) {
      out = *held;
    } else {
      wrong(name, "true or false", *value);
    }
  }
  template <class T>
  void number(std::string_view name, T& out) {
    if (const json::Value* value = need(name)) take_number(*value, name, out);
  }
  template <class T>
  void take_number(const json::Value& value, std::string_view name, T& out) {
    const std::int64_t* held = value.integer();
    if (held == nullptr || *held < 0 || static_cast<std::uint64_t>(*held) > std::numeric_limits<T>::max())
      return wrong(name, "a whole number in range", value);
    out = static_cast<T>(*held);
  }
  void take_signed(const json::Value& value, std::string_view name, std::int64_t& out) {
    if (const std::int64_t* held = value.integer()) {
      out = *held;
    } else {
      wrong(name, "a whole number", value);
    }
  }
  void take_decimal(const json::Value& value, std::string_view name, double& out) {
    if (const std::int64_t* whole = value.integer()) {
      out = static_cast<double>(*whole);
    } else if (const double* held = value.number()) {
      out = *held;
    } else {
      wrong(name, "a number", value);
    }
  }
  /// A word of a closed set.
  template <class T>
  void word(std::string_view name, std::optional<T> (*parse)(std::string_view), T& out) {
    std::string text_of_it;
    text(name, text_of_it);
    if (problem_.found()) return;
    if (const std::optional<T> parsed = parse(text_of_it)) {
      out = *parsed;
    } else {
      problem_.set(fmt::format("{} has the unknown word \"{}\"", at(name), text_of_it));
    }
  }
  void instant(std::string_view name, Instant& out) {
    if (const json::Value* value = need(name)) take_instant(*value, name, out);
  }
  void take_instant(const json::Value& value, std::string_view name, Instant& out) {
    std::string text_of_it;
    take_text(value, name, text_of_it);
    if (problem_.found()) return;
    if (const std::optional<Instant> parsed = parse_rfc3339(text_of_it)) {
      out = *parsed;
    } else {
      problem_.set(fmt::format("{} is not a time", at(name)));
    }
  }
  const json::Array& array(std::string_view name) {
    static const json::Array kNone;
    const json::Value* value = need(name);
    if (value == nullptr) return kNone;
    if (const json::Array* held = value->array()) return *held;
    wrong(name, "a list", *value);
    return kNone;
  }
  void texts(std::string_view name, std::vector<std::string>& out) {
    for (const json::Value& item : array(name)) take_text(item, name, out.emplace_back());
  }
  void decimals(std::string_view name, std::vector<double>& out) {
    for (const json::Value& item : array(name)) take_decimal(item, name, out.emplace_back());
  }
  void column(std::string_view name, StringColumn& out) {
    const json::Array& items = array(name);
    std::size_t bytes = 0;
    for (const json::Value& item : items) bytes += item.string() != nullptr ? item.string()->size() : 0;
    out.reserve(items.size(), bytes);
    for (const json::Value& item : items) {
      if (const std::string* held = item.string()) {
        out.push_back(*held);
      } else {
        return wrong(name, "a list of strings", item);
      }
    }
  }
  [[nodiscard]] std::string at(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
  }
  Problem& problem() { return problem_; }

 private:
  void wrong(std::string_view name, std::string_view wanted, const json::Value& got) {
    problem_.set(fmt::format("{} must be {}, not {}", at(name), wanted, got.type_name()));
  }
  [[nodiscard]] std::string shown() const { return path_.empty() ? "the document" : path_; }
  std::string path_;
  Problem& problem_;
  const json::Object* object_;
  std::vector<std::string_view> names_;
  std::size_t taken_ = 0;
};

/// Calls read(members, item) for each object of a list until something is wrong.
template <class T, class F>
void read_list(Members& parent, std::string_view name, std::vector<T>& out, F&& read) {
  const json::Array& items = parent.array(name);
  out.reserve(items.size());
  for (std::size_t i = 0; i < items.size() && !parent.problem().found(); ++i) {
    Members members(items[i], fmt::format("{}[{}]", parent.at(name), i), parent.problem());
    read(members, out.emplace_back());
  }
}

}  // namespace muster::reports
