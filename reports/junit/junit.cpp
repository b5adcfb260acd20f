#include "reports/junit/junit.h"

#include <algorithm>
#include <memory>
#include <unordered_set>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "reports/junit/cases.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

using junit::Case;
using junit::CaseMaker;
using junit::Outcome;
using junit::Suite;

constexpr std::size_t kAttributeBytes = 1000;
constexpr std::size_t kShardBytes = 20u << 20;  // CI systems refuse 30 MB

/// XML rule 1.0: every other character was made visible before, so what pugixml is given is always legal.
std::string attribute_text(std::string_view text) {
  return visible_line(text, kAttributeBytes);
}

std::string timestamp_of(Instant instant) {
  return format_rfc3339({instant.us / kMicrosPerSecond * kMicrosPerSecond}).substr(0, 19);
}

std::string seconds(std::int64_t us) {
  return fmt::format("{}.{:03}", us / 1'000'000, us / 1000 % 1000);
}

std::int64_t time_of(const ReportOptions& options, std::size_t rule) {
  if (!options.with_timings || options.times == nullptr || rule >= options.times->rule_us.size()) return 0;
  return std::max<std::int64_t>(0, options.times->rule_us[rule]);
}

Instant started_at(const Run& run, const ReportOptions& options) {
  return options.with_timings && options.times != nullptr ? options.times->checked_at : run.as_of;
}

/// One file: the document, and the suite that cases are being added to.
class JunitFile {
 public:
  JunitFile(const Run& run, const ReportOptions& options, JunitProfile profile)
      : run_(run), options_(options), profile_(profile) {
    pugi::xml_node declaration = document_.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    root_ = document_.append_child("testsuites");
    if (!is_strict()) {
      set(root_, "name", run_.what_if ? "muster what-if as of " + format_rfc3339(run_.as_of) : "muster");
      for (const char* name : {"tests", "failures", "errors", "skipped", "time"})
        root_.append_attribute(name);
      set(root_, "timestamp", timestamp_of(started_at(run_, options_)));
    }
  }

  void begin_suite(const Suite& suite, std::size_t id) {
    suite_ = root_.append_child("testsuite");
    suite_counts_ = {};
    if (is_strict()) set(suite_, "package", "");
    suite_.append_attribute("id") = static_cast<unsigned>(id);
    set(suite_, "name", attribute_text(suite.name));
    if (!is_strict()) set(suite_, "package", "");
    // Both schemas allow `skipped` here, and readers that count by attributes take a skipped case for a
    // passed one without it.
    for (const char* name : {"tests", "failures", "errors", "skipped", "time"}) suite_.append_attribute(name);
    set(suite_, "timestamp", timestamp_of(started_at(run_, options_)));
    set(suite_, "hostname", "localhost");
    if (!is_strict() && suite.policy != nullptr && !suite.policy->file.empty())
      set(suite_, "file", attribute_text(suite.policy->file));
    properties_ = suite_.append_child("properties");
    add_suite_properties(suite);
  }

  void add(const Case& made) {
    pugi::xml_node node = suite_.append_child("testcase");
    std::string name = made.name;
    for (int n = 2; !names_.insert(name).second; ++n) name = fmt::format("{} #{}", made.name, n);
    set(node, "name", name);
    set(node, "classname", attribute_text(made.rule->policy));
    if (!is_strict() && !made.rule->file.empty()) {
      set(node, "file", attribute_text(made.rule->file));
      if (made.rule->line > 0) node.append_attribute("line") = made.rule->line;
    }
    const std::int64_t us = made.describes_rule ? time_of(options_, made.rule_index) : 0;
    set(node, "time", seconds(us));
    if (!is_strict())
      node.append_attribute("assertions") =
          static_cast<unsigned long long>(made.describes_rule ? made.rule->population : 1);
    if (!is_strict()) add_case_properties(node, made);
    switch (made.outcome) {
      case Outcome::passed:
        break;
      case Outcome::failure:
        add_outcome(node, "failure", made);
        break;
      case Outcome::error:
        add_outcome(node, "error", made);
        break;
      case Outcome::skipped:
        add_outcome(node, "skipped", made);
        break;
    }
    if (!is_strict() && !made.attachment.empty()) {
      node.append_child("system-out")
          .text()
          .set(fmt::format("\n[[ATTACHMENT|{}]]\n", made.attachment).c_str());
    }
    suite_counts_.add(made.outcome, us);
  }

  void end_suite() {
    suite_counts_.write(suite_);
    if (is_strict()) {
      suite_.append_child("system-out");
      suite_.append_child("system-err");
    }
    total_.add(suite_counts_);
  }

