// Makes an organization of any size, as a snapshot, a roster and a config, for the benchmark. The same
// arguments give the same bytes: everything about a record is a hash of its number. Rates of what is wrong
// are those of a well-kept organization: one account in a hundred is no active person's, one key in fifty
// never expires.
//
//   muster_bench_generate OUT [--users N]      default 1,000,000; all other counts follow in proportion
//     [--workspaces N/100] [--memberships 3N] [--keys N/2] [--invites N/50] [--roster 1.1N]
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "generate_parts.h"

namespace {

using namespace muster::bench;

constexpr std::string_view kOrganization = "6f0c1a57-8d1e-4c43-9b56-2f7f3a90c4de";
constexpr std::int64_t kAsOf = 1795161600;  // 2026-11-20T08:00:00Z

constexpr std::string_view kFirst[] = {
    "ada",    "aiko",    "alejandro", "amara",  "amir",  "anders", "anika",  "arjun", "astrid", "beatriz",
    "bram",   "camille", "carlos",    "chiara", "clara", "conor",  "daichi", "dalia", "darius", "deepa",
    "diego",  "ebba",    "eero",      "elif",   "emeka", "esra",   "farah",  "felix", "fiona",  "gael",
    "greta",  "hamza",   "hana",      "hugo",   "imani", "ines",   "ivan",   "jakub", "jamila", "javier",
    "jonas",  "julia",   "kaito",     "karim",  "kofi",  "lars",   "leila",  "lena",  "liam",   "lucia",
    "magnus", "malik",   "marek",     "mariam", "mateo", "mei",    "mikael", "mina",  "nadia",  "naoki"};
constexpr std::string_view kLast[] = {
    "abara",   "adeyemi",  "ahlgren",  "albrecht", "almeida", "andersson", "araujo", "aydin",
    "bakker",  "banerjee", "bauer",    "becker",   "bianchi", "boateng",   "brandt", "carvalho",
    "chandra", "chen",     "conti",    "costa",    "dahl",    "danso",     "das",    "demir",
    "desai",   "diaz",     "dubois",   "eklund",   "eriksen", "esposito",  "farouk", "ferrari",
    "fischer", "fontaine", "forsberg", "franco",   "garcia",  "gupta",     "haddad", "hansen",
    "herrera", "holm",     "ibrahim",  "ishikawa", "ivanov",  "iyer",      "jansen", "jensen",
    "joshi",   "kaplan",   "karlsson", "kato",     "keller",  "khan",      "kimura", "kowalski"};
constexpr std::string_view kDepartments[] = {"Mechanical Design",
                                             "Controls Engineering",
                                             "Structural Analysis",
                                             "Platform Engineering",
                                             "Data Science",
                                             "Field Engineering",
                                             "Quality & Safety",
                                             "Sales Engineering",
                                             "IT Operations",
                                             "Finance",
                                             "\"Legal, Risk & Compliance\"",
                                             "Procurement"};
constexpr std::string_view kSites[] = {"Boston", "Pittsburgh", "Houston", "Remote"};

struct Sizes {
  std::uint64_t users = 1'000'000, workspaces = 0, memberships = 0, keys = 0, invites = 0, roster = 0;
  std::uint64_t admins = 0, pool = 0, service_accounts = 0;
};

/// What the roster makes of a user.
enum class Kind {
  plain,
  admin,
  nonhuman,
  linked,
  nobody,
  not_started,
  left_unknown_date,
  left,
  in_grace,
  ambiguous,
  capitals,
  plus_tag,
  former,
  alias,
  rehire_same,
  rehire_new,
  contractor,
  leaves_later,
};

Kind kind_of(const Sizes& sizes, std::uint64_t user) {
  if (user < sizes.admins) return Kind::admin;
  struct Share {
    Kind kind;
    std::uint64_t of_100000;
  };
  constexpr Share kShares[] = {{Kind::nonhuman, 20},          {Kind::linked, 20},
                               {Kind::nobody, 500},           {Kind::not_started, 100},
                               {Kind::left_unknown_date, 20}, {Kind::left, 500},
                               {Kind::in_grace, 20},          {Kind::ambiguous, 10},
                               {Kind::capitals, 1000},        {Kind::plus_tag, 2000},
                               {Kind::former, 1000},          {Kind::alias, 1000},
                               {Kind::rehire_same, 1000},     {Kind::rehire_new, 1000},
                               {Kind::contractor, 500},       {Kind::leaves_later, 100}};
  std::uint64_t at = mix(1, user) % 100000;
  for (const Share& share : kShares) {
    if (at < share.of_100000) return share.kind;
    at -= share.of_100000;
  }
  return Kind::plain;
}

void local_part(Text& out, std::uint64_t user) {
  const std::uint64_t names = std::size(kFirst) * std::size(kLast);
  const std::uint64_t name = user % names;
  out << kFirst[name % std::size(kFirst)] << "." << kLast[name / std::size(kFirst)];
  if (user >= names) out << user / names;
}

void display_name(Text& out, std::uint64_t user) {
  const std::uint64_t name = user % (std::size(kFirst) * std::size(kLast));
  out.capital(kFirst[name % std::size(kFirst)]);
  out << " ";
  out.capital(kLast[name / std::size(kFirst)]);
}

void account_email(Text& out, std::uint64_t user, Kind kind) {
  const std::size_t at = out.text().size();
  switch (kind) {
    case Kind::nonhuman: out << "svc-" << user << "@northwind.example"; return;
    case Kind::linked:
      local_part(out, user);
      out << "@mailbox.example";
      return;
    case Kind::nobody:
      local_part(out, user);
      out << "@helioform.example";
      return;
    case Kind::capitals:
      local_part(out, user);
      out << "@Northwind.example";
      out.text()[at] = static_cast<char>(out.text()[at] - 'a' + 'A');
      return;
    case Kind::plus_tag:
      local_part(out, user);
      out << "+claude@northwind.example";
      return;
    case Kind::former:
      local_part(out, user);
      out << ".former@northwind.example";
      return;
    case Kind::alias:
      local_part(out, user);
      out << "@nw.example";
      return;
    case Kind::plain:
    case Kind::admin:
    case Kind::not_started:
    case Kind::left_unknown_date:
    case Kind::left:
    case Kind::in_grace:
    case Kind::ambiguous:
    case Kind::rehire_same:
    case Kind::rehire_new:
    case Kind::contractor:
    case Kind::leaves_later:
      local_part(out, user);
      out << "@northwind.example";
      return;
  }
}

/// As the collector writes it: provider and organization stand in the manifest, parents in the object.
void from(Text& out, std::uint64_t request) {
  out << R"({"from":{"request":)" << request << R"(},"object":)";
}

void write_users(const Sizes& sizes, Output& out) {
  const std::int64_t start = kAsOf - 900 * kDay;
  for (std::uint64_t user = 0; user < sizes.users; ++user) {
    Text& line = out.line();
    from(line, 2 + user / 1000);
    line << R"({"type":"user","id":")";
    line.id("user", 1, user);
    line << R"(","email":")";
    account_email(line, user, kind_of(sizes, user));
    line << R"(","name":")";
    display_name(line, user);
    line << R"(","role":")";
    const std::uint64_t role = mix(2, user) % 1000;
    line << (user == 0             ? "primary_owner"
             : user < sizes.admins ? "admin"
             : role < 3            ? "billing"
             : role < 420          ? "developer"
             : role < 720          ? "claude_code_user"
                                   : "user");
    line << R"(","added_at":")";
    line.time(start + static_cast<std::int64_t>((sizes.users - user) * 895 / sizes.users) * kDay +
                  static_cast<std::int64_t>(mix(3, user) % 80000),
              mix(4, user) % 1000000);
    line << R"("}})";
    out.end_line();
  }
  out.pages = sizes.users / 1000 + 1;
}

