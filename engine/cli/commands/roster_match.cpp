#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/layout.h"
#include "cli/people.h"
#include "roster/overview.h"

namespace muster::cli {
namespace {

class Pages {
 public:
  Pages(const roster::Roster& roster, const MatchedAccounts& matched)
      : roster_(roster), matched_(matched), overview_(roster::make_overview(roster, matched.matches)) {}

  [[nodiscard]] std::string text(Instant as_of) const {
    std::string out = fmt::format("As of {}\n{}\n", format_rfc3339(as_of), describe_sources(roster_));
    out += summary();
    if (!matched_.notes.empty()) out += "\nNOTES\n";
    for (const std::string& note : matched_.notes) out += "  " + make_visible(note) + "\n";
    out += accounts("AMBIGUOUS: several active persons fit", overview_.ambiguous_accounts);
    out += accounts("NOBODY: no person fits", overview_.unmatched_accounts);
    out += accounts("NOT ACTIVE: the person has left, has not started, or is contradictory",
                    overview_.inactive_matched);
    out += persons("NO ACCOUNT: active persons that no account was matched to",
                   overview_.persons_without_account);
    std::vector<std::uint32_t> all(matched_.matches.of.size());
    for (std::uint32_t row = 0; row < all.size(); ++row) all[row] = row;
    return out + accounts("ALL ACCOUNTS", all);
  }

  [[nodiscard]] std::string json(Instant as_of) const {
    std::string out;
    json::Writer w(out, 2, 2);
    w.begin_object().key("as_of").value(format_rfc3339(as_of));
    w.key("summary")
        .begin_object()
        .key("persons")
        .value(overview_.persons)
        .key("accounts")
        .value(overview_.accounts);
    for (std::size_t i = 0; i < overview_.by_outcome.size(); ++i)
      w.key(roster::word_of(static_cast<roster::MatchState>(i))).value(overview_.by_outcome[i]);
    w.key("by_strategy").begin_object();
    for (std::size_t i = 1; i < overview_.by_strategy.size(); ++i)
      w.key(roster::word_of(static_cast<roster::Strategy>(i))).value(overview_.by_strategy[i]);
    w.end_object();
    w.key("matched_not_active").value(std::uint64_t{overview_.inactive_matched.size()});
    w.key("persons_with_several_accounts").value(std::uint64_t{overview_.shared_persons.size()});
    w.key("active_persons_without_account").value(std::uint64_t{overview_.persons_without_account.size()});
    w.end_object();
    w.key("notes").begin_array();
    for (const std::string& note : matched_.notes) w.value(note);
    w.end_array();
    w.key("accounts").begin_array();
    for (std::uint32_t row = 0; row < matched_.matches.of.size(); ++row) {
      const roster::AccountLine line = describe(row);
      w.begin_object()
          .key("account")
          .value(line.account)
          .key("email")
          .value(line.email)
          .key("outcome")
          .value(line.outcome);
      w.key("person_id")
          .value(line.person_id)
          .key("person")
          .value(line.person)
          .key("state")
          .value(line.state);
      w.key("strategy").value(line.strategy).key("reason").value(line.reason).end_object();
    }
    w.end_array();
    w.key("active_persons_without_account").begin_array();
    for (const std::uint32_t row : overview_.persons_without_account) {
      const roster::PersonLine person = roster::describe_person(roster_, row);
      w.begin_object()
          .key("person_id")
          .value(person.person_id)
          .key("name")
          .value(person.name)
          .key("email")
          .value(person.email)
          .end_object();
    }
    w.end_array().end_object();
    return out + "\n";
  }

 private:
  [[nodiscard]] roster::AccountLine describe(std::uint32_t row) const {
    return roster::describe_account(roster_, matched_.matches, matched_.accounts, row);
  }

