local records = require("lib.records")

---@type muster.Rule
return {
  id = "accounts.dormant",
  title = "Every account is used",
  severity = "medium",
  subject = "user",
  reads = { "users.last_seen_at", "users.watched_since", "users.added_at" },
  controls = {
    soc2 = { "CC6.2", "CC6.3" },
    iso27001 = { "A.5.18" },
    nist80053 = { "AC-2(3) d" },
    cis8 = { "5.3" },
    pci4 = { "8.2.6" },
    hipaa = { "164.308(a)(3)(ii)(C)" },
  },
  params = {
    days = { type = "integer", default = 45, minimum = 1, doc = "Days within which somebody who has an account must have used it." },
  },
  why = "An account that nobody uses is missed by nobody when somebody else does.",
  fix = "Ask whether it is still needed, and remove the member otherwise (console, Settings > Members, or DELETE on the user; admins and "
    .. "owners by the console alone). Where a directory manages members, there. Collect a window at least as long as the days, or the rule stays "
    .. "undecided.",

  -- The API has no last sign-in: what people did stands in the activity feed, in usage grouped by account and in Claude Code's report.
  check = function(user, org, params)
    return records.judge_idle(user, org, params.days, "last_seen_at", "watched_since", "added_at")
  end,

  examples = {
    {
      note = "seen at the last instant that counts",
      given = {
        user = { last_seen_at = "2026-10-06T08:00:00Z", watched_since = "2026-01-01T00:00:00Z", added_at = "2025-01-01T00:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = "pass",
    },
    {
      note = "seen a second before",
      given = {
        user = { last_seen_at = "2026-10-06T07:59:59Z", watched_since = "2026-01-01T00:00:00Z", added_at = "2025-01-01T00:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "fail", reason = "last seen on 2026-10-06", observed = { last_seen = "2026-10-06T07:59:59Z" }, expected = "seen within 45 days" },
    },
    {
      note = "seen lately, though nobody knows from when on it was collected",
      given = { user = { last_seen_at = "2026-11-20T07:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = "pass",
    },
    {
      note = "never seen, in just as many days as count",
      given = {
        user = { last_seen_at = null, watched_since = "2026-10-06T08:00:00Z", added_at = "2026-10-06T08:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "fail", reason = "not seen since 2026-10-06", observed = { watched_since = "2026-10-06T08:00:00Z" } },
    },
    {
      note = "never seen, but collected for a second less",
      given = {
        user = { last_seen_at = null, watched_since = "2026-10-06T08:00:01Z", added_at = "2025-01-01T00:00:00Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "unknown", reason = "what was collected begins only on 2026-10-06" },
    },
    {
      note = "joined a second later",
      given = {
        user = { last_seen_at = null, watched_since = "2026-01-01T00:00:00Z", added_at = "2026-10-06T08:00:01Z" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "not_applicable", reason = "there only since 2026-10-06" },
    },
    {
      note = "nobody knows when they joined",
      given = { user = { last_seen_at = null, watched_since = "2026-01-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "fail", reason = "not seen since 2026-01-01" },
    },
    {
      note = "none of the records was collected",
      given = {
        user = { id = "user_1", email = "ana@n.example" },
        as_of = "2026-11-20T08:00:00Z",
        incomplete = { "activities", "usage", "claude_code_usage" },
      },
      want = { verdict = "unknown", reason = "nothing was collected that would show it, or it does not say from when on" },
    },
    {
      note = "Claude Code's report names the address, in other letters",
      given = {
        user = { id = "user_1", email = "Ana@N.example", added_at = "2025-01-01T00:00:00Z" },
        claude_code_usage = {
          { date = "2026-11-19T00:00:00Z", actor_email = "ana@n.example" },
          { date = "2026-10-01T00:00:00Z", actor_email = "ana@n.example" },
          { date = "2026-11-19T00:00:00Z", actor_email = null },
        },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = "pass",
    },
    {
      note = "the feed shows others; Claude Code's report was not collected, so the feed alone counts",
      given = {
        user = { id = "user_1", email = "ana@n.example", added_at = "2025-01-01T00:00:00Z" },
        users = { { id = "user_2", email = "bo@n.example" } },
        activities = {
          { id = "a", created_at = "2026-11-19T00:00:00Z", actor_user_id = "user_2" },
          { id = "b", created_at = "2026-09-19T00:00:00Z", actor_user_id = "user_1" },
          { id = "c", created_at = "2026-11-19T00:00:00Z", actor_user_id = null },
        },
        datasets = {
          { name = "activities", covers_from = "2026-09-01T00:00:00Z", covers_to = "2026-11-20T08:00:00Z" },
          { name = "claude_code_usage", covers_from = null, covers_to = null },
        },
        as_of = "2026-11-20T08:00:00Z",
        incomplete = { "claude_code_usage" },
      },
      want = { verdict = "fail", reason = "last seen on 2026-09-19" },
    },
    {
      note = "two records together show what the shorter one does",
      given = {
        user = { id = "user_1", email = "ana@n.example", added_at = "2025-01-01T00:00:00Z" },
        datasets = {
          { name = "activities", covers_from = "2026-09-01T00:00:00Z", covers_to = "2026-11-20T08:00:00Z" },
          { name = "claude_code_usage", covers_from = "2026-11-01T00:00:00Z", covers_to = "2026-11-20T00:00:00Z" },
        },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "unknown", reason = "what was collected begins only on 2026-11-01" },
    },
  },
}
