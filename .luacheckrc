-- For luacheck: what a rule can see, and nothing else of Lua.
std = {
  read_globals = {
    "pass", "fail", "not_applicable", "unknown",
    "before", "days", "days_since", "days_until", "hours", "time",
    "assert", "error", "ipairs", "pairs", "require", "select", "tonumber", "tostring", "type",
    string = { other_fields = true }, table = { other_fields = true }, math = { other_fields = true },
    "null", -- in examples only
  },
}
max_line_length = 160
exclude_files = { "rules/meta/**" }