  void print(Output& out) {
    if (!is_strict()) total_.write(root_);
    struct Writer final : pugi::xml_writer {
      explicit Writer(Output& o) : out(o) {}
      void write(const void* data, std::size_t size) override {
        out.write({static_cast<const char*>(data), size});
      }
      Output& out;
    } writer(out);
    document_.save(writer, " ", pugi::format_indent, pugi::encoding_utf8);
  }

 private:
  struct Totals {
    std::uint64_t tests = 0, failures = 0, errors = 0, skipped = 0;
    std::int64_t us = 0;
    void add(Outcome outcome, std::int64_t took) {
      ++tests;
      us += took;
      switch (outcome) {
        case Outcome::passed:
          break;
        case Outcome::failure:
          ++failures;
          break;
        case Outcome::error:
          ++errors;
          break;
        case Outcome::skipped:
          ++skipped;
          break;
      }
    }
    void add(const Totals& other) {
      tests += other.tests;
      failures += other.failures;
      errors += other.errors;
      skipped += other.skipped;
      us += other.us;
    }
    /// Into the attributes that the node has.
    void write(pugi::xml_node node) const {
      for (auto [name, value] : {std::pair("tests", tests), std::pair("failures", failures),
                                 std::pair("errors", errors), std::pair("skipped", skipped)}) {
        if (pugi::xml_attribute attribute = node.attribute(name))
          attribute = static_cast<unsigned long long>(value);
      }
      if (pugi::xml_attribute attribute = node.attribute("time")) attribute = seconds(us).c_str();
    }
  };

  [[nodiscard]] bool is_strict() const { return profile_ == JunitProfile::strict; }

  static void set(pugi::xml_node node, const char* name, const std::string& value) {
    node.append_attribute(name) = value.c_str();
  }

  static void add_property(pugi::xml_node properties, const std::string& name, const std::string& value) {
    pugi::xml_node property = properties.append_child("property");
    set(property, "name", name);
    set(property, "value", value);
  }

  void add_suite_properties(const Suite& suite) {
    add_property(properties_, "muster.version", "v" + attribute_text(run_.tool_version));
    add_property(properties_, "muster.outcome", run_.outcome());
    add_property(properties_, "run.id", "sha256:" + attribute_text(run_.id));
    add_property(properties_, "run.as_of", format_rfc3339(run_.as_of));
    if (options_.with_timings && options_.times != nullptr)
      add_property(properties_, "run.started_at", format_rfc3339(options_.times->checked_at));
    if (run_.what_if) add_property(properties_, "run.what_if", "true");
    if (run_.nondeterministic) add_property(properties_, "run.nondeterministic", "true");
    add_property(properties_, "run.fail_on",
                 has_gate_by_policy(run_) ? "by policy" : std::string(word_of(run_.fail_on)));
    if (run_.baseline) {
      add_property(properties_, "baseline.sha256", "sha256:" + attribute_text(run_.baseline->sha256));
      add_property(properties_, "baseline", baseline_line(run_));
    }
    add_property(properties_, "snapshot.completed", format_rfc3339(run_.snapshot_completed));
    if (!run_.organization.empty())
      add_property(properties_, "organization", attribute_text(run_.organization));
    if (suite.policy == nullptr) return;
    if (!suite.policy->title.empty())
      add_property(properties_, "policy.title", attribute_text(suite.policy->title));
    if (suite.policy->fail_on)
      add_property(properties_, "policy.fail_on", std::string(word_of(*suite.policy->fail_on)));
    // Readers turn "2026.10" into the number 2026.1.
    if (!suite.policy->version.empty())
      add_property(properties_, "policy.version", "v" + attribute_text(suite.policy->version));
    if (!suite.policy->sha256.empty())
      add_property(properties_, "policy.sha256", "sha256:" + attribute_text(suite.policy->sha256));
  }

  void add_case_properties(pugi::xml_node node, const Case& made) const {
    const RuleResult& rule = *made.rule;
    pugi::xml_node properties = node.append_child("properties");
    add_property(properties, "severity", std::string(word_of(rule.severity)));
    if (rule.as != rule.rule) add_property(properties, "rule", attribute_text(rule.rule));
    for (const ControlId& control : rule.controls)
      add_property(properties, "control", attribute_text(control.text()));
    if (!made.is_gated) add_property(properties, "gated", "false");
    if (rule.reports_unknown) add_property(properties, "on_unknown", "report");
    if (!made.describes_rule) return;
    add_property(properties, "population", std::to_string(rule.population));
    add_property(properties, "violations", std::to_string(rule.counts[Verdict::fail]));
    add_property(properties, "exceptions", std::to_string(rule.counts[Verdict::waived]));
    add_property(properties, "not_applicable", std::to_string(rule.counts[Verdict::not_applicable]));
    add_property(properties, "undecided",
                 std::to_string(rule.counts[Verdict::unknown] + rule.counts[Verdict::error]));
    if (run_.baseline) add_property(properties, "known", std::to_string(rule.known_failures()));
    if (!made.attachment.empty()) add_property(properties, "evidence", made.attachment);
  }

