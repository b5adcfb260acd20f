#include <algorithm>

#include <fmt/format.h>

#include "base/parallel.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "cli/people.h"
#include "cli/version.h"
#include "cli/waivers.h"
#include "evaluate/waive.h"
#include "policy/policy.h"

namespace muster::cli {
namespace {

constexpr unsigned kMostDays = 36'500;

class WaiverAdd final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "waiver add",
        .summary = "Add a waiver to the waiver file",
        .description =
            "Appends one waiver, with the next free id, to the file that the config names; nothing else in "
            "it "
            "changes. The file as it would be is judged on the snapshot first, and refused when the rule is "
            "not selected, no subject fits, the approver is the subject, or the waiver would be too long or "
            "too broad. Days are those of the zone in the config's `waiver_rules:`; it starts on the day of "
            "the snapshot unless --starts says otherwise.",
        .examples =
            {{"muster waiver add --rule keys.no_expiry --id apikey_01ABC --reason \"replaced in January\" "
              "--approver dana@example.com --ticket SEC-412 --owner omar@example.com --days 60",
              "For 60 days."},
             {"muster waiver add --rule keys.max_age --field 'name=legacy-batch-*' --reason \"legacy "
              "batch\" --approver dana@example.com --expires 2027-01-31",
              "Every key of such a name, to the end of that day."}},
        .exits = {{ExitCode::ok, "Added."},
                  {ExitCode::wrong_input,
                   "The waiver would be wrong or without effect, an input is wrong, or the file cannot be "
                   "written. The file is as it was."},
                  {ExitCode::integrity, "The snapshot is not what its manifest says."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.option("--rule", "RULE", text(waiver_.rule), "The rule, or a policy entry's `as` name.");
    arguments.repeatable("--id", "ID", subject("id"), "The subject, by its id; several times for several.");
    arguments.repeatable("--email", "ADDRESS", subject("email"),
                         "The subject, by its e-mail address or a glob.");
    arguments.repeatable(
        "--field", "NAME=VALUE",
        [this](const std::string& given) -> Status {
          const std::size_t sign = given.find('=');
          if (sign == 0 || sign == std::string::npos || sign + 1 == given.size())
            return fail(ErrorCode::usage, "a field and a value or glob are wanted, as name=legacy-*");
          return subject(given.substr(0, sign))(given.substr(sign + 1));
        },
        "The subjects, by another field of theirs.");
    arguments.option("--reason", "TEXT", text(waiver_.reason), "Why the exception is acceptable.");
    arguments.option("--approver", "PERSON", text(waiver_.approver),
                     "Who approved it: a person_id or an e-mail address.");
    arguments.option("--ticket", "TICKET", text(waiver_.ticket), "Where it was decided.");
    arguments.option("--owner", "PERSON", text(waiver_.owner), "Who makes it unnecessary.");
    arguments.option("--starts", "DATE", date(waiver_.starts), "Its first day.");
    arguments.option("--expires", "DATE|never", expiry(),
                     "Its last day; never where the config allows any length.");
    arguments.option(
        "--days", "N",
        [this](const std::string& given) { return whole_number(days_.emplace(), 1, kMostDays)(given); },
        "Instead of --expires: the number of days after its first one.");
    inputs_.declare_all(arguments);
  }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    check_call(problems);
    const auto config = inputs_.load(environment, {.snapshot = true, .policies = true}, problems);
    if (config && has_waiver_file(*config, problems)) prepare(environment, *config, problems);
    if (problems.has_errors()) return report(environment, problems);

    const std::string path = config->waivers;
    const std::string shown = shown_path(*config, path);
    std::string before;
    std::vector<Waiver> present;
    if (environment.files.kind(path) != FileKind::none) {
      auto bytes = environment.files.read_file(path);
      if (!bytes) return report(environment, bytes.error());
      before = std::move(*bytes);
      auto loaded = policy::load_waivers(environment.files, path, shown, problems);
      if (!loaded) return report(environment, problems);
      present = std::move(*loaded);
    }
    waiver_.id = next_waiver_id(present);
    const std::string after = with_waiver(before, present, waiver_);
    ChangedFile changed(environment.files, path, after);
    if (!is_right(changed, path, shown, present))
      return report(
          environment,
          Error{ErrorCode::config_invalid, fmt::format("{} cannot be appended to", shown),
                Place{shown, 0, 0, {}},
                "its waivers are to be a list of items that begin with `- `, one below the other, with "
                "nothing behind it"});
    std::string done;
    judge(environment, changed, *config, problems, done);
    if (environment.is_interrupted) return ExitCode::interrupted;
    if (problems.has_errors()) return report(environment, without_places(problems, shown, before));
    // Somebody else may have changed it meanwhile.
    if (environment.files.kind(path) != FileKind::none) {
      const auto now = environment.files.read_file(path);
      if (!now) return report(environment, now.error());
      if (*now != before)
        return report(environment, Error{ErrorCode::config_invalid,
                                         fmt::format("{} was changed by somebody else meanwhile", shown),
                                         Place{shown, 0, 0, {}}, "run the command again"});
    }
    if (const Status written = environment.files.write_file(path, after); !written)
      return report(environment, written.error());
    environment.console.out.write(fmt::format("{}: {} added. {}\n", shown, waiver_.id, done));
    return ExitCode::ok;
  }

