#include <algorithm>

#include <fmt/format.h>

#include "base/embedded.h"
#include "policy/controls.h"
#include "policy/load.h"
#include "policy/tables.h"

namespace muster::policy {
namespace {

constexpr std::string_view kShippedFrameworks = "policies/frameworks/";
const ReadRule kRule{"a framework", false};

Codec<Tests> tests_codec() {
  std::vector<std::string> words;
  for (const Tests tests : kTests) words.emplace_back(word_of(tests));
  return made_from<Tests>(choice(std::move(words)), [](const std::string& word, const Node&, Reader&) {
    return std::optional(*std::find_if(std::begin(kTests), std::end(kTests),
                                       [&](Tests each) { return word_of(each) == word; }));
  });
}

Codec<FrameworkControl> control_codec() {
  return Mapping<FrameworkControl>("a control", "One requirement of the framework.")
      .key("id", Need::required, text(), &FrameworkControl::id, "Its id in the framework.")
      .key("title", Need::required, text(), &FrameworkControl::title,
           "What it wants, in a few words of your own.")
      .key("tests", Need::required, tests_codec(), &FrameworkControl::tests,
           "What tests of access to the platform can show of it: the whole, a part, none because its proof "
           "is what people or other systems do, or none because it is outside of who has access.")
      .key("rest", Need::optional, text(), &FrameworkControl::rest, "What no test sees.")
      .place(&FrameworkControl::place)
      .check([](FrameworkControl& control, const Node& node, Reader& reader) {
        const Node* rest = node.find("rest");
        if (control.tests == Tests::whole && rest != nullptr)
          reader.problem(ErrorCode::config_invalid, *rest,
                         "tests show the whole of this control, so nothing is left",
                         "remove `rest`, or write `tests: part`");
        if (control.tests != Tests::whole && rest == nullptr)
          reader.problem(ErrorCode::config_missing_key, node,
                         "a control that tests cannot show whole lacks the key `rest`",
                         "say in a few words what no test sees");
      })
      .also({{"if", json::Value(json::Object{
                        {"properties", json::Value(json::Object{
                                           {"tests", json::Value(json::Object{{"const", "whole"}})}})}})},
             {"then", json::Value(json::Object{
                          {"properties", json::Value(json::Object{{"rest", json::Value(false)}})}})},
             {"else", json::Value(json::Object{{"required", json::Array{"rest"}}})}})
      .codec();
}

}  // namespace

Codec<Framework> framework_codec() {
  const UniqueRule ids{[](const Node& item) { return item.find("id"); }, nullptr, ErrorCode::config_invalid,
                       "two controls have the id", "keep one of them"};
  return Mapping<Framework>("a framework", "The controls of a framework that are about who has access.")
      .key("framework", Need::required, text(framework_name_rule()), &Framework::id,
           "The framework's name, as rules and policies write it under `controls`.")
      .key("title", Need::required, text(), &Framework::title, "The framework and its part, in a few words.")
      .key("controls", Need::required, unique(list_of(control_codec(), {1, false}), ids),
           &Framework::controls, "Its controls, in its own order.")
      .codec();
}

std::vector<Framework> load_frameworks(Diagnostics& problems) {
  std::vector<Framework> frameworks;
  for (const EmbeddedFile& file : embedded_files()) {
    const std::string_view name = file.name;
    if (!name.starts_with(kShippedFrameworks) || !name.ends_with(".yaml")) continue;
    const std::string shown = fmt::format("builtin:{}", name);
    auto loaded = read_value(std::string(file.bytes), shown, framework_codec(), kRule, problems);
    if (!loaded) continue;
    Framework& framework = frameworks.emplace_back(std::move(loaded->value));
    framework.file = shown;
    framework.sha256 = std::move(loaded->sha256);
    framework.bytes = loaded->bytes;
  }
  std::sort(frameworks.begin(), frameworks.end(),
            [](const Framework& a, const Framework& b) { return a.id < b.id; });
  return frameworks;
}

}  // namespace muster::policy