bool is_archived(std::uint64_t workspace) { return mix(10, workspace) % 100 < 8; }
bool is_empty(std::uint64_t workspace) { return mix(11, workspace) % 100 < 1; }

void write_workspaces(const Sizes& sizes, Output& out) {
  constexpr std::string_view kNames[] = {"assist",      "document-intake", "quote-engine",  "simulation",
                                         "cad-copilot", "field-reports",   "tender-review", "safety-case"};
  constexpr std::string_view kStages[] = {"prod", "staging", "research"};
  for (std::uint64_t w = 0; w < sizes.workspaces; ++w) {
    Text& line = out.line();
    from(line, 1200 + w / 1000);
    line << R"({"type":"workspace","id":")";
    line.id("wrkspc", 2, w);
    const std::string_view stage = kStages[mix(12, w) % std::size(kStages)];
    line << R"(","name":")" << stage << "-" << kNames[mix(13, w) % std::size(kNames)] << "-" << w
         << R"(","created_at":")";
    line.time(kAsOf - 800 * kDay + static_cast<std::int64_t>(mix(14, w) % (600 * kDay)));
    line << R"(","archived_at":)";
    if (is_archived(w)) {
      line << "\"";
      line.time(kAsOf - static_cast<std::int64_t>(mix(15, w) % (190 * kDay)));
      line << "\"";
    } else {
      line << "null";
    }
    line
        << R"(,"display_color":"#2F7A4D","data_residency":{"workspace_geo":"us","allowed_inference_geos":"unrestricted","default_inference_geo":"global"},"tags":{"environment":")"
        << stage << R"(","cost-center":")" << 4000 + w % 900 << R"("},"compartment_id":"cmp-)" << w
        << R"(","external_key_id":null}})";
    out.end_line();
  }
  out.pages = sizes.workspaces / 1000 + 1;
}

