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

  void declare(Arguments& arguments) override {
    inputs_.declare_config(arguments);
    inputs_.declare_roster(arguments);
    inputs_.declare_snapshot(arguments);
    arguments.option("--as-of", "TIME", time(as_of_),
                     "The instant; the snapshot's when absent. A time, a date, or now.");
    arguments.flag("--json", json_, "Write JSON.");
  }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    const auto config = inputs_.load(environment, {.roster = true}, problems);
    const auto as_of = config ? decide_as_of(environment, *config, as_of_, problems) : std::nullopt;
    const auto people = as_of ? load_people(environment, *config, *as_of, problems) : std::nullopt;
    if (!people) return report(environment, problems);

    Console& console = environment.console;
    std::string out;
    json::Writer writer(out, 2, 2);
    TextTable table;
    for (const char* heading : {"person", "name", "e-mail", "kind", "department", "state"})
      table.column(heading);
    if (json_) {
      writer.begin_object().key("as_of").value(format_rfc3339(*as_of)).key("persons").begin_array();
    } else {
      console.out.write(fmt::format("As of {}\n{}\n", format_rfc3339(*as_of), describe_sources(*people)));
    }
    for (std::uint32_t row = 0; row < people->states.size(); ++row) {
      const roster::PersonLine person = roster::describe_person(*people, row);
      if (!json_) {
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
          .value(roster::word_of(people->states[row]))
          .key("state_text")
          .value(person.state);
      writer.end_object();
    }
    if (json_) {
      writer.end_array().end_object();
      console.out.write(out + "\n");
    } else {
      console.out.write(table.render());
    }
    return report(environment, problems);
  }

 private:
  Inputs inputs_;
  TimeWish as_of_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> roster_show_command() { return std::make_unique<RosterShow>(); }

}  // namespace muster::cli
