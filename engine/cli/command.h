// Command: one thing that the program does, in one file commands/<name>.cpp that defines
// `std::unique_ptr<Command> <name>_command()`; CMake makes the table from those files. A command says what it
// is (info), what its command line holds (declare), and does it (run). Parsing, help, unknown names and
// exceptions are not its business.
//
//   class RuleList final : public Command {
//     CommandInfo info() const override { return {.name = "rule list", .summary = "List the rules", …}; }
//     void declare(Arguments& arguments) override { arguments.flag("--json", json_, "Write JSON."); }
//     ExitCode run(Environment& environment) override { … }
//   };
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_codes.h"
#include "base/result.h"
#include "base/time.h"
#include "cli/environment.h"

namespace muster::cli {

struct Example {
  std::string_view command;
  std::string_view what;
};

struct ExitMeaning {
  ExitCode code;
  std::string_view when;
};

struct CommandInfo {
  std::string_view name;     // "rule list"
  std::string_view summary;  // a line for the list of commands
  std::string_view description;
  std::vector<Example> examples;
  std::vector<ExitMeaning> exits;
  bool is_hidden = false;
};

/// One option, flag or positional of a command line. `take` gets each text that was given and says what is
/// wrong with it; a flag gets "".
struct Argument {
  enum class Kind : std::uint8_t {
    flag,
    option,      // at most once
    repeatable,  // any number of times, one text each
    list,        // any number of times, any number of texts each
    positional,
    positionals,  // the rest
  };
  Kind kind = Kind::flag;
  std::string names;  // "-c,--config"; of a positional its word: "DIR"
  std::string value;  // "FILE"; empty for flags and positionals
  std::string doc;
  bool is_required = false;  // of positionals
  std::function<Status(const std::string&)> take;

  [[nodiscard]] bool is_positional() const { return kind == Kind::positional || kind == Kind::positionals; }
  [[nodiscard]] bool repeats() const {
    return kind != Kind::flag && kind != Kind::option && kind != Kind::positional;
  }
  /// "--config": the long name, or the positional's word.
  [[nodiscard]] std::string_view main_name() const;
};

using Take = std::function<Status(const std::string&)>;

/// What a command line may hold. The targets outlive the parsing.
class Arguments {
 public:
  void flag(std::string names, bool& target, std::string doc);
  void option(std::string names, std::string value, Take take, std::string doc);
  void repeatable(std::string names, std::string value, Take take, std::string doc);
  void list(std::string names, std::string value, Take take, std::string doc);
  void required(std::string word, Take take, std::string doc);       // a positional
  void optional(std::string word, Take take, std::string doc);       // a positional
  void rest(std::string word, Take take, std::string doc);           // any number of positionals
  void required_rest(std::string word, Take take, std::string doc);  // at least one

  void add(Argument argument) { all_.push_back(std::move(argument)); }

  [[nodiscard]] const std::vector<Argument>& all() const { return all_; }

 private:
  std::vector<Argument> all_;
};

// What a Take does with a text.
[[nodiscard]] Take text(std::string& target);  // not empty
[[nodiscard]] Take text(std::optional<std::string>& target);
[[nodiscard]] Take texts(std::vector<std::string>& target);
[[nodiscard]] Take whole_number(unsigned& target, unsigned minimum, unsigned maximum);
/// An RFC 3339 time, a date (its start in UTC), or the word `now`, for which the clock is read later: nullopt
/// then, and `is_now` is set.
struct TimeWish {
  std::optional<Instant> at;
  bool is_now = false;
  [[nodiscard]] bool is_given() const { return at.has_value() || is_now; }
  /// The moment is taken in whole seconds.
  [[nodiscard]] std::optional<Instant> resolve(const Clock& clock) const;
};
[[nodiscard]] Take time(TimeWish& target);
/// One of `words`, handed over by its index.
[[nodiscard]] Take word(std::vector<std::string_view> words, std::function<void(std::size_t)> set);

class Command {
 public:
  virtual ~Command() = default;
  [[nodiscard]] virtual CommandInfo info() const = 0;
  virtual void declare(Arguments& arguments) = 0;
  [[nodiscard]] virtual ExitCode run(Environment& environment) = 0;
};

/// All commands in the order of their names. Cheap: nothing is loaded before run().
[[nodiscard]] std::vector<std::unique_ptr<Command>> all_commands();

}  // namespace muster::cli