 private:
  Take subject(std::string field) {
    return [this, field = std::move(field)](const std::string& given) -> Status {
      if (trim(given).empty()) return fail(ErrorCode::usage, "it is empty");
      ScopeTerm& term = waiver_.subject;
      if (!term.field.empty() && term.field != field)
        return fail(ErrorCode::usage, "the subject of a waiver is named by one field");
      term.field = field;
      term.patterns.push_back(given);
      return {};
    };
  }

  static Take date(std::optional<Date>& target) {
    return [&target](const std::string& given) -> Status {
      target = parse_date(given);
      if (!target) return fail(ErrorCode::usage, "a date is wanted, as 2026-11-20");
      return {};
    };
  }

  Take expiry() {
    return [this](const std::string& given) -> Status {
      is_expiry_given_ = true;
      return given == "never" ? Status{} : date(waiver_.expires)(given);
    };
  }

  void check_call(Diagnostics& problems) const {
    const auto need = [&](bool is_given, std::string_view option, std::string_view what) {
      if (!is_given) problems.error(ErrorCode::usage, fmt::format("{} is missing: {}", option, what));
    };
    need(!waiver_.rule.empty(), "--rule", "whose failures are excused");
    need(!waiver_.subject.field.empty(), "--id, --email or --field", "who or what is excused");
    need(!trim(waiver_.reason).empty(), "--reason", "why it is acceptable, for auditors");
    need(!trim(waiver_.approver).empty(), "--approver", "a waiver that nobody approved has no effect");
    if (is_expiry_given_ == days_.has_value())
      problems.error(ErrorCode::usage, is_expiry_given_
                                           ? "--expires and --days both say the last day"
                                           : "--expires or --days is missing: an exception has an end");
  }

  /// What depends on the day.
  void prepare(const Environment& environment, const Config& config, Diagnostics& problems) {
    const auto as_of = decide_as_of(environment, config, {}, problems);
    if (!as_of) return;
    const auto zone =
        config.waiver_rules.zone.empty() ? Result<Zone>(Zone()) : Zone::find(config.waiver_rules.zone);
    if (!zone) return problems.error(zone.error());
    if (!waiver_.starts) waiver_.starts = zone->date_of(*as_of);
    if (days_) waiver_.expires = plus_days(*waiver_.starts, static_cast<int>(*days_));
    if (waiver_.expires && *waiver_.expires < *waiver_.starts)
      problems.error(ErrorCode::usage,
                     fmt::format("--expires {} is before its first day, {}", format_date(*waiver_.expires),
                                 format_date(*waiver_.starts)));
  }

  /// Whether the file says what it said, and the waiver.
  [[nodiscard]] bool is_right(const FileSystem& changed, const std::string& path, const std::string& shown,
                              const std::vector<Waiver>& present) const {
    Diagnostics ignored;
    const auto loaded = policy::load_waivers(changed, path, shown, ignored);
    return loaded && loaded->size() == present.size() + 1 && is_same_waiver(loaded->back(), waiver_) &&
           std::equal(present.begin(), present.end(), loaded->begin(), is_same_waiver);
  }

