-- The words of the API that the rules know. A word that is none of these may mean anything: rules answer `unknown` to it, never `pass`.
local function set(words)
  local out = {}
  for _, word in ipairs(words) do
    out[word] = word
  end
  return out
end

return {
  key_statuses = set({ "active", "inactive", "archived", "expired" }),
  invite_statuses = set({ "pending", "accepted", "expired", "deleted" }),
  organization_roles = set({
    "admin",
    "billing",
    "claude_code_user",
    "developer",
    "managed",
    "membership_admin",
    "owner",
    "primary_owner",
    "user",
  }),
  -- Not the API's but the roster's, of users.person_state.
  person_states = set({ "active", "ambiguous", "contradictory", "left", "left_unknown_date", "nobody", "nonhuman", "not_started" }),
  workspace_roles = set({ "workspace_admin", "workspace_billing", "workspace_developer", "workspace_restricted_developer", "workspace_user" }),
  provisioning_modes = set({ "login_only", "jit_permissive", "jit_advanced", "scim_permissive", "scim_advanced" }),
}
