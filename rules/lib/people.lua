-- The people on a list, a workspace's or a group's: whether anybody of them works here.
local people = {}

local gone = { left = true, left_unknown_date = true }

-- One verdict for the thing whose members are given by `each`, a loop of at least one user.
function people.judge_members(each)
  local listed, undecided = 0, 0
  for user in each do
    listed = listed + 1
    local state = user.person_state
    if state == "active" or state == "nonhuman" then return pass() end
    if not gone[state] then undecided = undecided + 1 end
  end
  if undecided > 0 then return unknown(string.format("members of whom the roster does not say that they work here: %d", undecided)) end
  return fail(string.format("members: %d, all of whom have left", listed), { members = listed }, "somebody who works here")
end

return people