  /// Judges the changed file; what it comes to in a sentence.
  void judge(Environment& environment, const FileSystem& changed, const Config& config, Diagnostics& problems,
             std::string& done) const {
    evaluate::CheckRequest request;
    request.config = config;
    request.tool_version = version();
    request.jobs = available_cores();
    const auto refuse = [&](ErrorCode code, std::string message, std::string hint) {
      problems.error(code, std::move(message), {}, std::move(hint));
    };
    request.inspect = [&](const evaluate::Inspection& seen) {
      const WaiverResult& result = seen.run.waivers.back();
      const auto entry =
          std::find_if(seen.entries.begin(), seen.entries.end(), [&](const evaluate::Entry& each) {
            return each.as == waiver_.rule || each.rule->info().id == waiver_.rule;
          });
      if (entry == seen.entries.end())
        return refuse(
            ErrorCode::policy_unknown_rule,
            fmt::format("no policy selects the rule '{}', so there is nothing to excuse", waiver_.rule),
            "name it in a policy of the config, or give --policy");
      const SubjectKind kind = entry->rule->info().subject;
      const snapshot::DatasetSpec& spec = *snapshot::find_subject(kind);
      const evaluate::WaiverFit fit =
          evaluate::fit_of(seen.waivers.back(), kind, seen.world, seen.is_person_of);
      if (fit.subjects == 0)
        return refuse(
            ErrorCode::policy_scope,
            fmt::format("no subject of {} fits {} ({}, {} of them)", waiver_.rule,
                        make_visible(describe_subject(waiver_.subject)), spec.name,
                        seen.world.table(spec.dataset) ? seen.world.table(spec.dataset)->rows() : 0),
            fmt::format("`muster rule explain {} SUBJECT` finds one by id, e-mail address or name",
                        waiver_.rule));
      if (!evaluate::has_effect(result) && result.state != "not_started" && result.state != "unused")
        return refuse(ErrorCode::config_invalid, make_visible(evaluate::explain_waiver(result)),
                      hint_for(result.state));
      if (fit.approved_by_subject > 0)
        return refuse(ErrorCode::config_invalid,
                      fmt::format("the approver {} is the subject, and nobody approves his own exception",
                                  make_visible(waiver_.approver)),
                      "somebody else has to approve it");
      done = result.state == "not_started" ? fmt::format("It starts on {}.", result.starts)
             : result.applied == 0
                 ? fmt::format("It fits {} of {}, and nothing of it fails now.",
                               plural(fit.subjects, "subject", "subjects"), waiver_.rule)
                 : fmt::format("It excuses {} of {}", plural(result.applied, "failure", "failures"),
                               waiver_.rule) +
                       (result.days_left ? fmt::format(", to the end of {}, {}.", result.expires,
                                                       evaluate::when_over(result))
                                         : ".");
    };
    (void)evaluate::check(changed, environment.clock, request, problems);
  }

  /// What is wrong with the waiver stands nowhere: it is not in the file.
  static Diagnostics without_places(const Diagnostics& problems, const std::string& shown,
                                    const std::string& before) {
    const auto lines = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
    Diagnostics out;
    for (Error error : problems.errors()) {
      if (error.place.file == shown && error.place.line > lines) error.place = {};
      out.error(std::move(error));
    }
    for (const Error& warning : problems.warnings())
      out.warning(warning.code, warning.message, warning.place, warning.hint);
    return out;
  }

  static std::string hint_for(const std::string& state) {
    if (state == "too_long")
      return "choose an earlier day; `waiver_rules: {max_length: …}` of the config sets the limit";
    if (state == "too_broad")
      return "name fewer subjects; `waiver_rules: {max_share: …}` of the config sets the limit";
    return state == "expired" ? "choose a later day" : "";
  }

  Inputs inputs_;
  Waiver waiver_;
  bool is_expiry_given_ = false;
  std::optional<unsigned> days_;
};

}  // namespace

std::unique_ptr<Command> waiver_add_command() { return std::make_unique<WaiverAdd>(); }

}  // namespace muster::cli