  static void add_outcome(pugi::xml_node node, const char* element, const Case& made) {
    pugi::xml_node outcome = node.append_child(element);
    set(outcome, "message", made.message);
    if (!made.type.empty()) set(outcome, "type", made.type);
    outcome.text().set(made.body.c_str());
  }

  const Run& run_;
  const ReportOptions& options_;
  JunitProfile profile_;
  pugi::xml_document document_;
  pugi::xml_node root_, suite_, properties_;
  Totals suite_counts_, total_;
  std::unordered_set<std::string> names_;
};

/// Spreads the cases over files; a suite goes on in the next file under the same name and id, so that readers
/// merge the parts.
class Shards {
 public:
  Shards(const Run& run, const ReportOptions& options, JunitProfile profile, Output& out)
      : run_(run),
        options_(options),
        profile_(profile),
        per_file_(std::max<std::size_t>(1, options.junit_shard)),
        out_(out) {}

  void begin_suite(const Suite& suite, std::size_t id) {
    current_ = &suite;
    id_ = id;
    is_open_ = false;
  }
  void add(const Case& made) {
    // What a case adds to its text is names and properties.
    const std::size_t bytes = made.message.size() + made.body.size() + 1000;
    if (file_ && (in_file_ == per_file_ || bytes_ + bytes > kShardBytes)) flush(true);
    bytes_ += bytes;
    if (!file_) file_ = std::make_unique<JunitFile>(run_, options_, profile_);
    if (!is_open_) {
      file_->begin_suite(*current_, id_);
      is_open_ = true;
    }
    file_->add(made);
    ++in_file_;
  }
  void end_suite() {
    if (is_open_) file_->end_suite();
    is_open_ = false;
  }
  void finish() { flush(false); }

 private:
  void flush(bool has_more) {
    end_suite();
    if (!file_) return;
    ++files_;
    out_.begin_file(files_ > 1 || has_more ? fmt::format("-{:03}", files_) : "");
    file_->print(out_);
    file_.reset();
    in_file_ = bytes_ = 0;
  }
  const Run& run_;
  const ReportOptions& options_;
  JunitProfile profile_;
  std::size_t per_file_;
  Output& out_;
  std::unique_ptr<JunitFile> file_;
  const Suite* current_ = nullptr;
  std::size_t id_ = 0, in_file_ = 0, bytes_ = 0, files_ = 0;
  bool is_open_ = false;
};

/// A file without cases reads as "no tests" here and as a failure there, so a run without rules says so in a
/// case. Nothing was judged: that is not a pass.
void render_without_rules(const Run& run, const ReportOptions& options, JunitProfile profile, Output& out) {
  RuleResult none;
  none.policy = "muster";
  Case made;
  made.name = "muster.no_rules";
  made.rule = &none;
  made.outcome = run.exit == ExitCode::ok ? Outcome::skipped : Outcome::error;
  if (made.outcome == Outcome::error) made.type = "Undecided.unknown";
  made.message = "no rule was selected: nothing was judged";
  made.body = made.message + "\n";
  const Suite suite{nullptr, "muster", {}};
  Shards shards(run, options, profile, out);
  shards.begin_suite(suite, 0);
  shards.add(made);
  shards.end_suite();
  shards.finish();
}

}  // namespace

void render_junit(const Run& run, const ReportOptions& options, JunitProfile profile, Output& out) {
  if (run.rules.empty()) return render_without_rules(run, options, profile, out);
  const std::vector<Suite> suites = junit::suites_of(run);
  const CaseMaker maker(run, options, suites);
  const bool by_subject = options.junit_cases == JunitCases::subject;
  Shards shards(run, options, profile, out);
  for (std::size_t id = 0; id < suites.size(); ++id) {
    shards.begin_suite(suites[id], id);
    for (std::size_t index : suites[id].rules) {
      if (!by_subject) {
        shards.add(maker.of_rule(index));
        continue;
      }
      if (const std::optional<Case> entry = maker.of_entry(index)) shards.add(*entry);
      for_each_subject(run.rules[index], [&](std::uint32_t subject, Verdict verdict, std::string_view reason,
                                             const Finding* finding) {
        shards.add(maker.of_subject(index, subject, verdict, reason, finding));
      });
    }
    shards.end_suite();
  }
  shards.finish();
}

}  // namespace muster::reports
