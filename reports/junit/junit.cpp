#include "reports/junit/junit.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/text.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::size_t kListed = 50;            // subjects listed in one body, per list
constexpr std::size_t kListBytes = 26 * 1024;  // two lists and the rest stay below 64 KB
constexpr std::size_t kMessageBytes = 1000;
constexpr std::size_t kReasonBytes = 1000;
constexpr std::size_t kValueBytes = 500;
constexpr std::size_t kFixBytes = 4000;
constexpr std::size_t kAttributeBytes = 1000;
constexpr std::size_t kShardBytes = 20u << 20;  // CI systems refuse 30 MB

enum class Outcome : std::uint8_t { passed, failure, error, skipped };

/// One <testcase>, before it is XML. All text is visible, the name and the message on one line.
struct Case {
  std::string name;
  const RuleResult* rule = nullptr;
  std::size_t rule_index = 0;
  Outcome outcome = Outcome::passed;
  std::string type;
  std::string message;
  std::string body;            // begins with the message
  std::string attachment;      // path, or empty
  bool describes_rule = true;  // else one subject
};

/// The rules of one policy, in policy order.
struct Suite {
  const PolicyResult* policy = nullptr;
  std::string name;
  std::vector<std::size_t> rules;
};

std::vector<Suite> suites_of(const Run& run) {
  std::vector<Suite> suites;
  for (const PolicyResult& policy : run.policies) suites.push_back({&policy, policy.id, {}});
  for (std::size_t i = 0; i < run.rules.size(); ++i) {
    auto suite = std::find_if(suites.begin(), suites.end(),
                              [&](const Suite& s) { return s.name == run.rules[i].policy; });
    if (suite == suites.end()) suite = suites.insert(suites.end(), Suite{nullptr, run.rules[i].policy, {}});
    suite->rules.push_back(i);
  }
  std::erase_if(suites, [](const Suite& s) { return s.rules.empty(); });
  return suites;
}

/// Readers drop a second case of one name, even in another suite, so a name that another policy has taken
/// already gets its policy's name.
std::vector<std::string> case_names(const Run& run, const std::vector<Suite>& suites) {
  std::vector<std::string> names(run.rules.size());
  std::unordered_set<std::string> taken;
  for (const Suite& suite : suites) {
    for (std::size_t index : suite.rules) {
      const RuleResult& rule = run.rules[index];
      std::string name = visible_line(rule.as, kAttributeBytes);
      if (taken.contains(name)) name += fmt::format(" ({})", visible_line(rule.policy, kAttributeBytes));
      const std::string base = name;
      for (int n = 2; !taken.insert(name).second; ++n) name = fmt::format("{} #{}", base, n);
      names[index] = std::move(name);
    }
  }
  return names;
}

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

std::string failure_type(const RuleResult& rule) {
  return fmt::format("PolicyViolation.{}", word_of(rule.severity));
}

/// Appends "  observed: …" and "  expected: …" of a finding.
void append_values(std::string& body, std::string_view indent, const Finding& finding) {
  if (!finding.observed.empty())
    body += fmt::format("{}observed: {}\n", indent, readable_json(finding.observed, kValueBytes));
  if (!finding.expected.empty())
    body += fmt::format("{}expected: {}\n", indent, readable_json(finding.expected, kValueBytes));
  if (!finding.related.empty()) {
    std::string names;
    std::size_t shown = 0;
    for (const Related& related : finding.related) {
      if (names.size() > kValueBytes) break;
      names += (shown++ > 0 ? ", " : "") + subject_name(related.label, related.id);
    }
    if (shown < finding.related.size()) names += fmt::format(" and {} more", finding.related.size() - shown);
    body += fmt::format("{}related: {}\n", indent, names);
  }
}

class CaseMaker {
 public:
  CaseMaker(const Run& run, const ReportOptions& options, std::vector<std::string> names)
      : run_(run),
        names_(std::move(names)),
        populations_(population_files(run)),
        evidence_(options.evidence) {}