void write_members(const Sizes& sizes, Output& out) {
  // Administrators of workspaces come from a small pool, so that some collect too many; the others from
  // everybody else.
  const std::uint64_t ordinary = sizes.users - sizes.admins - sizes.pool;
  const Scramble scramble(ordinary);
  const std::uint64_t third = sizes.pool / 3;
  std::uint64_t written = 0;
  for (std::uint64_t w = 0; w < sizes.workspaces; ++w) {
    if (is_empty(w)) continue;
    const std::uint64_t left = sizes.workspaces - w;
    std::uint64_t count = (sizes.memberships - written) / left;
    if (left > 1) count = count / 2 + mix(20, w) % (count + 1);
    if (count > ordinary) count = ordinary;
    const std::uint64_t start = mix(21, w) % ordinary;
    for (std::uint64_t m = 0; m < count; ++m) {
      const bool is_admin = m < 3 && third > 0;
      const std::uint64_t user =
          is_admin ? sizes.admins + m * third + mix(22 + m, w) % third
                   : sizes.admins + sizes.pool + scramble((start + m * (ordinary / count)) % ordinary);
      const std::uint64_t role = mix(26, w * 1000003 + m) % 100;
      Text& line = out.line();
      from(line, 1300 + w);
      line << R"({"type":"workspace_member","user_id":")";
      line.id("user", 1, user);
      line << R"(","workspace_id":")";
      line.id("wrkspc", 2, w);
      line << R"(","workspace_role":")"
           << (is_admin    ? "workspace_admin"
               : role < 50 ? "workspace_developer"
               : role < 93 ? "workspace_user"
                           : "workspace_restricted_developer")
           << R"("}})";
      out.end_line();
      ++written;
    }
  }
  out.pages = sizes.workspaces;
}

