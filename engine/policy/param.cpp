#include <fmt/format.h>

#include "policy/load.h"
#include "policy/policy.h"
#include "policy/tables.h"

namespace muster::policy {
namespace {

constexpr std::string_view kForm =
    "write --param RULE.NAME=VALUE, as in --param keys.max_age.days=30 or --param "
    "'keys.no_expiry.statuses=[active, inactive]'";

auto wrong(const std::string& text, std::string_view what) {
  return fail(ErrorCode::usage, fmt::format("--param {}: {}", text, what), {}, std::string(kForm));
}

}  // namespace

Result<ParamOverride> parse_param(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) return wrong(text, "there is no `=`");
  const std::string path = text.substr(0, equals);
  const auto dot = path.rfind('.');
  if (dot == std::string::npos) return wrong(text, "there is no `.` between rule and parameter");
  ParamOverride param{path.substr(0, dot), path.substr(dot + 1), {}};
  if (!rule_name_rule().accepts(param.rule))
    return wrong(text, fmt::format("\"{}\" is no rule's name", param.rule));
  if (!rule_name_rule().accepts(param.name))
    return wrong(text, fmt::format("\"{}\" is no parameter's name", param.name));

  const std::string value = text.substr(equals + 1);
  param.value.text = value;
  if (!value.starts_with('[')) return param;
  // A list is read as YAML reads it, so that the command line and the policy agree on quotes and commas.
  Diagnostics problems;
  FileProblems value_problems(problems, "--param");
  const auto document = parse_yaml(value, "--param", value_problems);
  if (!document || problems.has_errors())
    return wrong(text, fmt::format("the list cannot be read: {}", problems.errors().front().message));
  Reader reader(*document, value_problems);
  auto given = given_value().read(document->root(), "the list", reader);
  if (!given) return wrong(text, problems.errors().front().message);
  param.value = std::move(*given);
  param.value.place = {};
  return param;
}

}  // namespace muster::policy