  [[nodiscard]] Case of_rule(std::size_t index) const {
    const RuleResult& rule = run_.rules[index];
    Case made = empty_case(index);
    const std::string evidence = evidence_path(evidence_, rule, populations_[index]);
    std::string title = visible_line(rule.title, 300);
    made.message = title.empty() ? headline(run_, rule) : title + ": " + headline(run_, rule);
    made.message = visible_line(made.message, kMessageBytes);
    switch (standing_of(rule)) {
      case Standing::passed:
        return made;
      case Standing::idle:
        made.outcome = Outcome::skipped;
        made.message = visible_line(headline(run_, rule), kMessageBytes);
        made.body = made.message + "\n";
        append_waivers(made.body, rule);
        break;
      case Standing::failed:
        made.outcome = Outcome::failure;
        made.type = failure_type(rule);
        made.body = made.message + "\n";
        append_list(made.body, rule, "", {Verdict::fail}, evidence);
        append_waivers(made.body, rule);
        append_advice(made.body, rule);
        break;
      case Standing::undecided: {
        made.outcome = Outcome::error;
        made.type = has_errors(rule) ? "RuleError.error" : "Undecided.unknown";
        made.body = made.message + "\n";
        const bool lists_failures = rule.counts[Verdict::fail] > 0;
        append_list(made.body, rule, lists_failures ? "Undecided:" : "", {Verdict::unknown, Verdict::error},
                    evidence);
        append_list(made.body, rule, "Failed:", {Verdict::fail}, evidence);
        append_waivers(made.body, rule);
        append_advice(made.body, rule);
        break;
      }
    }
    if (!evidence.empty()) made.body += "Evidence: " + evidence + "\n";
    if (made.outcome != Outcome::skipped) made.attachment = evidence;
    return made;
  }

  /// Cases that stand for the entry as a whole although cases are subjects: no subjects, or undecided as an
  /// entry.
  [[nodiscard]] std::optional<Case> of_entry(std::size_t index) const {
    const RuleResult& rule = run_.rules[index];
    if (rule.population == 0) return of_rule(index);
    if (rule.undecided.empty()) return std::nullopt;
    Case made = empty_case(index);
    made.outcome = Outcome::error;
    made.type = "Undecided.unknown";
    made.message = visible_line("undecided: " + rule.undecided, kMessageBytes);
    made.body = made.message + "\n";
    return made;
  }

  [[nodiscard]] Case of_subject(std::size_t index, std::uint32_t subject, Verdict verdict,
                                std::string_view reason, const Finding* finding) const {
    const RuleResult& rule = run_.rules[index];
    Case made = empty_case(index);
    made.describes_rule = false;
    const Subjects& subjects = run_.subjects.at(rule.subject);
    made.name = fmt::format("{} [{}:{}]", names_[index], word_of(rule.subject),
                            visible_line(subjects.id[subject], 300));
    if (verdict == Verdict::pass) return made;
    std::string text = visible_line(reason, kMessageBytes);
    switch (verdict) {
      case Verdict::pass:
        break;
      case Verdict::fail:
        made.outcome = Outcome::failure;
        made.type = failure_type(rule);
        if (text.empty()) text = "fails";
        break;
      case Verdict::waived:
        made.outcome = Outcome::skipped;
        text = "waived" +
               (finding != nullptr && finding->waiver ? " by " + waiver_name(run_.waivers[*finding->waiver])
                                                      : "") +
               (text.empty() ? "" : ": " + text);
        break;
      case Verdict::not_applicable:
        made.outcome = Outcome::skipped;
        text = "not applicable" + (text.empty() ? "" : ": " + text);
        break;
      case Verdict::unknown:
        made.outcome = Outcome::error;
        made.type = "Undecided.unknown";
        text = "unknown" + (text.empty() ? "" : ": " + text);
        break;
      case Verdict::error:
        made.outcome = Outcome::error;
        made.type = "RuleError.error";
        text = "rule error" + (text.empty() ? "" : ": " + text);
        break;
    }
    made.message = std::move(text);
    made.body = made.message + "\n";
    made.body += fmt::format("Subject: {}\n", subject_name(subjects.label[subject], subjects.id[subject]));
    if (finding != nullptr) append_values(made.body, "", *finding);
    if (made.outcome != Outcome::skipped) append_advice(made.body, rule);
    return made;
  }

 private:
  [[nodiscard]] Case empty_case(std::size_t index) const {
    Case made;
    made.name = names_[index];
    made.rule = &run_.rules[index];
    made.rule_index = index;
    return made;
  }