void write_keys(const Sizes& sizes, Output& out) {
  constexpr std::string_view kPurposes[] = {"batch",     "service", "notebook", "eval",
                                            "load-test", "reports", "backfill", "gateway"};
  for (std::uint64_t k = 0; k < sizes.keys; ++k) {
    const std::uint64_t dice = mix(30, k) % 1000, fate = mix(31, k) % 1000, maker = mix(32, k) % 1000;
    const std::string_view status = dice < 700   ? "active"
                                    : dice < 760 ? "inactive"
                                    : dice < 960 ? "archived"
                                                 : "expired";
    const bool is_active = dice < 700;
    const bool is_old = !is_active || fate < 30;
    const std::int64_t age = is_old ? 91 * kDay + static_cast<std::int64_t>(mix(33, k) % (600 * kDay))
                                    : static_cast<std::int64_t>(mix(33, k) % (89 * kDay));
    const std::int64_t created = kAsOf - age;
    Text& line = out.line();
    from(line, 20000 + k / 1000);
    line << R"({"type":"api_key","id":")";
    line.id("apikey", 3, k);
    line << R"(","name":")" << kPurposes[mix(34, k) % std::size(kPurposes)] << "-" << k << R"(","status":")"
         << status << R"(","created_at":")";
    line.time(created);
    line << R"(","created_by":)";
    if (maker < 20) {
      line << "null";
    } else if (maker < 60) {
      line << R"({"id":")";
      line.id("svac", 4, maker == 21 ? sizes.service_accounts + k : mix(35, k) % sizes.service_accounts);
      line << R"(","type":"service_account"})";
    } else {
      line << R"({"id":")";
      line.id("user", 1, maker < 70 ? sizes.users + mix(36, k) % sizes.users : mix(36, k) % sizes.users);
      line << R"(","type":"user"})";
    }
    line << R"(,"expires_at":)";
    if (mix(37, k) % 1000 < 20) {
      line << "null";
    } else {
      line << "\"";
      line.time(dice >= 960 ? kAsOf - static_cast<std::int64_t>(mix(38, k) % (80 * kDay))
                            : kAsOf + static_cast<std::int64_t>(1 + mix(38, k) % (365 * kDay)));
      line << "\"";
    }
    line << R"(,"partial_key_hint":"sk-ant-api03-)";
    line.padded(mix(39, k) % 1000, 3);
    line << "...";
    line.padded(mix(40, k) % 100, 2);
    const std::uint64_t w = mix(41, k) % sizes.workspaces;
    line << R"(AA","workspace_id":")";
    line.id("wrkspc", 2, w);
    line << R"(","scope":{"type":"workspace","workspace_id":")";
    line.id("wrkspc", 2, w);
    line << R"("},"principal":null}})";
    out.end_line();
  }
  out.pages = sizes.keys / 1000 + 1;
}

void write_invites(const Sizes& sizes, Output& out) {
  for (std::uint64_t i = 0; i < sizes.invites; ++i) {
    const std::int64_t sent = kAsOf - static_cast<std::int64_t>(mix(50, i) % (120 * kDay));
    const bool is_over = sent + 21 * kDay <= kAsOf;
    const bool is_accepted = mix(51, i) % 10 < 7;
    Text& line = out.line();
    from(line, 30000 + i / 1000);
    line << R"({"type":"invite","id":")";
    line.id("invite", 5, i);
    line << R"(","email":"new.)";
    local_part(line, sizes.users + i);
    line << R"(@northwind.example","role":"user","status":")"
         << (is_accepted ? "accepted"
             : is_over   ? "expired"
                         : "pending")
         << R"(","invited_at":")";
    line.time(sent);
    line << R"(","expires_at":")";
    line.time(sent + 21 * kDay);
    line << R"(","accepted_at":)";
    if (is_accepted) {
      line << "\"";
      line.time(sent + 3600);
      line << "\"";
    } else {
      line << "null";
    }
    line << R"(,"rbac_group_ids":[]}})";
    out.end_line();
  }
  out.pages = sizes.invites / 1000 + 1;
}

void write_service_accounts(const Sizes& sizes, Output& out) {
  for (std::uint64_t s = 0; s < sizes.service_accounts; ++s) {
    const bool is_archived = mix(60, s) % 100 < 5;
    Text& line = out.line();
    from(line, 31000 + s / 1000);
    line << R"({"id":")";
    line.id("svac", 4, s);
    line
        << R"(","type":"service_account","name":"robot-)" << s
        << R"(","description":null,"organization_role":"developer","created_at":"2026-03-02T09:00:00Z","updated_at":"2026-03-02T09:00:00Z","archived_at":)"
        << (is_archived ? R"("2026-08-01T12:00:00Z")" : "null")
        << R"(,"created_by_actor_id":null,"updated_by_actor_id":null,"archived_by_actor_id":null}})";
    out.end_line();
  }
  out.pages = sizes.service_accounts / 1000 + 1;
}

void write_organization(const Sizes&, Output& out) {
  Text& line = out.line();
  from(line, 1);
  line << R"({"id":")" << kOrganization
       << R"(","type":"organization","name":"Northwind Engineering at scale"}})";
  out.end_line();
  out.pages = 1;
}

void person_id(Text& out, std::uint64_t person) {
  out << "NW-";
  out.padded(person, 8);
}

struct Row {
  std::uint64_t person, name;
  std::string_view status, kind;
  std::int64_t hired, last_day;  // 0: none
  bool has_former = false;
};