  [[nodiscard]] std::string summary() const {
    TextTable table;
    table.column("accounts", Align::right);
    table.column(std::to_string(overview_.accounts));
    std::string how;
    for (std::size_t i = 1; i < overview_.by_strategy.size(); ++i)
      if (overview_.by_strategy[i] > 0)
        how += fmt::format("{}{} by {}", how.empty() ? "" : ", ", overview_.by_strategy[i],
                           roster::word_of(static_cast<roster::Strategy>(i)));
    const auto outcome = [&](roster::MatchState state) {
      return overview_.by_outcome[static_cast<std::size_t>(state)];
    };
    table.row({"matched",
               fmt::format("{}{}", outcome(roster::MatchState::matched), how.empty() ? "" : ": " + how)});
    table.row({"not active", fmt::format("{} of the matched", overview_.inactive_matched.size())});
    table.row({"non-human", std::to_string(outcome(roster::MatchState::nonhuman))});
    table.row({"ambiguous", std::to_string(outcome(roster::MatchState::ambiguous))});
    table.row({"nobody", std::to_string(outcome(roster::MatchState::nobody))});
    table.row({"persons", std::to_string(overview_.persons)});
    table.row({"no account", fmt::format("{} of the active", overview_.persons_without_account.size())});
    table.row({"several accounts", std::to_string(overview_.shared_persons.size())});
    return table.render();
  }

  [[nodiscard]] std::string accounts(std::string_view heading, const std::vector<std::uint32_t>& rows) const {
    if (rows.empty()) return {};
    TextTable table;
    for (const char* name : {"account", "e-mail", "outcome", "person", "state", "why"}) table.column(name);
    for (const std::uint32_t row : rows) {
      const roster::AccountLine line = describe(row);
      // A person without a name is labelled with the id.
      const bool has_name = !line.person.empty() && line.person != line.person_id;
      const std::string person =
          has_name ? fmt::format("{} ({})", line.person, line.person_id) : line.person_id;
      table.row({cell(line.account), cell(line.email, 50), cell(line.outcome), cell(person),
                 cell(line.state, 60), cell(line.reason, 200)});
    }
    return fmt::format("\n{}\n", heading) + table.render(2);
  }

  [[nodiscard]] std::string persons(std::string_view heading, const std::vector<std::uint32_t>& rows) const {
    if (rows.empty()) return {};
    TextTable table;
    for (const char* name : {"person", "name", "e-mail", "kind", "department"}) table.column(name);
    for (const std::uint32_t row : rows) {
      const roster::PersonLine person = roster::describe_person(roster_, row);
      table.row({cell(person.person_id), cell(person.name, 40), cell(person.email, 50), cell(person.kind),
                 cell(person.department, 40)});
    }
    return fmt::format("\n{}\n", heading) + table.render(2);
  }

  const roster::Roster& roster_;
  const MatchedAccounts& matched_;
  roster::Overview overview_;
};

class RosterMatch final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "roster match",
        .summary = "Show which account belongs to which person, and why",
        .description =
            "Matches the accounts of the snapshot to the persons of the roster as `muster check` does, and "
            "prints a summary, what does not fit on both sides, and every "
            "account with its person, the strategy that found the person, and why. The first thing to run on "
            "new data: what is wrong here is wrong in every rule.",
        .examples = {{"muster roster match", "What muster.yaml names."},
                     {"muster roster match --snapshot snapshots/latest --roster hr.csv", "Without a config."},
                     {"muster roster match --json > match.json", "The same for a program."}},
        .exits = {{ExitCode::ok, "Shown, whatever it shows."},
                  {ExitCode::wrong_input, "The config, the roster or a register is wrong."},
                  {ExitCode::integrity, "The snapshot is not what its manifest says."}}};
  }

  void declare(Arguments& arguments) override { call_.declare(arguments); }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    const auto people = call_.load(environment, {.snapshot = true}, problems);
    MatchedAccounts matched;
    if (!people || !match_people(environment, people->config, people->roster, matched, problems))
      return report(environment, problems);
    const Pages pages(people->roster, matched);
    environment.console.out.write(call_.wants_json() ? pages.json(people->as_of) : pages.text(people->as_of));
    return report(environment, problems);
  }

 private:
  RosterCall call_;
};

}  // namespace

std::unique_ptr<Command> roster_match_command() { return std::make_unique<RosterMatch>(); }

}  // namespace muster::cli
