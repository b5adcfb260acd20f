#include <fmt/format.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/layout.h"
#include "cli/people.h"
#include "roster/overview.h"

namespace muster::cli {
namespace {

class RosterShow final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "roster show",
        .summary = "Show the persons of the roster as muster understands them",
        .description =
            "Every person with what the roster says as of an instant: active, left on a day, not yet "
            "started. Look here first when a match surprises.",
        .examples = {{"muster roster show", "The roster of muster.yaml as of its snapshot."},
                     {"muster roster show --roster hr.csv --as-of now", "Any file, as of this moment."},
                     {"muster roster show --json", "The same for a program."}},
        .exits = {{ExitCode::ok, "Shown."}, {ExitCode::wrong_input, "The config or the roster is wrong."}}};
  }

  void declare(Arguments& arguments) override { call_.declare(arguments); }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    const auto people = call_.load(environment, {}, problems);
    if (!people) return report(environment, problems);
    const roster::Roster& roster = people->roster;
    const bool wants_json = call_.wants_json();

    Console& console = environment.console;
    std::string out;
    json::Writer writer(out, 2, 2);
    TextTable table;
    for (const char* heading : {"person", "name", "e-mail", "kind", "department", "state"})
      table.column(heading);
    if (wants_json) {
      writer.begin_object().key("as_of").value(format_rfc3339(people->as_of)).key("persons").begin_array();
    } else {
      console.out.write(
          fmt::format("As of {}\n{}\n", format_rfc3339(people->as_of), describe_sources(roster)));
    }
    for (std::uint32_t row = 0; row < roster.states.size(); ++row) {
      const roster::PersonLine person = roster::describe_person(roster, row);
      if (!wants_json) {
        table.row({cell(person.person_id), cell(person.name, 40), cell(person.email, 50),
                   cell(person.kind, 20), cell(person.department, 30), cell(person.state, 80)});
        continue;
      }
      writer.begin_object();
      writer.key("person_id")
          .value(person.person_id)
          .key("name")
          .value(person.name)
          .key("email")
          .value(person.email)
          .key("kind")
          .value(person.kind);
      writer.key("department")
          .value(person.department)
          .key("state")
          .value(roster::word_of(roster.states[row]))
          .key("state_text")
          .value(person.state);
      writer.end_object();
    }
    if (wants_json) {
      writer.end_array().end_object();
      console.out.write(out + "\n");
    } else {
      console.out.write(table.render());
    }
    return report(environment, problems);
  }

 private:
  RosterCall call_;
};

}  // namespace

std::unique_ptr<Command> roster_show_command() { return std::make_unique<RosterShow>(); }

}  // namespace muster::cli