void write_roster(const Sizes& sizes, Output& out) {
  out.line() << "employee_id,display_name,work_email,former_emails,status,hired,last_day,worker_type,manager_"
                "id,department,location";
  out.end_line();
  const auto row = [&](const Row& r) {
    Text& line = out.line();
    person_id(line, r.person);
    line << ",";
    display_name(line, r.name);
    line << ",";
    local_part(line, r.name);
    line << "@northwind.example,";
    if (r.has_former) {
      local_part(line, r.name);
      line << ".former@northwind.example";
    }
    line << "," << r.status << ",";
    line.date(r.hired);
    line << ",";
    if (r.last_day != 0) line.date(r.last_day);
    line << "," << r.kind << ",";
    person_id(line, mix(70, r.person) % (sizes.users / 20 + 1));
    line << "," << kDepartments[mix(71, r.person) % std::size(kDepartments)] << ","
         << kSites[mix(72, r.person) % std::size(kSites)];
    out.end_line();
  };
  const Scramble scramble(sizes.users);
  std::uint64_t spare = sizes.users;  // numbers of persons without an account
  for (std::uint64_t n = 0; n < sizes.users; ++n) {
    const std::uint64_t user = scramble(n);
    const Kind kind = kind_of(sizes, user);
    const std::int64_t hired = kAsOf - 400 * kDay - static_cast<std::int64_t>(mix(73, user) % (4000 * kDay));
    Row r{.person = user,
          .name = user,
          .status = mix(74, user) % 100 < 3 ? "On leave" : "Active",
          .kind = "Employee",
          .hired = hired,
          .last_day = 0};
    switch (kind) {
      case Kind::nonhuman:
      case Kind::nobody: continue;
      case Kind::not_started:
        r.hired = kAsOf + (1 + static_cast<std::int64_t>(mix(75, user) % 30)) * kDay;
        r.status = "Active";
        break;
      case Kind::left_unknown_date: r.status = "Terminated"; break;
      case Kind::left:
        r.status = "Terminated";
        r.last_day = kAsOf - (2 + static_cast<std::int64_t>(mix(76, user) % 200)) * kDay;
        break;
      case Kind::in_grace:
        r.status = "Terminated";
        r.last_day = kAsOf - kDay;
        break;
      case Kind::ambiguous:
        row({.person = spare++,
             .name = user,
             .status = "Active",
             .kind = "Employee",
             .hired = hired,
             .last_day = 0});
        break;
      case Kind::former: r.has_former = true; break;
      case Kind::rehire_same:
        row({.person = user,
             .name = user,
             .status = "Terminated",
             .kind = "Employee",
             .hired = hired - 900 * kDay,
             .last_day = hired - 300 * kDay});
        break;
      case Kind::rehire_new:
        row({.person = spare++,
             .name = user,
             .status = "Terminated",
             .kind = "Employee",
             .hired = hired - 900 * kDay,
             .last_day = hired - 300 * kDay});
        break;
      case Kind::contractor:
        r.kind = "Contractor";
        r.last_day = kAsOf + (10 + static_cast<std::int64_t>(mix(77, user) % 300)) * kDay;
        break;
      case Kind::leaves_later:
        r.status = "Terminated";
        r.last_day = kAsOf + static_cast<std::int64_t>(mix(78, user) % 60) * kDay;
        break;
      case Kind::plain:
      case Kind::admin:
      case Kind::linked:
      case Kind::capitals:
      case Kind::plus_tag:
      case Kind::alias: break;
    }
    row(r);
  }
  // People without an account: those who left long ago, and those who never needed one.
  for (std::uint64_t n = 0; out.rows < sizes.roster + 1; ++n) {
    const bool has_left = mix(79, n) % 2 == 0;
    const std::int64_t hired = kAsOf - 2000 * kDay - static_cast<std::int64_t>(mix(80, n) % (3000 * kDay));
    row({.person = spare++,
         .name = 2 * sizes.users + n,
         .status = has_left ? "Terminated" : "Active",
         .kind = "Employee",
         .hired = hired,
         .last_day = has_left ? hired + 1000 * kDay : 0});
  }
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr || std::fwrite(text.data(), 1, text.size(), file) != text.size() ||
      std::fclose(file) != 0) {
    std::perror(path.c_str());
    std::exit(1);
  }
}

