#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/layout.h"
#include "cli/waivers.h"
#include "evaluate/waive.h"

namespace muster::cli {
namespace {

class WaiverList final : public WaiverCommand {
 public:
  CommandInfo info() const override {
    return {
        .name = "waiver list",
        .summary = "List the waivers: state, days left, and what each excuses",
        .description =
            "Judges the snapshot as `muster check` does and lists the waivers of the config's waiver file. "
            "active and expiring_soon have effect; not_started, expired, unapproved, too_long and too_broad "
            "have none; unused ones excuse no failure. `waiver_rules:` of the config says what is too long, "
            "too broad and soon, and in which zone days end.",
        .examples = {{"muster waiver list", "Every waiver."},
                     {"muster waiver list --json", "The same for a program."}},
        .exits = {{ExitCode::ok, "Listed, whatever their states."},
                  {ExitCode::wrong_input, "The config names no waiver file, or an input is wrong."},
                  {ExitCode::integrity, "The snapshot is not what its manifest says."}}};
  }

 private:
  void declare_own(Arguments& arguments) override { arguments.flag("--json", json_, "Write JSON."); }

  ExitCode show(Environment& environment, const JudgedWaivers& judged) override {
    environment.console.out.write(json_ ? as_json(judged) : as_text(judged, environment.console.width));
    return ExitCode::ok;
  }

  static std::string as_json(const JudgedWaivers& judged) {
    json::Array list;
    for (std::size_t i = 0; i < judged.waivers.size(); ++i) {
      const Waiver& waiver = judged.waivers[i];
      const WaiverResult& result = judged.run.waivers[i];
      json::Array patterns;
      for (const std::string& pattern : waiver.subject.patterns) patterns.emplace_back(pattern);
      list.emplace_back(json::Object{
          {"id", waiver.id},
          {"rule", waiver.rule},
          {"subject", json::Value(json::Object{{waiver.subject.field, json::Value(std::move(patterns))}})},
          {"state", result.state},
          {"why", evaluate::explain_waiver(result)},
          {"excuses", static_cast<std::int64_t>(result.applied)},
          {"starts", result.starts},
          {"expires", result.expires},
          {"days_left", result.days_left ? json::Value(*result.days_left) : json::Value()},
          {"reason", waiver.reason},
          {"approver", waiver.approver},
          {"ticket", waiver.ticket},
          {"owner", waiver.owner},
          {"file", waiver.place.file},
          {"line", static_cast<std::int64_t>(waiver.place.line)}});
    }
    return json::dump(list, 2) + "\n";
  }

  static std::string as_text(const JudgedWaivers& judged, std::size_t width) {
    if (judged.waivers.empty()) return "No waivers. `muster waiver add` writes one.\n";
    TextTable table;
    for (const char* heading : {"waiver", "state"}) table.column(heading);
    table.column("excuses", Align::right);
    for (const char* heading : {"ends", "rule", "subject"}) table.column(heading);
    std::size_t effective = 0;
    std::uint64_t excused = 0;
    std::string why;
    for (std::size_t i = 0; i < judged.waivers.size(); ++i) {
      const Waiver& waiver = judged.waivers[i];
      const WaiverResult& result = judged.run.waivers[i];
      const std::string ends = result.expires.empty()
                                   ? "never"
                                   : fmt::format("{} ({})", result.expires, evaluate::when_over(result));
      table.row({cell(waiver.id, 30), result.state, std::to_string(result.applied), ends,
                 cell(waiver.rule, 40), cell(describe_subject(waiver.subject), 50)});
      effective += evaluate::has_effect(result) ? 1 : 0;
      excused += result.applied;
      if (!result.detail.empty()) why += wrap(make_visible(evaluate::explain_waiver(result)), "", 2, width);
    }
    return fmt::format("{}\n{}{} as of {}, {} with effect, {} excused.\n", table.render(), why,
                       plural(judged.waivers.size(), "waiver", "waivers"), format_rfc3339(judged.run.as_of),
                       effective, plural(excused, "failure", "failures"));
  }

  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> waiver_list_command() { return std::make_unique<WaiverList>(); }

}  // namespace muster::cli
