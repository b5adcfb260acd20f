// A small world to run one rule in: users, keys, workspaces and memberships, made by hand, with every kind of cell that a rule can meet.
#pragma once

#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "rule/evaluator.h"
#include "rule/rule.h"
#include "snapshot/world.h"

namespace muster::rule {

struct Judged {
  Verdict verdict = Verdict::pass;
  std::string reason;
  std::string observed;
  std::optional<double> measure;  // of a finding
};

class Lab {
 public:
  Lab();
  snapshot::World world;
  Limits limits;

  /// A record: field → text; "null", "absent" and "invalid" are cells, "a,b" is a list of two.
  using Record = std::vector<std::pair<std::string, std::string>>;
  /// Records in place of those that the lab has. After the last one, `join()`.
  void put(snapshot::Dataset dataset, const std::vector<Record>& records);
  void join();

  /// `check` is the body of check(key, org, params); `head` stands before the rule's table; `more` are further members of the table.
  static std::string text(const std::string& check, const std::string& head = "", const std::string& more = "",
                          const std::string& reads = R"("api_keys", "users.email", "users.role", "workspaces.name", "workspace_members")");
  /// Loads the rule; nullptr with `problems` filled otherwise.
  std::shared_ptr<const Rule> load(const std::string& rule_text);
  /// Runs it over all keys, in blocks of the given size.
  std::vector<Judged> run(const std::string& rule_text, std::size_t block = 100);
  /// Runs it over the keys of these rows, in this order, with one evaluator.
  std::vector<Judged> run_over(const std::string& rule_text, const std::vector<std::uint32_t>& rows, std::size_t block = 100);
  /// The verdict of the first key.
  Judged first(const std::string& check) { return run(text(check)).front(); }

  std::vector<Counts> measured;  // of the last run, by bin
  std::vector<Due> due;          // of the last run
  Diagnostics problems;
  std::string over_budget;
  bool by_wall_time = false;
  std::map<std::string, std::string> library;
};

}  // namespace muster::rule
