#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "rule/rule.h"

namespace muster::rule {

std::string_view word_of(ParamType type) {
  switch (type) {
    case ParamType::string: return "string";
    case ParamType::integer: return "integer";
    case ParamType::number: return "number";
    case ParamType::boolean: return "boolean";
    case ParamType::string_list: return "string_list";
  }
  return "";
}

json::Value to_json(const ParamValue& value) {
  return std::visit(
      [](const auto& held) -> json::Value {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          json::Array items;
          for (const std::string& item : held) items.emplace_back(item);
          return json::Value(std::move(items));
        } else {
          return json::Value(held);
        }
      },
      value);
}

namespace {

std::string wanted(const ParamSpec& spec) {
  std::string text;
  switch (spec.type) {
    case ParamType::string: text = "text"; break;
    case ParamType::integer: text = "a whole number"; break;
    case ParamType::number: text = "a number"; break;
    case ParamType::boolean: return "true or false";
    case ParamType::string_list: text = "a list of texts"; break;
  }
  if (spec.minimum) text += fmt::format(" of at least {}", *spec.minimum);
  if (spec.maximum) text += fmt::format("{} of at most {}", spec.minimum ? " and" : "", *spec.maximum);
  if (!spec.choices.empty()) text += (spec.type == ParamType::string_list ? ", each one of " : ": one of ") + fmt::format("{}", fmt::join(spec.choices, ", "));
  return text;
}

template <class T>
std::optional<T> number_of(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_in_range(const ParamSpec& spec, double value) {
  return std::isfinite(value) && (!spec.minimum || value >= *spec.minimum) && (!spec.maximum || value <= *spec.maximum);
}
bool is_choice(const ParamSpec& spec, const std::string& text) {
  return spec.choices.empty() || std::find(spec.choices.begin(), spec.choices.end(), text) != spec.choices.end();
}

}  // namespace

Result<ParamValue> parse_param_value(const ParamSpec& spec, const GivenValue& given) {
  const auto refuse = [&](std::string hint = {}) {
    const std::string shown = given.is_null ? "nothing" : given.is_list ? "a list" : "'" + make_visible(given.text) + "'";
    return fail(ErrorCode::policy_parameter, "parameter '" + spec.name + "' wants " + wanted(spec) + ", not " + shown, given.place, std::move(hint));
  };
  if (given.is_null) return refuse();
  switch (spec.type) {
    case ParamType::string_list: {
      std::vector<std::string> items = given.is_list ? given.items : std::vector<std::string>{given.text};
      for (const std::string& item : items) {
        if (is_choice(spec, item)) continue;
        const auto near = nearest_name(item, spec.choices);
        return refuse(near ? "did you mean '" + std::string(*near) + "'?" : "");
      }
      return ParamValue(std::move(items));
    }
    case ParamType::string: {
      if (given.is_list) return refuse();
      if (is_choice(spec, given.text)) return ParamValue(given.text);
      const auto near = nearest_name(given.text, spec.choices);
      return refuse(near ? "did you mean '" + std::string(*near) + "'?" : "");
    }
    case ParamType::boolean:
      if (given.is_list || !given.plain || (given.text != "true" && given.text != "false")) return refuse();
      return ParamValue(given.text == "true");
    case ParamType::integer: {
      if (given.is_list || !given.plain) return refuse();
      const auto value = number_of<std::int64_t>(given.text);
      if (!value || !is_in_range(spec, static_cast<double>(*value))) return refuse();
      return ParamValue(*value);
    }
    case ParamType::number: {
      if (given.is_list || !given.plain) return refuse();
      const auto value = number_of<double>(given.text);
      if (!value || !is_in_range(spec, *value)) return refuse();
      return ParamValue(*value);
    }
  }
  return refuse();
}

}  // namespace muster::rule
