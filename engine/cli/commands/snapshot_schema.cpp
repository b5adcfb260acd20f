#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "snapshot/snapshot.h"

namespace muster::cli {
namespace {

class SnapshotSchema final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "snapshot schema",
            .summary = "Print the datasets and their fields, or the JSON Schema of one dataset",
            .description = {},
            .examples = {{"muster snapshot schema", "All datasets with all fields, as Markdown."},
                         {"muster snapshot schema api_keys > api_keys.schema.json",
                          "The JSON Schema of a line of one dataset."}},
            .exits = {{ExitCode::ok, "Printed."}, {ExitCode::wrong_input, "There is no such dataset."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.optional("DATASET", text(dataset_), "The dataset's name, as api_keys; all when absent.");
  }

  ExitCode run(Environment& environment) override {
    Console& console = environment.console;
    if (!dataset_) {
      console.out.write(snapshot::dataset_reference());
      return ExitCode::ok;
    }
    std::vector<std::string_view> names;
    for (const auto& spec : snapshot::schema().first(snapshot::kCollectedCount)) {
      names.push_back(spec.name);
      if (spec.name != *dataset_) continue;
      console.out.write(snapshot::dataset_json_schema(spec));
      return ExitCode::ok;
    }
    const auto near = nearest_name(*dataset_, names);
    return report(environment,
                  Error{ErrorCode::usage,
                        fmt::format("a snapshot has no dataset {}", *dataset_),
                        {},
                        near ? fmt::format("did you mean {}?", *near) : "muster snapshot show lists them"});
  }

 private:
  std::optional<std::string> dataset_;
};

}  // namespace

std::unique_ptr<Command> snapshot_schema_command() { return std::make_unique<SnapshotSchema>(); }

}  // namespace muster::cli