void write_configs(const Sizes& sizes, const std::filesystem::path& folder) {
  Text links, nonhuman;
  for (std::uint64_t user = 0; user < sizes.users; ++user) {
    const Kind kind = kind_of(sizes, user);
    if (kind == Kind::linked) {
      links << "- {account: ";
      links.id("user", 1, user);
      links << ", person: ";
      person_id(links, user);
      links << ", reason: keeps an older address}\n";
    } else if (kind == Kind::nonhuman) {
      nonhuman << "- {account: ";
      account_email(nonhuman, user, kind);
      nonhuman << ", owner: ";
      person_id(nonhuman, 0);
      nonhuman << ", purpose: a machine, review_by: 2027-06-30}\n";
    }
  }
  write_text(folder / "links.yaml", links.text().empty() ? "[]\n" : links.text());
  write_text(folder / "nonhuman.yaml", nonhuman.text().empty() ? "[]\n" : nonhuman.text());
  constexpr std::string_view kRules[] = {"accounts.linked_to_roster",
                                         "accounts.leavers_removed",
                                         "admins.count",
                                         "keys.no_expiry",
                                         "keys.max_age",
                                         "keys.creator_in_organization",
                                         "workspaces.has_members",
                                         "admins.workspace_spread"};
  for (const std::uint64_t times : {std::uint64_t{1}, std::uint64_t{10}}) {
    const std::string suffix = times == 1 ? "" : "-x10";
    Text policy, config;
    policy << "policy: bench" << suffix << "\ntitle: The benchmark's rules\nrules:\n";
    for (std::uint64_t n = 0; n < times; ++n) {
      for (const std::string_view rule : kRules) {
        policy << "  - {rule: " << rule;
        if (n > 0) policy << ", as: " << rule << "_" << n;
        policy << "}\n";
      }
    }
    config << "muster: 1\norganization: northwind\nsnapshot: snapshot\nroster:\n  - csv: hr/roster.csv\n"
              "    columns: {person_id: employee_id, name: display_name, email: work_email, former_emails: "
              "former_emails, status: status, start: hired, end: last_day, kind: worker_type, "
              "manager: manager_id, department: department}\n"
              "    zone: America/New_York\n    status: {active: [Active, \"On leave\"], terminated: "
              "[Terminated]}\n    as_of: 2026-11-19\n    max_age: 7d\n"
              "links: links.yaml\nnonhuman: nonhuman.yaml\ndomain_aliases: {northwind.example: "
              "[nw.example]}\npolicies: [policy"
           << suffix << ".yaml]\n";
    write_text(folder / ("policy" + suffix + ".yaml"), policy.text());
    write_text(folder / ("muster" + suffix + ".yaml"), config.text());
  }
}

struct Dataset {
  std::string_view name;
  void (*write)(const Sizes&, Output&);
};
constexpr Dataset kWritten[] = {{"organizations", write_organization},
                                {"users", write_users},
                                {"invites", write_invites},
                                {"workspaces", write_workspaces},
                                {"workspace_members", write_members},
                                {"api_keys", write_keys},
                                {"service_accounts", write_service_accounts}};
constexpr std::string_view kAll[] = {"organizations",
                                     "users",
                                     "invites",
                                     "workspaces",
                                     "workspace_members",
                                     "api_keys",
                                     "groups",
                                     "group_members",
                                     "roles",
                                     "role_permissions",
                                     "settings",
                                     "compliance_keys",
                                     "compliance_settings",
                                     "service_accounts",
                                     "federation_issuers",
                                     "federation_rules",
                                     "external_keys",
                                     "rate_limits",
                                     "usage",
                                     "cost",
                                     "claude_code_usage",
                                     "activities"};

