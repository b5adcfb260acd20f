#include <fmt/format.h>

#include "base/text.h"
#include "cli/layout.h"
#include "cli/waivers.h"
#include "evaluate/waive.h"

namespace muster::cli {
namespace {

constexpr unsigned kMostDays = 36'500;

class WaiverCheck final : public WaiverCommand {
 public:
  CommandInfo info() const override {
    return {
        .name = "waiver check",
        .summary = "Test that every waiver is approved, used, in bounds and not about to end",
        .description =
            "Judges the snapshot as `muster check` does and names, with file and line, each waiver that is "
            "expired, expiring soon, unapproved, too long, too broad, or excuses nothing. For a job of its "
            "own that reminds the owners; the gate is `muster check`.",
        .examples = {{"muster waiver check", "In CI, beside `muster check`."},
                     {"muster waiver check --within 30", "Also those that end in the next 30 days."}},
        .exits = {{ExitCode::ok, "Every waiver is fine, or has not started."},
                  {ExitCode::failed, "Some waiver is not."},
                  {ExitCode::undecided,
                   "Whether some waiver excuses anything is not known: a rule of it was not decided."},
                  {ExitCode::failed_and_undecided, "Both."},
                  {ExitCode::wrong_input, "The config names no waiver file, or an input is wrong."},
                  {ExitCode::integrity, "The snapshot is not what its manifest says."}}};
  }

 private:
  void declare_own(Arguments& arguments) override {
    arguments.option(
        "--within", "DAYS",
        [this](const std::string& given) { return whole_number(within_.emplace(), 0, kMostDays)(given); },
        "A waiver whose last day is at most so many days away is about to end (default: `expiring_within` of "
        "the config's `waiver_rules:`, 14 days).");
  }

  ExitCode show(Environment& environment, const JudgedWaivers& judged) override {
    std::size_t unfit = 0, undecided = 0;
    std::string text;
    for (std::size_t i = 0; i < judged.waivers.size(); ++i) {
      const WaiverResult& result = judged.run.waivers[i];
      const std::string fault = fault_of(result);
      std::string said = fault;
      if (!fault.empty()) ++unfit;
      if (is_undecided(result)) {
        ++undecided;
        said += said.empty() ? "" : "; ";
        said += "whether it excuses anything is undecided, as its rule is";
      }
      if (said.empty()) continue;
      const Place& place = judged.waivers[i].place;
      text += fmt::format("{}:{}: {}: waiver {} for {}: {}\n", make_visible(place.file), place.line,
                          fault.empty() ? "undecided" : result.state, make_visible(result.id),
                          make_visible(result.rule), make_visible(said));
    }
    environment.console.out.write(text + fmt::format("{}{} as of {}: {}\n", text.empty() ? "" : "\n",
                                                     plural(judged.waivers.size(), "waiver", "waivers"),
                                                     format_rfc3339(judged.run.as_of),
                                                     outcome(unfit, undecided)));
    if (unfit > 0) return undecided > 0 ? ExitCode::failed_and_undecided : ExitCode::failed;
    return undecided > 0 ? ExitCode::undecided : ExitCode::ok;
  }

  /// What is wrong with it; empty when nothing is.
  [[nodiscard]] std::string fault_of(const WaiverResult& waiver) const {
    if (waiver.state == "expired")
      return fmt::format("its last day was {}, {}", waiver.expires, evaluate::when_over(waiver));
    if (waiver.state == "unapproved") return "it names no approver";
    if (waiver.state == "unused")
      return "it excuses nothing: no failure of a selected rule fits it, or its approver is the subject";
    if (!evaluate::has_effect(waiver)) return waiver.detail;
    const bool ends_soon = within_ ? waiver.days_left && *waiver.days_left <= std::int64_t{*within_}
                                   : waiver.state == "expiring_soon";
    return ends_soon ? fmt::format("its last day is {}, {}", waiver.expires, evaluate::when_over(waiver))
                     : "";
  }

  static std::string outcome(std::size_t unfit, std::size_t undecided) {
    if (unfit + undecided == 0) return "all fine";
    std::string text;
    if (unfit > 0) text = fmt::format("{} to mend", unfit);
    if (undecided > 0) text += fmt::format("{}{} undecided", text.empty() ? "" : ", ", undecided);
    return text;
  }

  std::optional<unsigned> within_;
};

}  // namespace

std::unique_ptr<Command> waiver_check_command() { return std::make_unique<WaiverCheck>(); }

}  // namespace muster::cli