  void append_list(std::string& body, const RuleResult& rule, std::string_view heading,
                   std::initializer_list<Verdict> verdicts, const std::string& evidence) const {
    const auto wanted = [&](Verdict verdict) {
      return std::find(verdicts.begin(), verdicts.end(), verdict) != verdicts.end();
    };
    std::uint64_t total = 0;
    for (Verdict verdict : verdicts) total += rule.counts[verdict];
    // One reason for all is in the message already.
    if (total == 0 || (rule.whole && wanted(rule.whole->verdict))) return;
    if (!heading.empty()) body += fmt::format("{}\n", heading);
    const std::size_t begin = body.size();
    std::size_t listed = 0;
    for (const Finding& finding : rule.findings) {
      if (!wanted(finding.verdict)) continue;
      if (listed == kListed || body.size() - begin > kListBytes - 4 * kReasonBytes) break;
      ++listed;
      const std::string reason = visible_line(finding.reason, kReasonBytes);
      const std::string_view mark = finding.verdict == Verdict::error ? "rule error: " : "";
      body += fmt::format("{}. {}: {}{}\n", listed, subject_name(run_, rule.subject, finding.subject), mark,
                          reason);
      append_values(body, "   ", finding);
    }
    if (listed < total)
      body += fmt::format("and {} more{}\n", total - listed, evidence.empty() ? "" : ", see " + evidence);
  }

  void append_waivers(std::string& body, const RuleResult& rule) const {
    std::size_t shown = 0;
    const std::vector<std::uint32_t> waivers = waivers_of(rule);
    for (std::uint32_t index : waivers) {
      if (shown++ == 10) break;
      const WaiverResult& waiver = run_.waivers[index];
      body += fmt::format("Waived by {}: {}", waiver_name(waiver), visible_line(waiver.reason, 300));
      if (!waiver.approver.empty()) body += ", approved by " + visible_line(waiver.approver, 200);
      if (!waiver.ticket.empty()) body += ", " + visible_line(waiver.ticket, 200);
      body += "\n";
    }
    if (waivers.size() > 10) body += fmt::format("and {} more waivers\n", waivers.size() - 10);
  }

  static void append_advice(std::string& body, const RuleResult& rule) {
    body += fmt::format("Severity: {}\n", word_of(rule.severity));
    if (!rule.controls.empty()) {
      std::string controls;
      for (const ControlId& control : rule.controls)
        controls += (controls.empty() ? "" : ", ") + control.text();
      body += fmt::format("Controls: {}\n", visible_line(controls, kValueBytes));
    }
    if (!rule.fix.empty()) {
      const std::string_view fix = utf8_prefix(trim(rule.fix), kFixBytes);
      body += fmt::format("Fix: {}\n", make_visible(fix, true));
    }
  }

  const Run& run_;
  std::vector<std::string> names_;
  std::vector<std::string> populations_;
  std::string evidence_;
};

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
    add_property(properties_, "run.fail_on", std::string(word_of(run_.fail_on)));
    add_property(properties_, "snapshot.completed", format_rfc3339(run_.snapshot_completed));
    if (!run_.organization.empty())
      add_property(properties_, "organization", attribute_text(run_.organization));
    if (suite.policy == nullptr) return;
    if (!suite.policy->title.empty())
      add_property(properties_, "policy.title", attribute_text(suite.policy->title));
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
    if (!rule.gated) add_property(properties, "gated", "false");
    if (rule.reports_unknown) add_property(properties, "on_unknown", "report");
    if (!made.describes_rule) return;
    add_property(properties, "population", std::to_string(rule.population));
    add_property(properties, "violations", std::to_string(rule.counts[Verdict::fail]));
    add_property(properties, "exceptions", std::to_string(rule.counts[Verdict::waived]));
    add_property(properties, "not_applicable", std::to_string(rule.counts[Verdict::not_applicable]));
    add_property(properties, "undecided",
                 std::to_string(rule.counts[Verdict::unknown] + rule.counts[Verdict::error]));
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
  const std::vector<Suite> suites = suites_of(run);
  const CaseMaker maker(run, options, case_names(run, suites));
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