void generate(const Sizes& sizes, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "snapshot" / "data");
  std::filesystem::create_directories(folder / "hr");
  std::map<std::string_view, Output> outputs;
  for (const Dataset& dataset : kWritten)
    outputs.try_emplace(dataset.name, folder / "snapshot" / "data" / (std::string(dataset.name) + ".jsonl"));
  Output roster(folder / "hr" / "roster.csv");
  // Two threads of about the same length: the lists of members, and all the rest.
  std::thread members([&] {
    write_members(sizes, outputs.at("workspace_members"));
    outputs.at("workspace_members").close();
  });
  for (const Dataset& dataset : kWritten) {
    if (dataset.name == "workspace_members") continue;
    dataset.write(sizes, outputs.at(dataset.name));
    outputs.at(dataset.name).close();
  }
  write_roster(sizes, roster);
  roster.close();
  write_configs(sizes, folder);
  members.join();

  Text manifest;
  manifest << "{\n  \"schema\": 1,\n  \"tenant\": {\"name\": \"Northwind Engineering at scale\", \"id\": \""
           << kOrganization
           << "\"},\n  \"provider\": \"anthropic\", \"base_url\": \"https://api.anthropic.com\", "
              "\"api_version\": \"2023-06-01\",\n"
              "  \"key\": {\"kind\": \"admin\", \"hint\": \"sk-ant-admin01-...x7Qa\"}, \"collector\": "
              "\"muster_bench_generate\", \"origin\": \"observed\",\n"
              "  \"started\": \"2026-11-20T06:00:00Z\", \"completed\": \"2026-11-20T08:00:00Z\",\n  "
              "\"datasets\": [\n";
  std::uint64_t total = roster.bytes;
  for (const std::string_view name : kAll) {
    const auto at = outputs.find(name);
    manifest << "    {\"name\": \"" << name << "\", \"status\": \""
             << (at == outputs.end() ? "not_requested" : "complete") << "\", \"reason\": \"\", \"rows\": ";
    if (at == outputs.end()) {
      manifest << "0, \"pages\": 0, \"bytes\": 0, \"sha256\": \"\"";
    } else {
      const Output& out = at->second;
      total += out.bytes;
      manifest << out.rows << ", \"pages\": " << out.pages << ", \"bytes\": " << out.bytes
               << ", \"sha256\": \"" << out.sha256 << "\"";
    }
    manifest << ", \"filters\": {}";
    if (at != outputs.end())
      manifest << R"(, "from": {"provider": "anthropic-admin", "organization_id": ")" << kOrganization
               << "\"}";
    manifest << ", \"warnings\": [], \"parents\": []}" << (name == kAll[std::size(kAll) - 1] ? "\n" : ",\n");
  }
  manifest << "  ]\n}\n";
  write_text(folder / "snapshot" / "manifest.json", manifest.text());
  // What a collector would have asked is not the benchmark's business: the requests are left out, the file is
  // there.
  write_text(folder / "snapshot" / "ledger.jsonl", "");
  std::printf("%s: %" PRIu64 " users, %" PRIu64 " memberships, %" PRIu64 " roster rows, %.0f MB\n",
              folder.c_str(), outputs.at("users").rows, outputs.at("workspace_members").rows, roster.rows - 1,
              static_cast<double>(total) / 1e6);
}

int usage() {
  std::fputs(
      "usage: muster_bench_generate OUT [--users N] [--workspaces N] [--memberships N] [--keys N] [--invites "
      "N] [--roster N]\n",
      stderr);
  return 64;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-' || argc % 2 != 0) return usage();
  Sizes sizes;
  const std::map<std::string_view, std::uint64_t*> options = {
      {"--users", &sizes.users}, {"--workspaces", &sizes.workspaces}, {"--memberships", &sizes.memberships},
      {"--keys", &sizes.keys},   {"--invites", &sizes.invites},       {"--roster", &sizes.roster}};
  for (int i = 2; i + 1 < argc; i += 2) {
    const auto at = options.find(argv[i]);
    char* end = nullptr;
    const std::uint64_t value = std::strtoull(argv[i + 1], &end, 10);
    if (at == options.end() || *end != '\0' || value == 0) return usage();
    *at->second = value;
  }
  if (sizes.users < 1000) {
    std::fputs("muster_bench_generate: at least 1000 users\n", stderr);
    return 64;
  }
  const auto fallback = [](std::uint64_t& value, std::uint64_t otherwise) {
    if (value == 0) value = otherwise;
  };
  fallback(sizes.workspaces, sizes.users / 100);
  fallback(sizes.memberships, sizes.users * 3);
  fallback(sizes.keys, sizes.users / 2);
  fallback(sizes.invites, sizes.users / 50);
  fallback(sizes.roster, sizes.users / 10 * 11);
  sizes.admins = 4 + sizes.users / 50'000;
  sizes.pool = sizes.users / 40;
  sizes.service_accounts = sizes.users / 1000;
  generate(sizes, argv[1]);
  return 0;
}
